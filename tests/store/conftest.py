"""The store's rules hold on DynamoDBs that know nothing of each other: moto's, the local cloud's, and the flow tests'."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from moto import mock_aws

from counterfoil.store import Store
from tests.conftest import a_table, table_properties
from tests.memory import MemoryTable


def unhurried(seconds: float) -> None:
    """Nobody else is at the table: there is nothing to wait for."""


@pytest.fixture(params=["memory", "moto", pytest.param("local_cloud", marks=pytest.mark.stack)])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "memory":
        yield Store(MemoryTable(), "table", pause=unhurried)  # type: ignore[arg-type]
        return
    if request.param == "moto":
        with mock_aws():
            yield a_table()
        return
    client = request.getfixturevalue("stack").client("dynamodb")
    name = f"store-{uuid.uuid4().hex}"
    client.create_table(TableName=name, **table_properties())
    yield Store(client, name, pause=unhurried)
    client.delete_table(TableName=name)
