"""Every function's services, in memory."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest

from counterfoil import wiring
from counterfoil.store import Store
from tests.conftest import TABLE
from tests.functions.browser import Browser
from tests.functions.people import PASSWORD, UserPool

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


@pytest.fixture
def pool(services: Store, clock, monkeypatch: pytest.MonkeyPatch) -> UserPool:
    """The user pool that the page signs people in with; nobody is in it yet."""
    cognito = boto3.client("cognito-idp")
    pool = UserPool(cognito, cognito.create_user_pool(PoolName="people")["UserPool"]["Id"])
    client = cognito.create_user_pool_client(
        UserPoolId=pool.id, ClientName="page", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    monkeypatch.setenv("USER_POOL_ID", pool.id)
    monkeypatch.setenv("USER_POOL_CLIENT_ID", client)
    monkeypatch.setattr(wiring, "now", clock)
    wiring.clear()
    return pool


@pytest.fixture
def person(pool: UserPool):
    """A browser in which somebody has signed in."""

    def signed_in(name: str) -> Browser:
        pool.take_in(name)
        browser = Browser()
        page = browser.submit(browser.open("page"), "Sign in", user=name, password=PASSWORD)
        assert page.status == 200, page.text
        browser.page = page
        return browser

    return signed_in
