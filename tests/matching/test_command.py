"""`counterfoil match` as people and scripts call it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from counterfoil.cli import app

GIVEN = Path(__file__).parent / "cases" / "given.yaml"
CASE = """
cases:
- id: one
  purchase_orders: [{po_number: PO-1, vendor: V1, status: open, currency: USD,
    lines: [{line: 1, type: item, item: w, kind: service, description: W, quantity: '1', rate: '5'}]}]
  invoice: {number: I, vendor: V1, currency: USD, po_numbers: [PO-1],
    lines: [{line: 1, type: item, item: w, description: W, quantity: '1', rate: '5'}]}
"""


def test_an_object_a_case_comes_out() -> None:
    result = CliRunner().invoke(app, ["match", str(GIVEN), "--format", "json"])

    assert result.exit_code == 0
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(found) == 61
    assert found[0]["lines"][0] == {
        "line": 1,
        "link": "PO-1:1",
        "status": "rate_mismatch",
        "conditions": ["rate_mismatch"],
        "match_type": "2way",
        "explain": "rate 4.75 billed, 5.00 ordered: 0.25 under (5 %); 10 ea billed as ordered",
        "coding": {},
    }


def test_a_table_is_for_people(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(CASE)

    result = CliRunner().invoke(app, ["match", str(file), "--format", "table"])

    assert result.exit_code == 0
    assert "perfect_match" in result.stdout


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param("{", "line", id="not YAML"),
        pytest.param("[]", "cases", id="no cases"),
        pytest.param("cases: 7", "cases", id="cases is no list"),
        pytest.param("cases: [7]", "cases[0]", id="a case is no mapping"),
        pytest.param("cases: [{title: x}]", "cases[0].id: is missing", id="no id"),
        pytest.param("cases: [{id: a, settings: {rule: magic}}]", "case a.settings.rule", id="unknown rule"),
        pytest.param("cases: [{id: a, settings: {match_mode: 4way}}]", "case a.settings.match_mode", id="mode"),
        pytest.param(
            "cases: [{id: a, settings: {thresholds: {rate: {percent: '-1'}}}}]",
            "case a.settings.thresholds.rate",
            id="a limit below zero",
        ),
        pytest.param(CASE.replace("quantity: '1'", "quantity: 1.5"), "quantity: 1.5: numbers are", id="a float"),
        pytest.param(CASE.replace("quantity: '1'", "quantity: many"), "'many' is not a decimal", id="no number"),
        pytest.param(CASE.replace("quantity: '1'", "quantity: NaN"), "finite", id="not a number"),
        pytest.param(CASE.replace("status: open", "status: lost"), "purchase_orders[0].status", id="status"),
        pytest.param(CASE + "  steps: [{do: dance}]\n", "steps[0].do", id="unknown step"),
        pytest.param(CASE + "  steps: [{do: link, line: 1, to: nowhere}]\n", "steps[0].to", id="no order line"),
        pytest.param(
            CASE + "  steps: [{do: action, line: 1, action: accept, role: king}]\n", "steps[0].role", id="role"
        ),
        pytest.param("&a [*a]", "", id="an alias to itself"),
        pytest.param("!!python/object/apply:os.system ['true']", "line 1", id="code"),
    ],
)
def test_what_is_wrong_is_named_with_its_file_and_place(tmp_path: Path, content: str, says: str) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text(content)

    result = CliRunner().invoke(app, ["match", str(file), "--format", "json"])

    assert result.exit_code == 2
    [line] = result.stderr.splitlines()
    assert line.startswith(str(file))
    assert says in line


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["match", str(tmp_path / "no.yaml")])

    assert result.exit_code == 2
    assert "no.yaml: No such file" in result.stderr


def test_one_case_that_makes_no_sense_does_not_hide_the_others(tmp_path: Path) -> None:
    file = tmp_path / "mixed.yaml"
    file.write_text(CASE + "- {id: two, settings: {rule: magic}}\n")

    result = CliRunner().invoke(app, ["match", str(file), "--format", "json"])

    assert result.exit_code == 2
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ["one"]


def test_a_key_that_is_not_known_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(CASE.replace("currency: USD, po_numbers", "currency: USD, weather: fine, po_numbers"))

    result = CliRunner().invoke(app, ["match", str(file), "--format", "json"])

    assert result.exit_code == 0
    assert "case one.invoice.weather: not known, passed over" in result.stderr


@pytest.mark.parametrize(
    ("written", "place"),
    [
        pytest.param(("currency: USD, po_numbers", "curency: USD, po_numbers"), "invoice.curency", id="invoice"),
        pytest.param(("kind: service", "kinds: service"), "purchase_orders[0].lines[0].kinds", id="order line"),
        pytest.param(("- id: one", "- id: one\n  settings: {threshold: {}}"), "settings.threshold", id="settings"),
        pytest.param(("- id: one", "- id: one\n  receipt: []"), "case one.receipt", id="case"),
        pytest.param(
            ("- id: one", "- id: one\n  steps: [{do: retry_post, expects: {}}]"), "steps[0].expects", id="step"
        ),
    ],
)
def test_a_key_that_is_nearly_a_known_one_is_refused(tmp_path: Path, written: tuple[str, str], place: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(CASE.replace(*written))

    result = CliRunner().invoke(app, ["match", str(file), "--format", "json"])

    assert result.exit_code == 2
    assert f"{place}: is not known; " in result.stderr


def test_a_case_nobody_foresaw_does_not_hide_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(CASE + CASE.replace("cases:\n", "").replace("id: one", "id: two"))
    monkeypatch.setattr("counterfoil.cli.match.run", lambda case: {"id": case.id} if case.id == "two" else [][1])

    result = CliRunner().invoke(app, ["match", str(file), "--format", "json"])

    assert result.exit_code == 2
    assert json.loads(result.stdout) == {"id": "two"}
    assert "case one: cannot be decided (IndexError)" in result.stderr


def test_order_numbers_stand_in_a_list_or_alone(tmp_path: Path) -> None:
    for numbers in ("po_numbers: [PO-1]", "po_numbers: PO-1", "po_number: PO-1"):
        file = tmp_path / "a.yaml"
        file.write_text(CASE.replace("po_numbers: [PO-1]", numbers))

        result = CliRunner().invoke(app, ["match", str(file), "--format", "json"])

        assert json.loads(result.stdout)["lines"][0]["link"] == "PO-1:1"


@pytest.mark.parametrize(
    ("status", "invoice_type"),
    [("Pending Receipt", "po_invoice"), ("pending_billing", "po_invoice"), ("Closed", "invoice"), ("Draft", "invoice")],
)
def test_an_orders_status_may_be_the_erps(tmp_path: Path, status: str, invoice_type: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(CASE.replace("status: open", f"status: {status}").replace("po_numbers: [PO-1],", ""))

    result = CliRunner().invoke(app, ["match", str(file), "--format", "json"])

    assert json.loads(result.stdout)["invoice_type"] == invoice_type
