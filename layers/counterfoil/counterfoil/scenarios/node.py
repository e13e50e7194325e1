"""Values of a scenario file that know where they stand, so that what is wrong with one can be said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from counterfoil.domain.money import decimal_of
from counterfoil.domain.orders import ItemKind
from counterfoil.domain.policy import MatchMode, Scope, Side

LINES_MAX = 20_000
MAGNITUDE_MAX = 30
# How alike an unknown key must be to a known one to be taken for it.
SLIP_MIN = 0.88


class ScenarioUnreadable(ValueError):
    """A scenario file that cannot be used: which file, which place, what is wrong there."""

    def __init__(self, file: str, place: str, wrong: str) -> None:
        self.file = file
        self.place = place
        text = f"{file}: {place}: {wrong}" if place else f"{file}: {wrong}"
        super().__init__(" ".join(text.split()))


class Node:
    """A value of the file that knows where it stands, so that what is wrong with it can be said."""

    def __init__(self, value: Any, file: str, place: str, unknown: list[str]) -> None:
        self.value = value
        self.file = file
        self.place = place
        self.unknown = unknown

    def wrong(self, what: str) -> ScenarioUnreadable:
        return ScenarioUnreadable(self.file, self.place, what)

    def at(self, key: str) -> Node:
        return Node(self.mapping().get(key), self.file, f"{self.place}.{key}" if self.place else key, self.unknown)

    def mapping(self) -> Mapping[str, Any]:
        if self.value is None:
            return {}
        if not isinstance(self.value, dict):
            raise self.wrong("a mapping is expected")
        return {str(key): value for key, value in self.value.items()}

    def knows(self, keys: str) -> None:
        known = keys.split()
        for key in sorted(self.mapping().keys() - set(known)):
            meant = get_close_matches(key, known, 1, SLIP_MIN)
            if meant:
                raise self.at(key).wrong(f"is not known; {meant[0]} may be meant")
            self.unknown.append(f"{self.place}.{key}")

    def items(self) -> Iterator[Node]:
        if self.value is None:
            return
        if not isinstance(self.value, list):
            raise self.wrong("a list is expected")
        if len(self.value) > LINES_MAX:
            raise self.wrong(f"more than {LINES_MAX} entries")
        for index, value in enumerate(self.value):
            yield Node(value, self.file, f"{self.place}[{index}]", self.unknown)

    def single(self) -> Iterator[Node]:
        if self.value is not None:
            yield self

    def text(self, default: str | None = None) -> str:
        found = self.text_or_none()
        if found is None:
            if default is None:
                raise self.wrong("is missing")
            return default
        return found

    def text_or_none(self) -> str | None:
        if self.value is None:
            return None
        if isinstance(self.value, dict | list):
            raise self.wrong("a text is expected")
        return str(self.value)

    def number(self, default: Decimal | None = None) -> Decimal:
        found = self.number_or_none()
        if found is None:
            if default is None:
                raise self.wrong("is missing")
            return default
        return found

    def number_or_none(self) -> Decimal | None:
        """Decimals are written as text; a bare number would have been a float on its way here."""
        if self.value is None:
            return None
        if isinstance(self.value, float | bool):
            raise self.wrong(f"{self.value!r}: numbers are written as text, in quotes")
        try:
            number = decimal_of(str(self.value))
        except ValueError as error:
            raise self.wrong(str(error)) from None
        if abs(number.adjusted()) > MAGNITUDE_MAX:
            raise self.wrong(f"{self.value!r} is too large or too small")
        return number

    def whole(self) -> int:
        text = self.text()
        if not text.lstrip("-").isdecimal():
            raise self.wrong(f"{text!r} is not a whole number")
        return int(text)

    def flag(self, default: bool) -> bool:
        found = self.flag_or_none()
        return default if found is None else found

    def flag_or_none(self) -> bool | None:
        if self.value is None or isinstance(self.value, bool):
            return self.value
        raise self.wrong("true or false is expected")

    def day(self) -> date | None:
        text = self.text_or_none()
        if text is None:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise self.wrong(f"{text!r} is not a date like 2026-03-01") from None

    def one_of(self, values: type[MatchMode] | type[ItemKind] | type[Side] | type[Scope], default: str) -> Any:
        text = self.text(default)
        if text not in list(values):
            raise self.wrong(f"{text!r} is none of {', '.join(values)}")
        return values(text)
