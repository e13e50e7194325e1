"""What the tests of the deployed stack share."""

from __future__ import annotations

import json

import pytest

from counterfoil.netsuite.client import Credentials, NetSuiteClient
from counterfoil.store import Store
from local.stack import Stack
from tests.stack.deployed import Deployed


@pytest.fixture(scope="session")
def deployed(stack: Stack) -> Deployed:
    secrets = stack.client("secretsmanager")
    content = json.loads(secrets.get_secret_value(SecretId=stack.outputs["ErpSecretName"])["SecretString"])
    credentials = Credentials.from_json({name: value for name, value in content.items() if name != "concurrency"})
    return Deployed(stack, Store(stack.client("dynamodb"), stack.outputs["TableName"]), NetSuiteClient(credentials))
