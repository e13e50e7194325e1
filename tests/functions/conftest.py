"""Every function's services, in memory."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest

from counterfoil import wiring
from counterfoil.store import Store
from tests.conftest import TABLE

BUCKET = "inbox"
QUEUES = ("capture", "match", "export", "sync")


@pytest.fixture
def services(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Table, versioned bucket and queues, and an environment that names them; gives the table's store."""
    monkeypatch.setenv("TABLE_NAME", TABLE)
    monkeypatch.setenv("INBOX_BUCKET", BUCKET)
    monkeypatch.setenv("TEXT_RECOGNITION", "none")
    monkeypatch.setenv("SECRET_PREFIX", "counterfoil")
    monkeypatch.setenv("DEFAULT_COMPANY", "demo")
    s3, sqs = boto3.client("s3"), boto3.client("sqs")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    for name in QUEUES:
        fifo = name in ("match", "export")
        url = sqs.create_queue(
            QueueName=f"{name}.fifo" if fifo else name, Attributes={"FifoQueue": "true"} if fifo else {}
        )["QueueUrl"]
        monkeypatch.setenv(f"{name.upper()}_QUEUE_URL", url)
    wiring.clear()
    yield store
    wiring.clear()


@pytest.fixture
def drop(services: Store):
    """Put a document into the inbox bucket; gives its version."""

    def put(key: str, content: bytes) -> str:
        return boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=content)["VersionId"]

    return put
