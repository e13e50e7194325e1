"""The emulator's figures beside a peer's and a limit's, in one run: `python -m tests.emulator.bench [small|large]`.

The peer is moto's server (DynamoDB's GetItem and PutItem), another stateful emulator in Python; where the peers'
environment was not made (`make bench` makes it), MiniStack's DynamoDB. The limit is a bare uvicorn application on the same
loop and parser, which sends back as many bytes and does nothing else. Each server is bound to one core, and one
connection asks it, one request after the other; ours, the peer's and the limit's requests take turns in blocks, so that
what else the machine does falls on all alike. Prints requests a second, the median and the 99th percentile, the server's
own processor time a request; start times and memory. Signing, which is the caller's work, is done before.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from oauthlib.oauth1 import Client as Signer

ROOT = Path(__file__).parents[2]
TICKS = os.sysconf("SC_CLK_TCK")
COMMAND = (sys.executable, "-m", "erp_emulator")
MOTO = ROOT / "build" / "peers" / ".venv" / "bin" / "moto_server"
BLOCKS = 5
STARTS = 5
JOINED = """SELECT t.id, t.tranid, t.trandate, BUILTIN.DF(t.status) s, BUILTIN.DF(t.entity) e, tl.id line,
            tl.quantity, tl.rate
            FROM transaction t JOIN transactionline tl ON tl.transaction = t.id
            WHERE t.type = 'PurchOrd' AND tl.mainline = 'F' ORDER BY t.id, tl.id"""
ECHO = """
import sys, uvicorn
BODIES = {size: b"x" * size for size in (400, 2000, 60000, 250000)}
async def app(scope, receive, send):
    await receive()
    body = BODIES[int(scope["path"][1:])]
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
uvicorn.run(app, port=int(sys.argv[1]), http="httptools", loop="uvloop", lifespan="off", log_level="warning",
            access_log=False)
"""
Request = tuple[str, str, bytes | None, dict[str, str]]


@dataclass
class Side:
    """One server's part of a measurement: what it is asked, and how long each answer took."""

    name: str
    url: str
    pid: int
    requests: list[Request]
    took: list[float] = field(default_factory=list)
    processor: float = 0.0

    def block(self, requests: list[Request], *, is_counted: bool = True) -> None:
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"))
        before = processor_seconds(self.pid)
        for method, path, body, headers in requests:
            started = time.perf_counter()
            connection.request(method, path, body, headers)
            reply = connection.getresponse()
            text = reply.read()
            if is_counted:
                self.took.append(time.perf_counter() - started)
            assert reply.status < 300, text[:500]
        connection.close()
        if is_counted:
            self.processor += processor_seconds(self.pid) - before

    def line(self) -> str:
        took = sorted(self.took)
        p50, p99 = took[len(took) // 2] * 1000, took[int(len(took) * 0.99)] * 1000
        own = self.processor / len(took) * 1000
        rate = len(took) / sum(took)
        return f"  {self.name:28} {rate:8.0f}/s  median {p50:7.2f} ms  p99 {p99:7.2f} ms  processor {own:6.2f} ms"


@contextmanager
def emulator(seed: str) -> Iterator[tuple[subprocess.Popen[str], str, float]]:
    began = time.perf_counter()
    process = subprocess.Popen([*COMMAND, "--port", "0", "--seed", seed], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        yield process, url, time.perf_counter() - began
    finally:
        process.terminate()
        process.wait()


@contextmanager
def served(command: list[str], environment: dict[str, str] | None = None) -> Iterator[tuple[int, str]]:
    """A server on a free port, `{port}` in its command or its environment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    process = subprocess.Popen(
        [part.replace("{port}", port) for part in command],
        env={**os.environ, **{k: v.replace("{port}", port) for k, v in (environment or {}).items()}},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(300):
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", int(port))) == 0:
                    break
            time.sleep(0.1)
        yield process.pid, f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def peer() -> tuple[str, list[str], dict[str, str]]:
    """(name, command, environment) of the other emulator."""
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    if MOTO.exists():
        return "moto server", [str(MOTO), "-H", "127.0.0.1", "-p", "{port}"], keys
    command = [str(Path(sys.executable).with_name("ministack"))]
    return "MiniStack", command, {**keys, "GATEWAY_PORT": "{port}"}


def processor_seconds(pid: int) -> float:
    parts = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(parts[11]) + int(parts[12])) / TICKS


def memory_megabytes(pid: int) -> int:
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0]) // 1024


def data_megabytes(pid: int) -> int:
    """What the emulator keeps in memory-backed files beside its process."""
    folders = Path("/dev/shm").glob(f"erp-emulator-{pid}-*")
    return sum(file.stat().st_size for folder in folders for file in folder.iterdir()) // 2**20


def measure(title: str, sides: list[Side]) -> None:
    """Blocks of each side's requests by turns, after a few that are not counted."""
    print(title)
    for side in sides:
        side.block(side.requests[:5], is_counted=False)
        side.requests = side.requests[5:]
    for block in range(BLOCKS):
        for side in sides:
            size = len(side.requests) // BLOCKS
            side.block(side.requests[block * size : (block + 1) * size])
    for side in sides:
        print(side.line())


def signed(made: dict[str, Any], url: str) -> Callable[..., Request]:
    def sign(method: str, path: str, body: Any = None) -> Request:
        signer = Signer(
            made["consumer_key"],
            made["consumer_secret"],
            made["token_id"],
            made["token_secret"],
            signature_method="HMAC-SHA256",
            realm=made["account"],
        )
        headers = {"Authorization": signer.sign(url + path, method)[1]["Authorization"], "Prefer": "transient"}
        headers["Content-Type"] = "application/json"
        return method, path, json.dumps(body).encode() if body is not None else None, headers

    return sign


def dynamo(action: str, body: dict[str, Any]) -> Request:
    headers = {
        "X-Amz-Target": f"DynamoDB_20120810.{action}",
        "Content-Type": "application/x-amz-json-1.0",
        "Authorization": "AWS4-HMAC-SHA256 "
        "Credential=a/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=x",
    }
    return "POST", "/", json.dumps(body).encode(), headers


def fill(side: Side) -> None:
    """A table of a thousand items, each of the size of an order."""
    table = {
        "TableName": "items",
        "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}],
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("kind", "id")],
        "BillingMode": "PAY_PER_REQUEST",
    }
    puts = [dynamo("PutItem", {"TableName": "items", "Item": item(index)}) for index in range(1000)]
    side.block([dynamo("CreateTable", table), *puts], is_counted=False)


def item(index: int) -> dict[str, Any]:
    fields = {f"field{n}": {"S": "x" * 50} for n in range(25)}
    return {"kind": {"S": "order"}, "id": {"S": str(index)}, **fields}


def start_times(seed: str) -> str:
    took = []
    for _ in range(STARTS):
        with emulator(seed) as (_, _, started):
            took.append(started)
    return f"{sorted(took)[STARTS // 2]:.2f} s (fastest {min(took):.2f}, slowest {max(took):.2f} of {STARTS})"


def main(seed: str) -> None:
    made = json.loads(
        subprocess.run([*COMMAND, "--print-credentials"], capture_output=True, check=True, cwd=ROOT).stdout
    )
    if seed == "large":
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "erp_emulator.prepared"], check=True, cwd=ROOT, capture_output=True)
        print(f"large seed laid, or found laid, in {time.perf_counter() - began:.1f} s")
    print(f"start with the {seed} seed: median {start_times(seed)}")
    name, command, environment = peer()
    with ExitStack() as stack:
        process, url, _ = stack.enter_context(emulator(seed))
        peer_pid, peer_url = stack.enter_context(served(command, environment))
        echo_pid, echo_url = stack.enter_context(served([sys.executable, "-c", ECHO, "{port}"]))
        core = sorted(os.sched_getaffinity(0))[-1]
        for pid in (process.pid, peer_pid, echo_pid):
            os.sched_setaffinity(pid, {core})
        print(f"memory {memory_megabytes(process.pid)} MB and {data_megabytes(process.pid)} MB of data; load {load()}")
        sign = signed(made, url)
        record, query = "/services/rest/record/v1", "/services/rest/query/v1/suiteql"

        def ours(label: str, make: Callable[[int], Request], count: int) -> Side:
            return Side(label, url, process.pid, [make(n) for n in range(count + 5)])

        def peers(label: str, make: Callable[[int], Request], count: int) -> Side:
            return Side(f"{name} {label}", peer_url, peer_pid, [make(n) for n in range(count + 5)])

        def limit(size: int, count: int) -> Side:
            request: Request = ("GET", f"/{size}", None, {})
            return Side(f"bare server, {size} bytes", echo_url, echo_pid, [request] * (count + 5))

        fill(Side("", peer_url, peer_pid, []))
        get = {"TableName": "items", "Key": {"kind": {"S": "order"}, "id": {"S": "7"}}}
        order = f"{record}/purchaseOrder/1039"
        measure(
            "Read one record",
            [
                ours("GET order", lambda _: sign("GET", order), 2000),
                peers("GetItem", lambda _: dynamo("GetItem", get), 2000),
                limit(2000, 2000),
            ],
        )
        measure(
            "Read one with its lines",
            [ours("GET, expanded", lambda _: sign("GET", f"{order}?expandSubResources=true"), 1000)],
        )
        bill = {"entity": "501", "tranId": "B", "expense": {"items": [{"account": "122", "amount": 5}]}}
        put = {"TableName": "items", "Item": item(5000)}
        measure(
            "Write one record",
            [
                ours(
                    "POST bill", lambda n: sign("POST", f"{record}/vendorBill", {**bill, "externalId": f"b{n}"}), 1000
                ),
                peers("PutItem", lambda _: dynamo("PutItem", put), 1000),
                limit(400, 1000),
            ],
        )
        page = f"{query}?limit=1000"
        scan = {
            "TableName": "items",
            "KeyConditionExpression": "kind = :k",
            "ExpressionAttributeValues": {":k": {"S": "order"}},
        }
        measure(
            "A page of 1000 rows",
            [
                ours("SuiteQL, joined, 8 columns", lambda _: sign("POST", page, {"q": JOINED}), 100),
                ours("SuiteQL, 5 columns", lambda _: sign("POST", page, {"q": SIMPLE}), 100),
                peers("Query of 1000 items", lambda _: dynamo("Query", scan), 25),
                limit(250000, 100),
            ],
        )
        print(
            f"memory after {memory_megabytes(process.pid)} MB and {data_megabytes(process.pid)} MB of data; load {load()}"
        )


SIMPLE = "SELECT id, tranid, trandate, entity, foreigntotal FROM transaction ORDER BY id"


def load() -> str:
    return f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "large")
