"""Connects the sample company: its ERP's credentials and its settings, and a first reading of the ERP."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from pathlib import Path

import yaml

from counterfoil.domain.policy import CompanySettings
from counterfoil.errors import UnknownCompany
from counterfoil.store import Store, SyncRequest
from local.erp import Erp
from local.stack import Stack

SETTINGS = Path(__file__).with_name("company.yaml")


def put_credentials(stack: Stack, credentials: str) -> None:
    """Write the ERP's credentials into the company's secret, unless they are there already."""
    secrets = stack.client("secretsmanager")
    name = stack.outputs["ErpSecretName"]
    wanted = json.loads(credentials) | {"base_url": stack.erp_url}
    if json.loads(secrets.get_secret_value(SecretId=name)["SecretString"]) != wanted:
        secrets.put_secret_value(SecretId=name, SecretString=json.dumps(wanted))


def register(stack: Stack, erp: Erp) -> None:
    """Set the company up and have its ERP read; settings that somebody has changed since stay as they are."""
    store = Store(stack.client("dynamodb"), stack.outputs["TableName"])
    company = stack.installation.company
    try:
        store.company(company)
    except UnknownCompany:
        store.put_company(settings(company, erp))
        store.request_sync(SyncRequest(company=company, id=uuid.uuid4().hex, by="setup"), at=datetime.now(UTC))


def settings(company: str, erp: Erp) -> CompanySettings:
    """The sample company's settings; the file gives accounts by number, the settings hold the ERP's ids."""
    content = yaml.safe_load(SETTINGS.read_text())
    accounts = {kind: erp.account_id(number) for kind, number in content.pop("accounts").items()}
    return CompanySettings.model_validate(content | {"company": company, "accounts": accounts})
