"""Which fields of their own a company's lines may be coded by."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from counterfoil.domain.policy import LINE_SEGMENTS_MAX, CompanySettings
from tests.builders import COMPANY


@pytest.mark.parametrize("name", ["cseg_region", "cseg1", "custcol_lot", "custcol1_x"])
def test_segments_and_line_fields_may_be_named(name):
    assert CompanySettings(company=COMPANY, line_segments=(name,)).line_segments == (name,)


@pytest.mark.parametrize(
    "name", ["", "region", "cseg", "custbody_x", "CSEG_REGION", "cseg_a, tl.memo", "cseg_a\n", "cseg_" + "x" * 40]
)
def test_other_names_are_refused(name):
    with pytest.raises(ValidationError):
        CompanySettings(company=COMPANY, line_segments=(name,))


def test_so_many_may_be_named_and_no_more():
    names = [f"cseg_{number}" for number in range(LINE_SEGMENTS_MAX + 1)]

    assert CompanySettings(company=COMPANY, line_segments=names[:-1])
    with pytest.raises(ValidationError):
        CompanySettings(company=COMPANY, line_segments=names)
