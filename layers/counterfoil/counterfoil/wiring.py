"""Makes the clients, on first use. The only maker of clients; tests clear it with `clear()`."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from counterfoil.capture import Limits
from counterfoil.errors import CounterfoilError
from counterfoil.files import Files
from counterfoil.queues import Queues
from counterfoil.settings import Settings, from_environment
from counterfoil.sign_in import SignIn
from counterfoil.steps.document_reader import DocumentReader
from counterfoil.store import Store
from counterfoil.textract import Textract

if TYPE_CHECKING:
    from counterfoil.netsuite.client import NetSuiteClient

# A slow service is given up before the function's own timeout, so that the queue, not the clock, ends the attempt.
AWS = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 4})
ERP_LEASE_SECONDS = 120
# NetSuite locks a token for half an hour after five refusals; so it sees two in that time.
ERP_REFUSED_SECONDS = 900
ERP_CONCURRENCY_DEFAULT = 4
ERP_CLIENT_SECONDS = 300
ERP_CLIENTS_MAX = 64


class CredentialsMissing(CounterfoilError):
    """The company's ERP secret has no credentials yet."""


def now() -> datetime:
    return datetime.now(UTC)


@cache
def settings() -> Settings:
    return from_environment()


@cache
def store() -> Store:
    return store_over(settings().table)


def store_over(table: str) -> Store:
    """The store over a table that is named by hand, for commands."""
    return Store(boto3.client("dynamodb", config=AWS), table)


@cache
def files() -> Files:
    # Signed addresses must carry the bucket's own region and signature version.
    config = AWS.merge(Config(signature_version="s3v4", s3={"addressing_style": "auto"}))
    return Files(boto3.client("s3", config=config), settings().inbox_bucket)


@cache
def reader() -> DocumentReader:
    """How documents are read here: pages without text by Textract, by networks in a layer, or not at all."""
    if settings().text_recognition == "local":
        return DocumentReader()
    limits = Limits(recognised_pages_max=0)
    if settings().text_recognition == "textract":
        # Recognising a page takes Textract a few seconds; its throttling is answered by later tries.
        config = AWS.merge(Config(read_timeout=30, retries={"mode": "adaptive", "total_max_attempts": 5}))
        return DocumentReader(limits, Textract(boto3.client("textract", config=config)).recognise)
    return DocumentReader(limits)


@cache
def queues() -> Queues:
    return Queues(boto3.client("sqs", config=AWS), settings().queue_url)


@cache
def sign_in() -> SignIn:
    # Signing in is open to everybody: it is sent unsigned, and the function needs no right for it.
    client = boto3.client("cognito-idp", config=AWS.merge(Config(signature_version=UNSIGNED)))
    return SignIn(
        client,
        client_id=settings().user_pool_client_id,
        issuer=settings().token_issuer,
        keys_address=settings().token_keys_address,
    )


def secret(company: str, name: str) -> str:
    """A company's secret, `erp` or `webhook`, as it is now."""
    client = boto3.client("secretsmanager", config=AWS)
    return client.get_secret_value(SecretId=f"{settings().secret_prefix}/{company}/{name}")["SecretString"]


def erp(company: str) -> NetSuiteClient:
    """The client of a company's ERP account, within the account's concurrency; CredentialsMissing without a secret.

    It is kept while the function is warm, but not for long: credentials are exchanged while functions run.
    """
    return _erp(company, int(now().timestamp()) // ERP_CLIENT_SECONDS)


@lru_cache(maxsize=ERP_CLIENTS_MAX)
def _erp(company: str, period: int) -> NetSuiteClient:  # noqa: ARG001 - a new period is a new client
    from counterfoil.netsuite.client import Credentials, NetSuiteClient

    try:
        text = secret(company, "erp")
        content = json.loads(text)
        concurrency = int(content.pop("concurrency", ERP_CONCURRENCY_DEFAULT))
        credentials = Credentials.from_json(content)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ResourceNotFoundException":
            raise
        raise CredentialsMissing(f"the company {company} has no ERP secret") from error
    except ValueError as error:
        raise CredentialsMissing(f"the ERP secret of {company} is not complete: {error}") from None
    # Tells credentials apart without saying anything of them.
    login = hashlib.sha256(text.encode()).hexdigest()[:16]
    return NetSuiteClient(
        credentials,
        governor=lambda: store().lease(company, most=concurrency, seconds=ERP_LEASE_SECONDS, login=login),
        on_login_refused=lambda: store().note_login_refused(company, login, seconds=ERP_REFUSED_SECONDS),
    )


def clear() -> None:
    """Forget every client and setting."""
    for made in (settings, store, files, reader, queues, sign_in, _erp):
        made.cache_clear()
