"""What a record is, and what one is that a rule made."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import ValidationError

from counterfoil.domain.matching_result import OrderLineLink
from counterfoil.domain.records import made

VALUES: dict[str, object] = {
    "order_id": "1001",
    "po_number": "PO-1",
    "line": 2,
    "quantity": Decimal("4.50"),
    "over": Decimal(0),
}


def test_a_record_that_a_rule_made_is_the_one_that_is_checked() -> None:
    link = made(OrderLineLink, dict(VALUES))

    assert link == OrderLineLink.model_validate(VALUES)
    assert link.model_dump_json() == OrderLineLink.model_validate(VALUES).model_dump_json()
    assert link.model_dump(exclude_unset=True) == VALUES
    assert str(link) == "PO-1:2"


def test_a_record_that_a_rule_made_is_frozen_and_a_change_is_a_copy() -> None:
    link = made(OrderLineLink, dict(VALUES))

    changed = link.model_copy(update={"line": 3})
    with pytest.raises(ValidationError, match="frozen"):
        link.line = 3  # type: ignore[misc]  # that it is refused is what is shown

    assert (link.line, changed.line) == (2, 3)
    assert changed == OrderLineLink.model_validate(VALUES | {"line": 3})


@pytest.mark.parametrize(
    ("values", "named"),
    [
        pytest.param({"order_id": "1001", "line": 2}, "over", id="fields missing"),
        pytest.param(VALUES | {"note": "x"}, "note", id="one too many"),
    ],
)
def test_a_rule_makes_all_of_a_record_and_nothing_else(values: dict[str, object], named: str) -> None:
    with pytest.raises(TypeError, match=named):
        made(OrderLineLink, values)
