"""A company's settings and their history as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from counterfoil.domain.policy import CompanySettings
from counterfoil.domain.settings_history import SettingsChange

# The version is said beside; it changes with every change.
UNSAID = frozenset({"match.version"})
NOTHING = "nothing"


@dataclass(frozen=True)
class Difference:
    """One setting by its dotted name, before and after; an empty text where it was not there."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Revision:
    """One change of the settings, and what differs from the one before; None for the first."""

    change: SettingsChange
    differences: tuple[Difference, ...] | None


def as_yaml(settings: CompanySettings) -> str:
    """The settings as the command line takes them back."""
    return yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def revisions(changes: Sequence[SettingsChange]) -> list[Revision]:
    """The changes with what each changed, newest first; given oldest first."""
    found = []
    before: CompanySettings | None = None
    for change in changes:
        found.append(Revision(change, differences(before, change.settings) if before else None))
        before = change.settings
    return found[::-1]


def differences(before: CompanySettings, after: CompanySettings) -> tuple[Difference, ...]:
    """Each setting that is not as it was, by its name."""
    old, new = (dict(_flat("", each.model_dump(mode="json"))) for each in (before, after))
    return tuple(
        Difference(name, old.get(name, ""), new.get(name, ""))
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name) and name not in UNSAID
    )


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _flat(f"{name}.{key}" if name else str(key), inner)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for place, inner in enumerate(value, start=1):
            yield from _flat(f"{name}[{place}]", inner)
    elif isinstance(value, list):
        yield name, ", ".join(str(inner) for inner in value) or NOTHING
    else:
        yield name, NOTHING if value is None or value == {} else str(value)
