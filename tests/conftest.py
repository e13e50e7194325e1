"""What tests share: the template as data, a table built from it, and a clock that only moves when told."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.loaders import Loader
from moto import mock_aws
from samtranslator.yaml_helper import yaml_parse

from counterfoil.store import Store
from tests.erp import Emulator, running_emulator

pytest_plugins = ("tests.stack.plugin",)

ROOT = Path(__file__).parents[1]
TABLE = "counterfoil"

# No test reaches a real account, whatever the machine's environment says.
os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_EC2_METADATA_DISABLED="true",
    POWERTOOLS_TRACE_DISABLED="true",
    POWERTOOLS_METRICS_NAMESPACE="Counterfoil",
    POWERTOOLS_SERVICE_NAME="tests",
)
os.environ.pop("AWS_PROFILE", None)


class Clock:
    """An instant that stands still until it is moved on."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def advance(self, **by: float) -> None:
        self.at += timedelta(**by)


@cache
def template() -> dict[str, Any]:
    """`template.yaml` with its intrinsic functions as plain dictionaries."""
    return yaml_parse((ROOT / "template.yaml").read_text())


def table_properties() -> dict[str, Any]:
    """What `create_table` takes, from the template's table."""
    properties = template()["Resources"]["Table"]["Properties"]
    taken = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    stream = {"StreamEnabled": True, **properties["StreamSpecification"]}
    return {name: properties[name] for name in taken} | {"StreamSpecification": stream}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@cache
def _models() -> Loader:
    """The AWS services' models, parsed once for all tests instead of once for each client."""
    return botocore.session.Session().get_component("data_loader")


@pytest.fixture
def aws() -> Iterator[None]:
    with mock_aws():
        boto3.setup_default_session()
        boto3.DEFAULT_SESSION._session.register_component("data_loader", _models())
        yield


@pytest.fixture
def store(aws: None) -> Store:
    return a_table()


def a_table() -> Store:
    """A store over the template's table in the account that moto has just made."""
    client = boto3.client("dynamodb")
    client.create_table(TableName=TABLE, **table_properties())
    return Store(client, TABLE, pause=lambda seconds: None)


@pytest.fixture(scope="session")
def running_erp() -> Iterator[Emulator]:
    with running_emulator() as emulator:
        yield emulator


@pytest.fixture
def erp(running_erp: Emulator) -> Emulator:
    """The ERP emulator with its small seed, as it was before any test."""
    running_erp.control("reset", {"seed": "small"})
    return running_erp
