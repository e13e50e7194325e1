"""The account's credentials, derived from its id: the same at every start, and no secret of anyone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

DEFAULT_ACCOUNT = "TSTDRV1234567"


def derive(account: str, purpose: str) -> str:
    """64 hexadecimal digits, as NetSuite's keys and secrets are long."""
    return hashlib.sha256(f"erp-emulator/{account.upper()}/{purpose}".encode()).hexdigest()


@dataclass(frozen=True)
class Token:
    """One integration's access: a token of token-based authentication, and the role it acts in."""

    token_id: str
    token_secret: str
    role: str
    user: str


@dataclass(frozen=True)
class Credentials:
    account: str
    consumer_key: str
    consumer_secret: str
    tokens: dict[str, Token]

    def token_of_role(self, role: str) -> Token:
        return next(each for each in self.tokens.values() if each.role == role)


ROLES = {"administrator": "-5", "ap_clerk": "26", "read_only": "27", "no_rest": "28"}


def credentials_of(account: str) -> Credentials:
    account = account.upper().replace("-", "_")
    tokens = {}
    for role, user in ROLES.items():
        suffix = "" if role == "administrator" else f"/{role}"
        token = Token(
            derive(account, f"token id{suffix}"),
            derive(account, f"token secret{suffix}"),
            role,
            user,
        )
        tokens[token.token_id] = token
    return Credentials(account, derive(account, "consumer key"), derive(account, "consumer secret"), tokens)
