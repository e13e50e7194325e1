"""The words that names of businesses are made of: data, in `trade_words.txt`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

FILE = Path(__file__).parent.parent / "trade_words.txt"


@lru_cache(1)
def trade_words() -> frozenset[str]:
    """All of them, in capitals."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())
