import pytest

from counterfoil.domain.audit import FIRST_HASH, AuditEntry, broken_at, sealed
from counterfoil.domain.lifecycle import Status
from tests.builders import COMPANY, NOON


def a_trail(length: int) -> list[AuditEntry]:
    trail: list[AuditEntry] = []
    for number in range(1, length + 1):
        entry = AuditEntry(
            company=COMPANY,
            invoice_id="invoice-1",
            number=number,
            at=NOON,
            by="ann",
            action="read",
            after=Status.CAPTURED,
            why=f"because {number}",
            previous_hash=trail[-1].hash if trail else FIRST_HASH,
        )
        trail.append(sealed(entry))
    return trail


def test_an_untouched_trail_is_whole():
    assert broken_at(a_trail(4)) is None
    assert broken_at([]) is None


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_changed_entry_is_found_where_it_stands(number):
    trail = a_trail(4)
    trail[number - 1] = trail[number - 1].model_copy(update={"by": "mallory"})

    assert broken_at(trail) == number


def test_a_changed_entry_with_a_fresh_hash_breaks_the_next_one():
    trail = a_trail(4)
    trail[1] = sealed(trail[1].model_copy(update={"by": "mallory"}))

    assert broken_at(trail) == 3


@pytest.mark.parametrize("number", [1, 2, 3])
def test_an_entry_taken_out_is_found(number):
    trail = a_trail(4)
    del trail[number - 1]

    assert broken_at(trail) == number


def test_two_entries_in_the_wrong_order_are_found():
    trail = a_trail(4)
    trail[1], trail[2] = trail[2], trail[1]

    assert broken_at(trail) == 2
