"""Faults on request: what goes wrong, for which routes, at which call or how often, decided by a seeded generator."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from typing import Any

KINDS = frozenset(
    {
        "delay",
        "status",
        "429",
        "500",
        "503",
        "login_page",
        "cut_before",
        "cut_after",
        "slow_body",
        "wrong_paging",
    }
)


class BadFault(ValueError):
    """A fault that the emulator does not know or that makes no sense."""


@dataclass
class Fault:
    """`route` is a regular expression over `METHOD /path`; `nth` counts its matches from 1; `count` bounds its use."""

    kind: str
    route: str = ".*"
    nth: int | None = None
    every: int | None = None
    probability: float | None = None
    count: int | None = None
    seconds: float = 1.0
    status: int = 500
    code: str = "UNEXPECTED_ERROR"
    seed: int = 0
    body: str = ""
    matched: int = 0
    used: int = 0
    id: int = 0
    pattern: re.Pattern[str] = field(default_factory=lambda: re.compile(".*"), repr=False)
    random: random.Random = field(default_factory=random.Random, repr=False)

    def strikes(self, request: str) -> bool:
        if not self.pattern.search(request):
            return False
        if self.body and self.body not in request:
            return False
        self.matched += 1
        if self.count is not None and self.used >= self.count:
            return False
        if self.nth is not None and self.matched != self.nth:
            return False
        if self.every is not None and self.matched % self.every:
            return False
        if self.probability is not None and self.random.random() >= self.probability:
            return False
        self.used += 1
        return True

    def shown(self) -> dict[str, Any]:
        names = (
            "id",
            "kind",
            "route",
            "nth",
            "every",
            "probability",
            "count",
            "seconds",
            "status",
            "code",
            "seed",
        )
        return {**{n: getattr(self, n) for n in names}, "matched": self.matched, "used": self.used}


def read_fault(body: Any) -> Fault:
    """A fault from its JSON; BadFault says what is wrong with it."""
    if not isinstance(body, dict):
        raise BadFault("a fault is a JSON object")
    known = {
        "kind",
        "route",
        "nth",
        "every",
        "probability",
        "count",
        "seconds",
        "status",
        "code",
        "seed",
    }
    unknown = set(body) - known
    if unknown:
        raise BadFault(f"unknown: {', '.join(sorted(unknown))}")
    kind = str(body.get("kind", ""))
    if kind not in KINDS:
        raise BadFault(f"kind is one of {', '.join(sorted(KINDS))}")
    try:
        pattern = re.compile(str(body.get("route", ".*")), re.IGNORECASE)
        fault = Fault(**{**body, "kind": kind})
        fault.seconds, fault.status = float(fault.seconds), int(fault.status)
    except (re.error, TypeError, ValueError) as error:
        raise BadFault(str(error)) from None
    fault.pattern = pattern
    fault.random = random.Random(fault.seed)  # noqa: S311 - repeatable on purpose, nothing secret
    return fault


class Faults:
    """All faults that are set, in order; the first that strikes is the one that happens."""

    def __init__(self) -> None:
        self.all: list[Fault] = []
        self.last_id = 0

    def add(self, fault: Fault) -> Fault:
        self.last_id += 1
        fault.id = self.last_id
        self.all.append(fault)
        return fault

    def remove(self, fault_id: int) -> bool:
        before = len(self.all)
        self.all = [each for each in self.all if each.id != fault_id]
        return len(self.all) < before

    def clear(self) -> None:
        self.all.clear()

    def strike(self, method: str, path: str) -> list[Fault]:
        return [each for each in self.all if each.strikes(f"{method} {path}")]
