"""Every sample is read as its label says; what is asserted must be right."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from counterfoil.capture import capture
from counterfoil.capture.scoring import FIELDS, LINE_FIELDS, NUMBERS, same

SAMPLES = Path(__file__).parent / "samples"
DOCUMENTS = sorted(path for path in SAMPLES.iterdir() if path.suffix not in (".json", ".md"))


def test_each_sample_has_its_label_and_each_label_its_sample():
    labels = {path.stem for path in SAMPLES.glob("*.json")}

    assert labels == {path.stem for path in DOCUMENTS}
    assert all(f"| {path.name} |" in (SAMPLES / "SOURCES.md").read_text() for path in DOCUMENTS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_header_fields_are_read_as_labelled(document):
    label = json.loads(document.with_suffix(".json").read_text())

    captured = capture(document.read_bytes(), document.name)

    found = {name: str(getattr(captured, name)) for name in FIELDS if name in label}
    assert [
        (name, label[name], value)
        for name, value in found.items()
        if not same(label[name], value, is_number=name in NUMBERS) or name in captured.needs_review
    ] == []
    assert captured.document_type == label["document_type"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_lines_are_read_as_labelled(document):
    wanted = json.loads(document.with_suffix(".json").read_text()).get("lines")
    if wanted is None:
        return

    lines = capture(document.read_bytes(), document.name).lines

    assert [
        [_shown(getattr(line, name)) for name in LINE_FIELDS if name in want]
        for line, want in zip(lines, wanted, strict=False)
    ] == [
        [
            _shown(want[name]) if name == "description" else _shown(Decimal(want[name]))
            for name in LINE_FIELDS
            if name in want
        ]
        for want in wanted
    ]
    assert len(lines) == len(wanted)


def _shown(value: object) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else " ".join(str(value).split())
