"""Every case once more as its siblings: told otherwise, and so decided alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from counterfoil.scenarios.reader import Case, read_cases
from counterfoil.scenarios.simulation import run
from tests.matching.test_cases import FILES, LOADED

CASES = [pytest.param(case, id=f"{file.stem}-{case['id']}") for file in FILES for case in LOADED[file]]


def turned(case: dict[str, Any]) -> dict[str, Any]:
    """Orders, their lines, receipts and earlier bills in the opposite order; revisions of one record keep theirs."""
    for name in ("receipts", "prior_bills"):
        records = case.get(name) or []
        if len({record["id"] for record in records}) == len(records):
            case[name] = records[::-1]
    case["purchase_orders"] = [
        {**order, "lines": order["lines"][::-1]} for order in (case.get("purchase_orders") or [])[::-1]
    ]
    return case


def delivered_twice(case: dict[str, Any]) -> dict[str, Any]:
    """Each receipt and each earlier bill is read twice."""
    for name in ("receipts", "prior_bills"):
        case[name] = [record for record in case.get(name) or [] for _ in range(2)]
    return case


def renamed(case: dict[str, Any]) -> dict[str, Any]:
    """Other names for the vendors and other ids for receipts; nothing is decided by what they are called."""
    text = json.dumps(case)
    for old, new in (("V1", "vendor 0042"), ("V2", "vendor 7"), ('"IR-', '"receipt 99-')):
        text = text.replace(old, new)
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def with_a_strangers_order(case: dict[str, Any]) -> dict[str, Any]:
    """Another vendor has ordered the very same, under another number, and has received and billed nothing."""
    first = next(iter(case.get("purchase_orders") or []), None)
    if first is not None and case.get("invoice"):
        strange = {**deepcopy(first), "po_number": "QQ-90417", "vendor": "a stranger", "status": "open"}
        case["purchase_orders"] = [strange, *case["purchase_orders"]]
    return case


def in_smaller_letters(case: dict[str, Any]) -> dict[str, Any]:
    """Codes and units of the invoice in capitals, its descriptions in small letters."""
    for line in (case.get("invoice") or {}).get("lines", []):
        for key, change in (("item", str.upper), ("description", str.lower)):
            if line.get(key):
                line[key] = change(line[key])
    return case


SIBLINGS = [turned, delivered_twice, renamed, with_a_strangers_order, in_smaller_letters]


@cache
def decided(content: str, folder: Path) -> str:
    file = folder / "sibling.yaml"
    file.write_text(content)
    [case] = read_cases(file)
    assert isinstance(case, Case)
    return json.dumps(run(case))


def told(case: dict[str, Any], found: dict[str, Any]) -> Any:
    """What must be the same: not which of like order lines was taken, nor what others are offered."""
    steps = [
        {key: step[key] for key in ("refused", "approvable", "invoice_actions", "bills_in_erp", "bill_save")}
        | {"lines": [line["status"] for line in step["lines"]], "failed": bool(step["sync_error"])}
        for step in found["steps"]
    ]
    return (
        [(line["line"], sorted(line["conditions"]), line["match_type"]) for line in found.get("lines", [])],
        {key: found.get(key) for key in ("approvable", "invoice_type", "bill_save", "saves")},
        steps,
    )


@pytest.mark.parametrize("sibling", SIBLINGS, ids=lambda sibling: sibling.__name__)
@pytest.mark.parametrize("case", CASES)
def test_a_sibling_is_decided_as_its_case(
    case: dict[str, Any], sibling: Callable[[dict[str, Any]], dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp()
    told_otherwise = sibling(deepcopy(case))

    found = json.loads(decided(yaml.safe_dump({"cases": [told_otherwise]}), folder))
    before = json.loads(decided(yaml.safe_dump({"cases": [case]}), folder))

    assert told(case, found) == told(case, before)
