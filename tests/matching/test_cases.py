"""Every case of cases/*.yaml, decided by the command's own code and held to what it asserts.

given.yaml is a set handed to the project (its head explains the format); the other files were written for what the
format describes and that set lacks.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from counterfoil.scenarios.reader import Case, read_cases
from counterfoil.scenarios.simulation import run

FILES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
LOADED = {file: yaml.safe_load(file.read_text("utf-8"))["cases"] for file in FILES}
GIVEN = "given.yaml"


def links_of(value: Any) -> list[str] | None:
    return None if value in (None, "") else sorted(str(value).split("+"))


def is_link(expected: Any, found: Any) -> bool:
    if isinstance(expected, list):
        return any(links_of(each) == links_of(found) for each in expected)
    return links_of(expected) == links_of(found)


def is_status(expected: dict[str, Any], found: dict[str, Any]) -> bool:
    if "status_all" in expected:
        return set(found["conditions"]) == set(expected["status_all"]) and found["status"] in expected["status_all"]
    return found["status"] == expected["status"]


def wrong_lines(expected: list[dict[str, Any]], found: list[dict[str, Any]], parts: set[str]) -> list[str]:
    by_number = {line["line"]: line for line in found}
    wrong = []
    for line in expected:
        got = by_number[line["line"]]
        if "links" in parts and "link" in line and not is_link(line["link"], got["link"]):
            wrong.append(f"line {line['line']} is linked to {got['link']}")
        if "statuses" in parts and line.keys() & {"status", "status_all"} and not is_status(line, got):
            wrong.append(f"line {line['line']} is {got['conditions']}")
        wrong += [
            f"line {line['line']} {key}: {got['coding'].get(key)}"
            for key, value in line.get("coding", {}).items()
            if got["coding"].get(key) != value
        ]
    return wrong


def same(expected: Any, found: Any) -> bool:
    if isinstance(expected, dict):
        return all(same(value, found[key]) for key, value in expected.items())
    if isinstance(expected, list):
        return sorted(expected) == sorted(found)
    if isinstance(expected, str):
        try:
            return Decimal(expected) == Decimal(found)
        except (InvalidOperation, TypeError):
            return expected == found
    return bool(expected) == bool(found) if isinstance(expected, bool) else bool(expected == found)


def wrong_of(case: dict[str, Any], found: dict[str, Any]) -> list[str]:
    expected, asserted = case["expected"], set(case["assert"])
    wrong = wrong_lines(expected.get("lines", []), found.get("lines", []), asserted)
    for part in ("approvable", "bill_save", "invoice_type", "offered_po_lines", "tracked"):
        if part in asserted and not same(expected[part], found[part]):
            wrong.append(f"{part}: {found[part]}")
    if "bill_save_not" in asserted and found["bill_save"] == expected["bill_save_not"]:
        wrong.append(f"bill_save: {found['bill_save']}")
    if "flags" in asserted and not set(expected["flags"]) <= set(found["flags"]):
        wrong.append(f"flags: {found['flags']}")
    if "distinct_links" in asserted and len({line["link"] for line in found["lines"]}) < len(found["lines"]):
        wrong.append("two lines have one link")
    if "saves_sorted" in asserted and sorted(found["saves"]) != expected["saves_sorted"]:
        wrong.append(f"saves: {found['saves']}")
    for number, (step, got) in enumerate(zip(case.get("steps", []), found["steps"], strict=True), 1):
        for key, value in step["expect"].items():
            if key == "lines":
                wrong += [f"step {number}: {each}" for each in wrong_lines(value, got["lines"], {"links", "statuses"})]
            elif key == "po_status_not":
                if any(got["po_status"][order] == status for order, status in value.items()):
                    wrong.append(f"step {number} po_status: {got['po_status']}")
            elif not same(value, got[key]):
                wrong.append(f"step {number} {key}: {got[key]}")
    return wrong


@cache
def cases_of(file: Path) -> dict[str, Case]:
    return {case.id: case for case in read_cases(file) if isinstance(case, Case)}


@pytest.mark.parametrize(
    ("file", "case"),
    [pytest.param(file, case, id=f"{file.stem}-{case['id']}") for file, cases in LOADED.items() for case in cases],
)
def test_a_case_is_decided_as_it_says(file: Path, case: dict[str, Any]) -> None:
    assert wrong_of(case, run(cases_of(file)[case["id"]])) == []


def test_the_cases_written_here_are_more_than_those_given() -> None:
    own = [case["id"] for file, cases in LOADED.items() if file.name != GIVEN for case in cases]

    assert len(own) == len(set(own))
    assert len(own) > len(next(cases for file, cases in LOADED.items() if file.name == GIVEN))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_line_of_every_case_says_why(file: Path) -> None:
    for found in map(run, cases_of(file).values()):
        for line in found.get("lines", []):
            assert any(letter.isdigit() for letter in line["explain"]), found["id"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_case_of_the_files_has_unknown_keys(file: Path) -> None:
    assert [key for case in cases_of(file).values() for key in case.unknown_keys] == []
