#!/usr/bin/env python3
"""Measures the most memory that `retrigger record runtime` uses, with each of its sinks.

Usage: proxy_memory.py BINARY [options], see --help. A Runtime API and an S3 of its own hand out
events and take recordings, on loopback; the script itself is the function. For each sink a line:
the peak (VmHWM of /proc/PID/status) before the first event and after the last, in kB. With --limit
the exit code is 1 where a peak is over it. `s3-tls` wants openssl, for a certificate.
"""

import argparse
import contextlib
import hashlib
import http.client
import http.server
import os
import re
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

API = "/2018-06-01/runtime/invocation"
SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
SINKS = ["folder", "stdout", "s3", "s3-tls"]

# What an event or an answer of many bytes is made of, each with another number or secret.
ITEMS = {
    "text": lambda n: f'{{"path": "/orders", "body": "some text as events have it", "count": {n}}}',
    "secrets": lambda n: f'{{"password": "{secret(n)}", "body": "some text as events have it"}}',
    "short-secrets": lambda n: f'{{"pwd":"{secret(n)[:8]}"}}',
    "objects": lambda n: f'{{"a":{{"b":[{n}]}}}}',
    "empty": lambda _: "{}",
}


def secret(number: int) -> str:
    """One without a part in common with the others."""
    return hashlib.sha256(str(number).encode()).hexdigest()[:16]


def payload(item: str, size: int) -> bytes:
    """JSON of `size` bytes or few more, of many such items."""
    items, length = [], len('{"Records": []}')
    while length < size:
        items.append(ITEMS[item](len(items)))
        length += len(items[-1]) + 1
    return ('{"Records": [%s]}' % ",".join(items)).encode()


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers over one connection, quietly."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status: int, body: bytes = b"", headers: dict = {}):
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def read_body(self):
        if "chunked" not in self.headers.get("transfer-encoding", ""):
            left = int(self.headers.get("content-length", 0))
            while left > 0:
                left -= len(self.rfile.read(min(left, 65536)))
            return
        while size := int(self.rfile.readline().split(b";")[0], 16):
            self.rfile.read(size + 2)
        self.rfile.readline()


class RuntimeApi(Handler):
    """Hands out the server's event whenever it is asked, with another request id."""

    def do_GET(self):
        self.server.count += 1
        headers = {
            "lambda-runtime-aws-request-id": f"8476a536-e9f4-11e8-9739-{self.server.count:012}",
            "lambda-runtime-deadline-ms": "1772444463123",
        }
        self.answer(200, self.server.event, headers)

    def do_POST(self):
        self.read_body()
        self.answer(202)


class S3(Handler):
    """Takes every object."""

    def do_PUT(self):
        if self.headers.get("expect") == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        self.read_body()
        self.answer(200, headers={"etag": '"0"'})


@contextlib.contextmanager
def serving(handler, tls=None):
    """A server on a thread of its own."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads, server.count = True, 0
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()


def certificate(folder: Path) -> ssl.SSLContext:
    """A server's certificate, which `folder/ca.pem` vouches for beside the system's own."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-keyout", key, "-out", cert, "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=CA:FALSE"]
    subprocess.run(command, check=True, capture_output=True)
    system = SYSTEM_CERTIFICATES.read_text() if SYSTEM_CERTIFICATES.exists() else ""
    (folder / "ca.pem").write_text(system + cert.read_text())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


class Proxy:
    """The proxy with a sink; how many recordings it has made, or could not make."""

    def __init__(self, binary: str, upstream: int, sink: str, folder: Path, s3: int | None):
        command = [binary, "record", "runtime", "--listen", "127.0.0.1:0"]
        command += ["--upstream", f"127.0.0.1:{upstream}", "--function", str(folder)]
        if sink == "stdout":
            command.append("--stdout")
        environment = {**os.environ, "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
        if s3:
            scheme, host = ("https", "localhost") if sink == "s3-tls" else ("http", "127.0.0.1")
            command += ["--s3", "s3://recordings/demo", "--region", "us-east-1"]
            command += ["--endpoint-url", f"{scheme}://{host}:{s3}"]
        if sink == "s3-tls":
            environment["SSL_CERT_FILE"] = str(folder / "ca.pem")
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdout=pipe, stderr=pipe, env=environment)
        first = self.process.stderr.readline().decode()
        found = re.search(r"127\.0\.0\.1:(\d+)", first)
        if not found:
            sys.exit(first + self.process.stderr.read().decode())
        self.port, self.written, self.failed = int(found[1]), 0, 0
        for read in (self.read_stdout, self.read_stderr):
            threading.Thread(target=read, daemon=True).start()

    def read_stdout(self):
        """Each line is a recording; none is kept."""
        while piece := self.process.stdout.read1(65536):
            self.written += piece.count(b"\n")

    def read_stderr(self):
        for line in self.process.stderr:
            self.written += line.startswith(b"retrigger: recorded ")
            if line.startswith(b"error"):
                self.failed += 1
                sys.stderr.write(line.decode())

    def peak(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])

    def end(self):
        self.process.terminate()
        self.process.wait()


def invocations(args, proxy: Proxy, answer: bytes):
    """Takes events and answers them, as a function does."""
    function = http.client.HTTPConnection("127.0.0.1", proxy.port)
    for number in range(1, args.events + 1):
        function.request("GET", f"{API}/next")
        response = function.getresponse()
        request_id = response.getheader("lambda-runtime-aws-request-id")
        response.read()
        function.request("POST", f"{API}/{request_id}/response", answer)
        function.getresponse().read()
        if args.pause is None:
            continue
        until = time.monotonic() + 120
        while proxy.written + proxy.failed < number and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(args.pause)


def measure(args, sink: str) -> int:
    """The peak of the proxy with this sink, which is printed."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "function.toml").write_text(
            'format = 1\nruntime = "nodejs20.x"\nhandler = "index.handler"\n'
            'arn = "arn:aws:lambda:us-east-1:841860927337:function:demo"\n'
        )
        api = stack.enter_context(serving(RuntimeApi))
        api.event = payload(args.event, args.bytes)
        s3 = None
        if sink.startswith("s3"):
            tls = certificate(folder) if sink == "s3-tls" else None
            s3 = stack.enter_context(serving(S3, tls)).server_address[1]
        proxy = Proxy(args.binary, api.server_address[1], sink, folder, s3)
        stack.callback(proxy.end)
        time.sleep(0.5)
        before = proxy.peak()
        small = b'{"statusCode": 200}'
        answer = payload(args.answer, args.answer_bytes) if args.answer_bytes else small
        invocations(args, proxy, answer)
        time.sleep(0.5)
        peak = proxy.peak()
        over = f", {peak - args.limit} over" if args.limit and peak > args.limit else ""
        print(f"{sink:<7} {before:>6} kB, then {peak:>6} kB, {proxy.written} recorded{over}")
        return peak


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", help="retrigger, built with the profile `layer`")
    parser.add_argument("sinks", nargs="*", default=SINKS, help=f"of {', '.join(SINKS)}")
    parser.add_argument("--bytes", type=int, default=6_000_000, help="of an event")
    parser.add_argument("--events", type=int, default=5)
    parser.add_argument("--event", choices=ITEMS, default="text", help="what it is made of")
    parser.add_argument("--answer", choices=ITEMS, default="objects", help="what it is made of")
    parser.add_argument("--answer-bytes", type=int, default=0, help="of an answer; else a small one")
    parser.add_argument("--pause", type=float, default=0.2, help="seconds after each recording")
    parser.add_argument("--no-pause", dest="pause", action="store_const", const=None)
    parser.add_argument("--limit", type=int, help="the most kB that are right")
    args = parser.parse_args()
    if unknown := set(args.sinks) - set(SINKS):
        parser.error(f"no sink: {', '.join(unknown)}")
    peaks = [measure(args, sink) for sink in args.sinks]
    sys.exit(bool(args.limit) and max(peaks) > args.limit)


if __name__ == "__main__":
    main()
