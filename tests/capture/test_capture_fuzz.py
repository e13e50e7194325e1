"""Two thousand damaged documents: each is read or refused with a code; nothing hangs, crashes or writes a file."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path

import pytest

from counterfoil.capture import CaptureError, Limits, capture

SAMPLES = Path(__file__).parent / "samples"
DOCUMENTS = sorted(path for path in SAMPLES.iterdir() if path.suffix not in (".json", ".md"))
MUTANTS = 2000
SEED = 20240917
SECONDS_EACH_MAX = 6


def mutated(content: bytes, chance: random.Random) -> bytes:
    """The document cut, with bytes flipped, a slice doubled, moved or replaced, or a number blown up."""
    changed = bytearray(content)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(max(1, len(changed)))
        length = chance.randint(1, 200)
        match chance.randrange(6):
            case 0:
                changed[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del changed[at:]
            case 2:
                changed[at:at] = changed[at : at + length]
            case 3:
                del changed[at : at + length]
            case 4:
                changed[at : at + length] = chance.randbytes(length)
            case 5:
                digits = changed.find(b"0", at)
                changed[max(0, digits) : max(0, digits)] = b"9" * chance.randint(1, 30)
    return bytes(changed)


@pytest.mark.parametrize("part", range(10))
def test_damaged_documents_are_read_or_refused(part, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    chance = random.Random(SEED + part)
    contents = [path.read_bytes() for path in DOCUMENTS]
    outcomes: Counter[str] = Counter()

    for _ in range(MUTANTS // 10):
        content = mutated(chance.choice(contents), chance)
        start = time.monotonic()
        try:
            capture(content, "mutant", limits=Limits(seconds_max=5, recognised_pages_max=0))
            outcomes["read"] += 1
        except CaptureError as error:
            assert not error.detail.startswith("the reader failed"), error
            outcomes[error.code] += 1
        assert time.monotonic() - start < SECONDS_EACH_MAX

    assert sum(outcomes.values()) == MUTANTS // 10
    assert list(tmp_path.iterdir()) == []
