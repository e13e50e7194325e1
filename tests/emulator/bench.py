"""The emulator's figures, beside MiniStack's in the same run: `python -m tests.emulator.bench [small|large]`.

Each server is bound to one core; one connection asks, one request after the other. Prints requests a second, the median
and the 99th percentile, the server's own processor time a request, start time and memory.
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
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from oauthlib.oauth1 import Client as Signer

ROOT = Path(__file__).parents[2]
TICKS = os.sysconf("SC_CLK_TCK")
COMMAND = (sys.executable, "-m", "erp_emulator")
JOINED = """SELECT t.id, t.tranid, t.trandate, BUILTIN.DF(t.status) s, BUILTIN.DF(t.entity) e, tl.id line,
            tl.quantity, tl.rate
            FROM transaction t JOIN transactionline tl ON tl.transaction = t.id
            WHERE t.type = 'PurchOrd' AND tl.mainline = 'F' ORDER BY t.id, tl.id"""
Request = tuple[str, str, bytes | None, dict[str, str]]


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
def ministack() -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """MiniStack's DynamoDB: the local cloud that this project runs on, another emulator in Python."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    environment = {**os.environ, **keys, "GATEWAY_PORT": str(port)}
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("ministack"))],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(300):
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def processor_seconds(pid: int) -> float:
    parts = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(parts[11]) + int(parts[12])) / TICKS


def memory_megabytes(pid: int) -> int:
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0]) // 1024


def measure(name: str, url: str, pid: int, make: Callable[[int], Request], count: int) -> None:
    requests = [make(index) for index in range(count + 5)]
    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    took: list[float] = []
    before = began = 0.0
    for index, (method, path, body, headers) in enumerate(requests):
        if index == 5:
            before, began = processor_seconds(pid), time.perf_counter()
        started = time.perf_counter()
        connection.request(method, path, body, headers)
        reply = connection.getresponse()
        text = reply.read()
        assert reply.status < 300, text[:500]
        took.append(time.perf_counter() - started)
    elapsed = time.perf_counter() - began
    own = (processor_seconds(pid) - before) / count * 1000
    took = sorted(took[5:])
    p50, p99 = took[count // 2] * 1000, took[min(int(count * 0.99), count - 1)] * 1000
    print(f"{name:34} {count / elapsed:8.0f}/s  median {p50:7.2f} ms  p99 {p99:7.2f} ms  processor {own:6.2f} ms")


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


def main(seed: str) -> None:
    made = json.loads(
        subprocess.run([*COMMAND, "--print-credentials"], capture_output=True, check=True, cwd=ROOT).stdout
    )
    with emulator(seed) as (process, url, started), ministack() as (peer, peer_url):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(process.pid, {cores[-1]})
        os.sched_setaffinity(peer.pid, {cores[-1]})
        print(f"start with the {seed} seed {started:.2f} s, memory {memory_megabytes(process.pid)} MB")
        sign = signed(made, url)
        record, query = "/services/rest/record/v1", "/services/rest/query/v1/suiteql"
        bill = {"entity": "501", "tranId": "B", "expense": {"items": [{"account": "122", "amount": 5}]}}
        order = "/purchaseOrder/1039"
        measure("GET order", url, process.pid, lambda _: sign("GET", record + order), 2000)
        measure(
            "GET order with lines",
            url,
            process.pid,
            lambda _: sign("GET", f"{record}{order}?expandSubResources=true"),
            1000,
        )
        measure(
            "POST bill",
            url,
            process.pid,
            lambda n: sign("POST", f"{record}/vendorBill", {**bill, "externalId": f"b{n}"}),
            500,
        )
        page = f"{query}?limit=1000"
        measure("SuiteQL page of 1000, joined", url, process.pid, lambda _: sign("POST", page, {"q": JOINED}), 40)
        simple = {"q": "SELECT id, tranid, trandate, entity, foreigntotal FROM transaction ORDER BY id"}
        measure("SuiteQL page of 1000, 5 columns", url, process.pid, lambda _: sign("POST", page, simple), 40)
        peer_side(peer, peer_url)


def peer_side(peer: subprocess.Popen[bytes], url: str) -> None:
    """GetItem and PutItem of MiniStack's DynamoDB."""

    def call(action: str, body: dict[str, Any]) -> Request:
        headers = {
            "X-Amz-Target": f"DynamoDB_20120810.{action}",
            "Content-Type": "application/x-amz-json-1.0",
            "Authorization": "AWS4-HMAC-SHA256 "
            "Credential=a/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=x",
        }
        return "POST", "/", json.dumps(body).encode(), headers

    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    key = [{"AttributeName": "id", "KeyType": "HASH"}]
    attributes = [{"AttributeName": "id", "AttributeType": "S"}]
    table = {
        "TableName": "items",
        "KeySchema": key,
        "AttributeDefinitions": attributes,
        "BillingMode": "PAY_PER_REQUEST",
    }
    method, path, body, headers = call("CreateTable", table)
    connection.request(method, path, body, headers)
    reply = connection.getresponse()
    text = reply.read()
    assert reply.status == 200, text
    item = {"id": {"S": "1"}, "body": {"S": "x" * 1500}}
    measure("MiniStack PutItem", url, peer.pid, lambda _: call("PutItem", {"TableName": "items", "Item": item}), 500)
    measure(
        "MiniStack GetItem",
        url,
        peer.pid,
        lambda _: call("GetItem", {"TableName": "items", "Key": {"id": {"S": "1"}}}),
        1000,
    )


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "large")
