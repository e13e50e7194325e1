"""A program of its own: takes invoices through the functions' handlers on moto, and prints the calls of each.

The event sources' part is played here and not counted, as AWS does not count it against the functions: S3's notice,
the stream's batches, and receiving from the queues.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import boto3
from moto import mock_aws

from counterfoil import wiring
from counterfoil.domain.lifecycle import Status
from counterfoil.domain.policy import CompanySettings
from counterfoil.netsuite.client import Credentials, NetSuiteClient
from counterfoil.store import Store
from local.installation import any_free_port
from tests.bench import books
from tests.conftest import TABLE, table_properties
from tests.functions.wired import Context, handler

INVOICES = 5
COMPANY, BUCKET, PREFIX = "demo", "inbox", "counterfoil"
STEPS = ("capture", "match", "export")
FUNCTIONS = {"capture": "capture_invoice", "match": "match_invoice", "export": "export_bill"}
FIFO = ("match", "export")
ROUNDS_MAX = 50
APPROVED_UP_TO = Decimal(10_000)


class Counting:
    """Counts what botocore's clients are told to call while a function is at work."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self._function = ""
        session = boto3.Session()
        # What the functions make their clients from.
        boto3.DEFAULT_SESSION = session
        session.events.register("before-call", self._note)

    @contextmanager
    def of(self, function: str) -> Iterator[None]:
        """Count what is called now as a function's."""
        self._function = function
        try:
            yield
        finally:
            self._function = ""

    def _note(self, model: Any, **_: Any) -> None:
        if self._function:
            self.calls[f"{self._function} {model.service_model.service_name}.{model.name}"] += 1


class Deployment:
    """Table, bucket, queues and secret, and what AWS does between the functions."""

    def __init__(self, credentials: dict[str, Any]) -> None:
        self.counting = Counting()
        self._s3, self._sqs, dynamodb = boto3.client("s3"), boto3.client("sqs"), boto3.client("dynamodb")
        dynamodb.create_table(TableName=TABLE, **table_properties())
        self._s3.create_bucket(Bucket=BUCKET)
        self._s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        boto3.client("secretsmanager").create_secret(
            Name=f"{PREFIX}/{COMPANY}/erp", SecretString=json.dumps(credentials)
        )
        self._queues = {name: self._queue(name) for name in (*STEPS, "sync")}
        os.environ.update(
            {f"{name.upper()}_QUEUE_URL": url for name, url in self._queues.items()},
            TABLE_NAME=TABLE,
            INBOX_BUCKET=BUCKET,
            TEXT_RECOGNITION="none",
            SECRET_PREFIX=PREFIX,
            DEFAULT_COMPANY=COMPANY,
        )
        self.store = Store(dynamodb, TABLE)
        self._stream = Stream()

    def open_company(self, currency: str) -> None:
        """The company's settings, and the ERP's orders read, before anything is counted."""
        self.store.put_company(
            CompanySettings(company=COMPANY, currency=currency, approve_automatically_max=APPROVED_UP_TO)
        )
        handler("sync_netsuite")({}, Context())
        self._stream.read()
        # The functions that an invoice meets are cold.
        wiring.clear()

    def take(self, key: str, document: bytes) -> Counter[str]:
        """Drop a document, do all that follows from it, and tell the calls."""
        self.counting.calls = Counter()
        version = self._s3.put_object(Bucket=BUCKET, Key=key, Body=document)["VersionId"]
        placed = {"bucket": {"name": BUCKET}, "object": {"key": key, "size": len(document), "versionId": version}}
        self._call("capture", [json.dumps({"Records": [{"s3": placed}]})])
        for _ in range(ROUNDS_MAX):
            if not (self._route() | self._work()):
                return self.counting.calls
        raise AssertionError("the invoice never came to rest")

    def _queue(self, name: str) -> str:
        fifo = name in FIFO
        created = self._sqs.create_queue(
            QueueName=f"{name}.fifo" if fifo else name, Attributes={"FifoQueue": "true"} if fifo else {}
        )
        return created["QueueUrl"]

    def _route(self) -> bool:
        """Hand the stream's new records to route_changes."""
        records = self._stream.read()
        if records:
            self._handled("route_changes", records)
        return bool(records)

    def _work(self) -> bool:
        """Hand each queue's messages to its function."""
        found = False
        for step in STEPS:
            url = self._queues[step]
            messages = self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
            if messages:
                found = True
                self._call(step, [message["Body"] for message in messages])
            for message in messages:
                self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def _call(self, step: str, bodies: list[str]) -> None:
        records = [
            {
                "messageId": str(number),
                "receiptHandle": str(number),
                "body": body,
                "attributes": {"ApproximateReceiveCount": "1", "MessageGroupId": COMPANY},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "awsRegion": "us-east-1",
            }
            for number, body in enumerate(bodies)
        ]
        self._handled(FUNCTIONS[step], records)

    def _handled(self, function: str, records: list[dict[str, Any]]) -> None:
        with self.counting.of(function):
            answer = handler(function)({"Records": records}, Context())
        if answer["batchItemFailures"]:
            raise AssertionError(f"{function} failed")


class Stream:
    """The table's stream from its beginning, as Lambda hands it over."""

    def __init__(self) -> None:
        self._client = boto3.client("dynamodbstreams")
        arn = self._client.list_streams(TableName=TABLE)["Streams"][0]["StreamArn"]
        [shard] = self._client.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        self._place = self._client.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]

    def read(self) -> list[dict[str, Any]]:
        """The records since the last time."""
        response: Any = self._client.get_records(ShardIterator=self._place)
        self._place = response["NextShardIterator"]
        return [
            record
            | {
                "dynamodb": {
                    name: as_text(part) if name in ("OldImage", "NewImage") else part
                    for name, part in record["dynamodb"].items()
                }
            }
            for record in response["Records"]
        ]


def as_text(image: dict[str, Any]) -> dict[str, Any]:
    """An item whose bytes are in base 64, as in JSON."""
    return {
        name: {"B": base64.b64encode(value["B"]).decode()} if "B" in value else value for name, value in image.items()
    }


@contextmanager
def emulator() -> Iterator[dict[str, Any]]:
    """An ERP emulator of our own with its small seed; gives its credentials."""
    port = str(any_free_port())
    command = [sys.executable, "-m", "erp_emulator", "--port", port]
    with subprocess.Popen([*command, "--seed", "small"], stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout is None or not process.stdout.readline().startswith("http"):
                raise AssertionError("the ERP emulator did not start")
            printed = subprocess.run([*command, "--print-credentials"], capture_output=True, text=True, check=True)
            yield json.loads(printed.stdout)
        finally:
            process.terminate()


def counted(invoices: int) -> list[Counter[str]]:
    """The calls of each of so many invoices, every one of which ended as a bill in the ERP."""
    with emulator() as credentials, mock_aws():
        erp = NetSuiteClient(Credentials.from_json(credentials))
        billed = books.place(erp, invoices)
        deployment = Deployment(credentials)
        deployment.open_company(billed[0].currency)
        calls = [deployment.take(f"inbox/{COMPANY}/{one.order_number}.xml", one.document) for one in billed]
        posted = deployment.store.invoices(COMPANY, Status.POSTED, limit=invoices).invoices
        if len(posted) != invoices:
            resting = {
                status.value: [reason.detail for reason in invoice.reasons]
                for status in Status
                for invoice in deployment.store.invoices(COMPANY, status, limit=invoices).invoices
                if status != Status.POSTED
            }
            raise AssertionError(f"{len(posted)} of {invoices} invoices came through: {resting}")
    return calls


def main() -> None:
    # The functions log to standard output, as Lambda wants it; the answer goes where nothing else does.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    json.dump(counted(INVOICES), answers)
    answers.close()


if __name__ == "__main__":
    main()
