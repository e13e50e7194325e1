"""Connects the sample company: its ERP's credentials and its settings."""

from __future__ import annotations

import json

from counterfoil.domain.policy import CompanySettings
from counterfoil.errors import UnknownCompany
from counterfoil.store import Store
from local.stack import Stack

# What the sample company lets through without a person: a match within this total, in its own currency.
SETTINGS = {"currency": "USD", "approve_automatically_max": "50000.00"}


def put_credentials(stack: Stack, credentials: str) -> None:
    """Write the ERP's credentials into the company's secret, unless they are there already."""
    secrets = stack.client("secretsmanager")
    name = stack.outputs["ErpSecretName"]
    wanted = json.loads(credentials) | {"base_url": stack.installation.erp_url}
    if json.loads(secrets.get_secret_value(SecretId=name)["SecretString"]) != wanted:
        secrets.put_secret_value(SecretId=name, SecretString=json.dumps(wanted))


def register(stack: Stack) -> None:
    """Set the company up; settings that somebody has changed since stay as they are."""
    store = Store(stack.client("dynamodb"), stack.outputs["TableName"])
    company = stack.installation.company
    try:
        store.company(company)
    except UnknownCompany:
        store.put_company(CompanySettings.model_validate({"company": company, **SETTINGS}))
