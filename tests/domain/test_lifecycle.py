import pytest

from counterfoil.domain.lifecycle import STATES, Status, Step, may_move, next_step
from tests.builders import an_invoice


def test_every_status_has_its_state():
    assert set(STATES) == set(Status)


@pytest.mark.parametrize("status", Status)
def test_every_state_can_end_posted_or_rejected(status):
    reachable, edge = {status}, [status]
    while edge:
        for following in STATES[edge.pop()].moves - reachable:
            reachable.add(following)
            edge.append(following)

    assert reachable & {Status.POSTED, Status.REJECTED}


def test_what_is_posted_stays_posted_unless_its_bill_is_gone():
    assert STATES[Status.POSTED].moves == {Status.EXPORT_FAILED}


def test_nothing_is_posted_that_was_not_approved_and_written_down_first():
    before_posted = {status for status in Status if Status.POSTED in STATES[status].moves}
    before_exporting = {status for status in Status if Status.EXPORTING in STATES[status].moves}

    assert before_posted == {Status.EXPORTING, Status.EXPORT_FAILED}
    assert before_exporting == {Status.APPROVED, Status.EXPORT_FAILED}


def test_a_state_without_step_is_an_end_or_waits_for_someone():
    for status, state in STATES.items():
        assert state.step or state.moves or status in (Status.POSTED, Status.REJECTED)


@pytest.mark.parametrize(
    ("status", "attempts", "step"),
    [
        pytest.param(Status.RECEIVED, 0, None, id="just arrived: being read by whoever wrote it down"),
        pytest.param(Status.RECEIVED, 1, Step.CAPTURE, id="found resting by the sweep"),
        pytest.param(Status.CAPTURED, 0, Step.MATCH, id="read"),
        pytest.param(Status.MATCHED, 0, None, id="waits for an approver"),
        pytest.param(Status.APPROVED, 0, Step.EXPORT, id="approved"),
        pytest.param(Status.EXPORTING, 0, None, id="being posted by whoever wrote that down"),
        pytest.param(Status.EXPORTING, 3, Step.EXPORT, id="set going again"),
        pytest.param(Status.POSTED, 0, None, id="done"),
    ],
)
def test_the_state_says_the_next_step(status, attempts, step):
    assert next_step(an_invoice(status=status, attempts=attempts)) == step


def test_a_move_that_is_not_in_the_table_is_refused():
    assert not may_move(Status.CAPTURED, Status.POSTED)
    assert not may_move(Status.REJECTED, Status.APPROVED)
    assert may_move(Status.CAPTURED, Status.CAPTURED)
