#!/usr/bin/env python3
"""Writes `data/wire.bin`: what AWS's services look like on the wire, from the package `botocore`.

Usage: wire.py OUTPUT. Only names, paths and places are taken, no descriptions.

The format (numbers are little-endian; `text` is a byte of length, then UTF-8):

    header      "RTW2", then a u32 of position and a u32 of count for each section, in this order
    words       u16 offsets (count + 1, from the end of the offsets), then their bytes; by falling
                frequency. What names are made of.
    literals    u16 offsets (count + 1), then word codes: path segments, query names and headers, in
                the order of the index
    names       u16 offsets (count + 1), then word codes: member names, wire names, and path
                segments with labels
    members     of each u8 kind, u16 name of the member, u16 name on the wire; by falling frequency
    services    u32 position of each (count), then the records, sorted by signing name and id
    targets     u16 numbers of services that have a target prefix, sorted by that
    index       of the literals (`index.py`)

A word code is one byte under 200, or two: (first - 200) * 256 + second + 200.
A number in a record (`n`) is one byte under 192, or two: (first - 192) * 256 + second + 192; first
255 says that two more bytes are the number.

A service: text id, signing name, endpoint prefix, service id, target prefix (or empty), API
version, code of the access-denied error (or empty), XML namespace (or empty); u16 status of the
error; u8 protocols by bit (json, smithy-rpc-v2-cbor, query, ec2, rest-json, rest-xml); u8 of bits:
1 for JSON 1.1 and not 1.0, 2 where it has error codes of the query protocol that it spoke before;
u16 operations; u16 routes; u16 offset of each operation, sorted by name, from the end of these
tables; then (for REST) u16 operation of each route, sorted by method, greediness, number of
segments, URI, and deprecated ones last. Offsets lead to operations:

    u8 flags (1 host prefix, 2 REST, 4 conditions, 8 members, 16 unsigned);
    for REST: u8 method, u8 segments (+ 0x80: one of them is greedy);
    u8 bytes of the name, its word codes;
    with a host prefix: n name;
    for REST: of each segment n literal * 2, or name * 2 + 1;
    with conditions: u8 of them, each: u8 kind (0 query name, 1 query name with value, 2 query
    member, 3 header member), n literal, with kind 1 n literal again;
    with members: u8 of them, of each n member. Kinds are 0 label, 1 query, 2 header, 3 body, 4
    prefix of headers, 5 payload, 6 payload that is the body as it is, 7 idempotency token.

Members stand there only where the wire's name differs from the member's, or in headers, or as
idempotency tokens. Conditions of kind 2 and 3 are required members, kept where another operation
has the same route.
"""

import collections
import re
import struct
import sys

import botocore
import botocore.session

from index import hashed, index, order

VERSION = "1.44.8"
PROTOCOLS = ["json", "smithy-rpc-v2-cbor", "query", "ec2", "rest-json", "rest-xml"]
METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
# The names of the error with which IAM refuses. What other names there are in models, such as
# `ForbiddenException` and `NotAuthorizedException`, are for what the service itself refuses.
DENIED = [
    "AccessDeniedException", "AccessDenied", "AuthorizationError", "AuthorizationErrorException",
]


def denied(model):
    """The code and status of the service's access-denied error, where its model has one."""
    found = {}
    for name, shape in model["shapes"].items():
        if shape.get("exception") or "error" in shape:
            error = shape.get("error", {})
            found[error.get("code", name)] = error.get("httpStatusCode", 0)
    for code in DENIED:
        if code in found:
            return code, found[code]
    return "", 0


def namespace(model):
    """The XML namespace; services of REST-XML have it at their inputs."""
    inputs = (operation.get("input", {}) for operation in model["operations"].values())
    found = [each["xmlNamespace"]["uri"] for each in inputs if "xmlNamespace" in each]
    return model["metadata"].get("xmlNamespace", found[0] if found else "")


def split_uri(uri):
    path, _, query = uri.partition("?")
    segments = path.split("/")[1:]
    if segments and segments[-1] == "":
        segments.pop()
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    return segments, [(name, value if mark else None) for name, mark, value in pairs]


def shape_of(segments):
    """What two routes have in common that only their query or headers tell apart."""
    return tuple("{}" if "{" in segment else segment for segment in segments)


def wire_name(protocol, shapes, name, member):
    """The name of a member of the body on the wire."""
    if protocol == "ec2":
        return member.get("queryName") or (lambda n: n[0].upper() + n[1:])(
            member.get("locationName", name))
    shape = shapes[member["shape"]]
    flattened = member.get("flattened") or shape.get("flattened")
    if protocol == "query" and shape["type"] == "list" and flattened:
        return shape["member"].get("locationName") or member.get("locationName", name)
    return member.get("locationName", name)


def members_of(protocol, shapes, shape):
    """(kind, member, wire name) of each member whose place the reader has to be told."""
    rest = protocol.startswith("rest")
    kinds = {"uri": 0, "querystring": 1, "header": 2, "headers": 4}
    for name, member in shape.get("members", {}).items():
        location = member.get("location") if rest else None
        if location == "headers":
            yield 4, name, member.get("locationName", "").lower()
        elif location == "header":
            yield 2, name, member.get("locationName", name).lower()
        elif location:
            wire = member.get("locationName", name)
            if wire != name:
                yield kinds[location], name, wire
        elif rest and shape.get("payload") == name:
            is_raw = shapes[member["shape"]]["type"] in ("blob", "string")
            yield 6 if is_raw else 5, name, member.get("locationName", name)
        elif not (rest and "payload" in shape):
            wire = wire_name(protocol, shapes, name, member)
            if wire != name:
                yield 3, name, wire


def conditions_of(shape, static, is_shared):
    for name, value in static:
        yield (0, name, None) if value is None else (1, name, value)
    if is_shared:
        members = shape.get("members", {})
        for name in shape.get("required", []):
            location = members[name].get("location")
            wire = members[name].get("locationName", name)
            if location == "querystring":
                yield 2, wire, None
            elif location == "header":
                yield 3, wire.lower(), None


class Operation:
    def __init__(self, name, model, protocol, shared):
        operation = model["operations"][name]
        shapes = model["shapes"]
        shape = shapes[operation["input"]["shape"]] if "input" in operation else {}
        self.name = name
        self.host_prefix = operation.get("endpoint", {}).get("hostPrefix", "")
        self.members = list(members_of(protocol, shapes, shape))
        self.members += [
            (7, name, name) for name, member in shape.get("members", {}).items()
            if member.get("idempotencyToken")
        ]
        self.is_unsigned = (
            operation.get("authtype") == "none" or "smithy.api#noAuth" in operation.get("auth", []))
        # S3's GetBucketLifecycle is on the wire what GetBucketLifecycleConfiguration is, which
        # comes first.
        self.deprecated = operation.get("deprecated", False)
        self.rest = protocol.startswith("rest")
        if self.rest:
            self.method = operation["http"]["method"]
            self.segments, static = split_uri(operation["http"]["requestUri"])
            route = (self.method, shape_of(self.segments))
            self.conditions = list(conditions_of(shape, static, shared[route] > 1))

    def segment_key(self):
        return len(self.segments) | 0x80 * any("+}" in each for each in self.segments)


class Service:
    def __init__(self, name, model):
        meta = model["metadata"]
        self.id = name
        self.protocol = meta["protocol"]
        protocols = set(meta.get("protocols", [])) | {self.protocol}
        self.protocols = sum(1 << PROTOCOLS.index(p) for p in protocols if p in PROTOCOLS)
        self.bits = (meta.get("jsonVersion") == "1.1") | ("awsQueryCompatible" in meta) << 1
        self.endpoint = meta["endpointPrefix"]
        self.signing = meta.get("signingName", self.endpoint)
        self.service_id = meta.get("serviceId", name)
        self.target = meta.get("targetPrefix", "")
        self.version = meta["apiVersion"]
        self.denied = denied(model)
        self.namespace = namespace(model)
        shared = collections.Counter()
        for operation in model["operations"].values():
            http = operation.get("http", {})
            shared[http.get("method"), shape_of(split_uri(http.get("requestUri", "/"))[0])] += 1
        self.operations = [
            Operation(each, model, self.protocol, shared) for each in sorted(model["operations"])
        ]


def load():
    loader = botocore.session.get_session().get_component("data_loader")
    for name in loader.list_available_services("service-2"):
        yield Service(name, loader.load_service_model(name, "service-2"))


def pieces(name):
    return re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+|[^A-Za-z0-9]", name)


def text(value):
    data = value.encode()
    return bytes([len(data)]) + data


def number(value):
    if value < 192:
        return bytes([value])
    if value < 192 + 63 * 256:
        high, low = divmod(value - 192, 256)
        return bytes([192 + high, low])
    return b"\xff" + struct.pack("<H", value)


def table(entries):
    offsets, at = [], 0
    for entry in entries:
        offsets.append(at)
        at += len(entry)
    offsets.append(at)
    return struct.pack(f"<{len(offsets)}H", *offsets) + b"".join(entries)


class Writer:
    def __init__(self, services):
        self.services = sorted(services, key=lambda s: (s.signing, s.id))
        operations = [o for s in self.services for o in s.operations]
        names, literals = set(), set()
        for operation in operations:
            names.update(n for _, m, w in operation.members for n in (m, w))
            if operation.host_prefix:
                names.add(operation.host_prefix)
            if operation.rest:
                for segment in operation.segments:
                    (names if "{" in segment else literals).add(segment)
                for _, name, value in operation.conditions:
                    literals.add(name)
                    if value is not None:
                        literals.add(value)
        counted = collections.Counter()
        for name in [*names, *literals, *(o.name for o in operations)]:
            counted.update(pieces(name))
        self.words = sorted(counted, key=lambda w: (-counted[w], w))
        self.word = {word: at for at, word in enumerate(self.words)}
        members = collections.Counter(m for o in operations for m in o.members)
        self.members = sorted(members, key=lambda m: (-members[m], m))
        self.member = {member: at for at, member in enumerate(self.members)}
        used = collections.Counter(n for o in operations for _, m, w in o.members for n in (m, w))
        for operation in operations:
            if operation.rest:
                used.update(s for s in operation.segments if "{" in s)
        self.names = sorted(names, key=lambda n: (-used[n], n))
        self.name = {name: at for at, name in enumerate(self.names)}
        sorted_ = sorted(literals, key=str.encode)
        hashes = [hashed(0, literal) for literal in sorted_]
        self.literals = [sorted_[at] for at in order(hashes)]
        self.literal = {name: at for at, name in enumerate(self.literals)}

    def codes(self, name):
        out = b""
        for piece in pieces(name):
            code = self.word[piece]
            if code < 200:
                out += bytes([code])
            else:
                high, low = divmod(code - 200, 256)
                out += bytes([200 + high, low])
        return out

    def operation(self, operation):
        codes = self.codes(operation.name)
        conditions = operation.conditions if operation.rest else []
        flags = (bool(operation.host_prefix) | operation.rest << 1
                 | bool(conditions) << 2 | bool(operation.members) << 3
                 | operation.is_unsigned << 4)
        out = bytes([flags])
        if operation.rest:
            out += bytes([METHODS.index(operation.method), operation.segment_key()])
        out += bytes([len(codes)]) + codes
        if operation.host_prefix:
            out += number(self.name[operation.host_prefix])
        for segment in operation.segments if operation.rest else []:
            if "{" in segment:
                out += number(self.name[segment] * 2 + 1)
            else:
                out += number(self.literal[segment] * 2)
        if conditions:
            out += bytes([len(conditions)])
        for kind, name, value in conditions:
            out += bytes([kind]) + number(self.literal[name])
            if kind == 1:
                out += number(self.literal[value])
        if operation.members:
            out += bytes([len(operation.members)])
        for member in operation.members:
            out += number(self.member[member])
        return out

    def service(self, service):
        code, status = service.denied
        out = b"".join(map(text, [
            service.id, service.signing, service.endpoint, service.service_id, service.target,
            service.version, code, service.namespace]))
        out += struct.pack("<HBB", status, service.protocols, service.bits)
        rest = service.protocol.startswith("rest")
        routes = sorted(
            range(len(service.operations) if rest else 0),
            key=lambda at: (
                METHODS.index(service.operations[at].method),
                service.operations[at].segment_key(), service.operations[at].segments,
                service.operations[at].deprecated, at))
        out += struct.pack("<HH", len(service.operations), len(routes))
        records = [self.operation(each) for each in service.operations]
        at = 0
        for record in records:
            out += struct.pack("<H", at)
            at += len(record)
        out += b"".join(struct.pack("<H", route) for route in routes)
        return out + b"".join(records)

    def blob(self):
        records = [self.service(each) for each in self.services]
        offsets, at = b"", 4 * len(records)
        for record in records:
            offsets += struct.pack("<I", at)
            at += len(record)
        targets = sorted(
            (at for at, each in enumerate(self.services) if each.target),
            key=lambda at: (self.services[at].target.encode(), at))
        sections = [
            (len(self.words), table([word.encode() for word in self.words])),
            (len(self.literals), table([self.codes(each) for each in self.literals])),
            (len(self.names), table([self.codes(each) for each in self.names])),
            (len(self.members), b"".join(
                struct.pack("<BHH", kind, self.name[member], self.name[wire])
                for kind, member, wire in self.members)),
            (len(records), offsets + b"".join(records)),
            (len(targets), b"".join(struct.pack("<H", at) for at in targets)),
            (len(self.literals), index([hashed(0, each) for each in self.literals])),
        ]
        head, at = b"RTW2", 4 + 8 * len(sections)
        for count, data in sections:
            head += struct.pack("<II", at, count)
            at += len(data)
        for number_, (count, data) in enumerate(sections):
            print(f"section {number_}: {count} entries, {len(data)} bytes", file=sys.stderr)
        return head + b"".join(data for _, data in sections)


def main():
    if botocore.__version__ != VERSION:
        sys.exit(f"wire.py: wants botocore {VERSION}, not {botocore.__version__}")
    blob = Writer(load()).blob()
    with open(sys.argv[1], "wb") as file:
        file.write(blob)
    print(f"{len(blob)} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
