"""What `--print-credentials` prints: all that a client needs to log in."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

from erp_emulator import oauth2, restlets
from erp_emulator.credentials import credentials_of


def credentials(options: argparse.Namespace) -> dict[str, Any]:
    scheme = "https" if options.tls_certificate else "http"
    return describe(options.account, f"{scheme}://{options.host}:{options.port}", restlets.BUILT_IN)


def describe(account: str, base_url: str, scripts: Iterable[restlets.Script]) -> dict[str, Any]:
    made = credentials_of(account)
    oauth = oauth2.OAuth2(made)
    token = made.token_of_role("administrator")
    return {
        "account": made.account,
        "consumer_key": made.consumer_key,
        "consumer_secret": made.consumer_secret,
        "token_id": token.token_id,
        "token_secret": token.token_secret,
        "oauth2_client_id": oauth.client_id,
        "oauth2_certificate_id": oauth.certificate_id,
        "oauth2_private_key_pem": oauth.private_key_pem(),
        "base_url": base_url,
        "restlets": [
            {"script": each.name, "deploy": each.deploy, "methods": sorted(each.handlers)} for each in scripts
        ],
    }
