"""The deployment's settings, read once from the environment. Only this module and `wiring` read it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from counterfoil.errors import CounterfoilError

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class SettingMissing(CounterfoilError):
    """A variable that the template should have set is not there."""


@dataclass(frozen=True)
class Settings:
    """What the template gives a function; each is asked for only by the functions that need it."""

    environment: Mapping[str, str]

    @property
    def table(self) -> str:
        return self._needed("TABLE_NAME")

    @property
    def inbox_bucket(self) -> str:
        return self._needed("INBOX_BUCKET")

    @property
    def secret_prefix(self) -> str:
        return self._needed("SECRET_PREFIX")

    @property
    def default_company(self) -> str:
        return self._needed("DEFAULT_COMPANY")

    @property
    def user_pool_id(self) -> str:
        return self._needed("USER_POOL_ID")

    @property
    def user_pool_client_id(self) -> str:
        return self._needed("USER_POOL_CLIENT_ID")

    @property
    def aws_endpoint(self) -> str | None:
        """Where AWS is when it is not where AWS is: the local cloud's address."""
        return self.environment.get("AWS_ENDPOINT_URL") or None

    @property
    def is_local(self) -> bool:
        """Whether everything runs on this very machine, without TLS."""
        return urlsplit(self.aws_endpoint or "").hostname in LOOPBACK

    @property
    def token_issuer(self) -> str:
        """The user pool's name in its tokens; its id begins with its region."""
        return f"https://cognito-idp.{self.user_pool_id.partition('_')[0]}.amazonaws.com/{self.user_pool_id}"

    @property
    def token_keys_address(self) -> str:
        """Where the keys are that the user pool signs with."""
        pool = f"{self.aws_endpoint.rstrip('/')}/{self.user_pool_id}" if self.aws_endpoint else self.token_issuer
        return f"{pool}/.well-known/jwks.json"

    @property
    def text_recognition(self) -> str:
        """Who recognises pages without text: `none`, `local` (networks in a layer), or `textract`."""
        return self._needed("TEXT_RECOGNITION")

    def queue_url(self, name: str) -> str:
        """The address of a step's queue: `capture`, `match`, `export` or `sync`."""
        return self._needed(f"{name.upper()}_QUEUE_URL")

    def _needed(self, name: str) -> str:
        value = self.environment.get(name, "")
        if not value:
            raise SettingMissing(f"the environment variable {name} is not set")
        return value


def from_environment() -> Settings:
    return Settings(os.environ)
