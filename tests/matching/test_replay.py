"""A decision is made again to the same answer, and under other settings to show what they would do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from counterfoil.cli import app
from counterfoil.domain.policy import MatchPolicy, Threshold, Thresholds
from counterfoil.domain.replay import Decision, Effect, overcharge_of, replay, simulate, sums
from counterfoil.scenarios.reader import Case, read_cases
from counterfoil.scenarios.simulation import decision_of
from tests.builders import an_order
from tests.matching.test_matching import an_amount, an_expense, an_invoice_of, billed, d, goods, matched, within

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))


def a_decision(rate: str = "5.50", policy: MatchPolicy | None = None) -> Decision:
    captured, order = an_invoice_of(billed(unit_price=d(rate))), an_order()
    return Decision(
        invoice_id="invoice-1",
        vendor_id="501",
        captured=captured,
        orders=(order,),
        policy=policy or MatchPolicy(),
        result=matched(captured, order, policy=policy),
    )


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_stored_decisions_replay_to_the_same_answer(file: Path) -> None:
    decisions = [decision_of(case) for case in read_cases(file) if isinstance(case, Case) and case.invoice is not None]
    stored = [Decision.model_validate_json(decision.model_dump_json()) for decision in decisions]

    assert [replay(decision) for decision in stored] == [decision.result for decision in decisions]


@pytest.mark.parametrize(
    ("rate", "before", "after", "effect", "overcharge"),
    [
        ("5.50", MatchPolicy(), within("rate", absolute="1"), Effect.PASSES_NOW, "5"),
        ("5.50", within("rate", absolute="1"), MatchPolicy(), Effect.STOPS_NOW, "5"),
        ("5.00", within("rate", absolute="1"), MatchPolicy(), Effect.SAME, "0"),
        ("4.50", MatchPolicy(), within("rate", absolute="1"), Effect.PASSES_NOW, "0"),
    ],
)
def test_other_settings_show_what_they_would_do_and_cost(
    rate: str, before: MatchPolicy, after: MatchPolicy, effect: Effect, overcharge: str
) -> None:
    [change] = simulate([a_decision(rate, before)], after)

    assert change.effect == effect
    assert change.overcharge == d(overcharge)


def test_a_line_decided_otherwise_in_a_stopped_invoice_is_shown() -> None:
    captured, order = an_invoice_of(billed(quantity=d("12"), unit_price=d("5.50"))), an_order()
    decision = a_decision().model_copy(update={"captured": captured, "result": matched(captured, order)})

    [change] = simulate([decision], within("rate", absolute="1"))

    assert change.effect == Effect.EXPLAINED_OTHERWISE
    assert (change.lines, change.before, change.after) == ((1,), ("rate_mismatch",), ("quantity_mismatch",))


def test_changes_are_added_up_by_effect_and_currency() -> None:
    changes = simulate([a_decision("5.50"), a_decision("5.10"), a_decision("5.00")], within("rate", absolute="1"))

    assert [(each.effect, each.invoices, each.amount, each.overcharge) for each in sums(changes)] == [
        (Effect.SAME, 1, d("50"), 0),
        (Effect.PASSES_NOW, 2, d("106"), d("6")),
    ]


def test_lines_that_bill_one_order_line_together_cost_once() -> None:
    policy = MatchPolicy(thresholds=Thresholds(quantity=Threshold(absolute=d("5"))))
    order = an_order(lines=(goods(received=d("8")),))
    invoice = an_invoice_of(billed(quantity=d("4")), billed(line=2, quantity=d("6")))

    result = matched(invoice, order, policy=policy, hand_links={1: [("1001", 1)], 2: [("1001", 1)]})

    assert overcharge_of(result) == d("10")


def test_an_expense_costs_what_it_is_above_its_order() -> None:
    order = an_order(lines=(an_expense(),))

    assert overcharge_of(matched(an_invoice_of(an_amount("820")), order)) == 20


def test_the_command_prints_what_would_change(tmp_path: Path) -> None:
    settings, history = tmp_path / "new.yaml", tmp_path / "history.jsonl"
    settings.write_text("settings: {version: 2, thresholds: {rate: {absolute: '1'}}}")
    history.write_text(a_decision("5.50").model_dump_json() + "\n\n" + a_decision("5.00").model_dump_json() + "\n")

    result = CliRunner().invoke(app, ["simulate", "--settings", str(settings), str(history), "--format", "json"])

    assert result.exit_code == 0, result.stderr
    change, total = [json.loads(line) for line in result.stdout.splitlines()]
    assert (change["effect"], change["overcharge"]) == ("passes_now", "5.00")
    assert [each["effect"] for each in total["sums"]] == ["same", "passes_now"]


def test_the_command_takes_scenarios_and_draws_a_table(tmp_path: Path) -> None:
    settings = tmp_path / "new.yaml"
    settings.write_text("thresholds: {rate: {percent: '50'}}")

    result = CliRunner().invoke(app, ["simulate", "--settings", str(settings), str(CASES[0]), "--format", "table"])

    assert result.exit_code == 0, result.stderr
    assert "passes now" in result.stdout


@pytest.mark.parametrize(
    ("settings", "history", "says"),
    [
        ("thresholds: {rate: {percent: '-1'}}", "", "new.yaml: settings.thresholds.rate"),
        ("treshold: {}", "", "new.yaml: settings.treshold: is not known"),
        ("[]", "", "new.yaml: settings: a mapping is expected"),
        ("{}", "{}", "history.jsonl: line 1: invoice_id"),
        ("{}", "no json", "history.jsonl: line 1"),
    ],
)
def test_the_command_names_what_is_wrong(tmp_path: Path, settings: str, history: str, says: str) -> None:
    (tmp_path / "new.yaml").write_text(settings)
    (tmp_path / "history.jsonl").write_text(history)

    result = CliRunner().invoke(
        app, ["simulate", "--settings", str(tmp_path / "new.yaml"), str(tmp_path / "history.jsonl")]
    )

    assert result.exit_code == 2
    assert says in result.stderr
