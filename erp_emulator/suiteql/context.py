"""What a query is resolved against, what it gives, and the plan it becomes: all that is known without sqlglot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from erp_emulator.tables import Column

INVALID = "Search error occurred: Invalid or unsupported search."


@dataclass(frozen=True)
class Output:
    """One column of a query's result."""

    name: str
    kind: str = "text"
    display: str = ""


@dataclass
class Account:
    """What of the account a query depends on: its tables, what is hidden, its date format, its clock."""

    tables: dict[str, dict[str, Column]]
    date_format: str
    now: datetime
    is_allowed: Callable[[str], bool]
    hidden: frozenset[str] = frozenset()
    has_ctes: bool = True
    user: str = "-5"


@dataclass(frozen=True)
class Plan:
    """`rows` gives the rows once a limit is added to it, `count` how many there are; a timed one holds until the clock
    moves."""

    rows: str
    count: str
    outputs: tuple[Output, ...]
    is_timed: bool = False
