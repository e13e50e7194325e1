"""What `--print-credentials` prints: all that a client needs to log in."""

from __future__ import annotations

import argparse
from typing import Any

from erp_emulator.credentials import credentials_of


def credentials(options: argparse.Namespace) -> dict[str, Any]:
    return describe(options.account, f"http://{options.host}:{options.port}")


def describe(account: str, base_url: str) -> dict[str, Any]:
    made = credentials_of(account)
    token = made.token_of_role("administrator")
    return {
        "account": made.account,
        "consumer_key": made.consumer_key,
        "consumer_secret": made.consumer_secret,
        "token_id": token.token_id,
        "token_secret": token.token_secret,
        "base_url": base_url,
    }
