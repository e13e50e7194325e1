"""The deployment's settings, read once from the environment. Only this module and `wiring` read it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from counterfoil.errors import CounterfoilError


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
