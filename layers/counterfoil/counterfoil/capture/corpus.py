"""A labelled corpus: its documents, the segments that they are reported by, and the fold that is kept aside."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from counterfoil.capture.scoring import group_of

SALT = "counterfoil"
FOLDS_MAX = 100
# In the order of the report. Of a hybrid PDF the page need not show what its XML says: the second counts that as well.
HYBRID_IN_FULL = "hybrid PDF, all labelled"
SEGMENTS = (
    "XML", "hybrid PDF", HYBRID_IN_FULL, "PDF with text layer", "PDF with text layer, synthetic", "scan or picture",
)  # fmt: skip


class CorpusError(Exception):
    """The corpus or an option about it cannot be used; the text names the file and the place."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """One document and its label."""

    folder: str
    path: Path
    label: dict[str, Any]

    @property
    def segments(self) -> list[str]:
        """The segments that count it: none for a page that does not show number and total."""
        kind, is_usable = str(self.label["kind"]), self.label.get("layout_usable")
        if kind.startswith("xml"):
            return ["XML"]
        if kind == "pdf-hybrid":
            return ["hybrid PDF", HYBRID_IN_FULL]
        if kind == "pdf-text":
            synthetic = ", synthetic" if self.label.get("synthetic") else ""
            return [f"PDF with text layer{synthetic}"] if is_usable in (True, None) else []
        return ["scan or picture"] if kind in ("pdf-scan", "image") else []


@dataclass(frozen=True, slots=True)
class Fold:
    """One of `of` parts that the groups of like documents are dealt into.

    A group's part is the first eight bytes of SHA-256 of `<salt>:<group>` as a number, modulo `of`, plus one: the same
    on every machine, whatever else is in the corpus, and like documents are never on both sides.
    """

    number: int
    of: int
    salt: str = SALT

    @classmethod
    def parse(cls, text: str, salt: str = SALT) -> Fold:
        """`3/3` is the third of three; CorpusError for anything else."""
        number, _, of = text.partition("/")
        if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of) <= FOLDS_MAX and int(of) > 1):
            raise CorpusError(f"a fold is a number of how many, as in 3/3, at most of {FOLDS_MAX}; not {text!r}")
        return cls(int(number), int(of), salt)

    def holds(self, label: dict[str, Any]) -> bool:
        digest = hashlib.sha256(f"{self.salt}:{group_of(label)}".encode()).digest()
        return int.from_bytes(digest[:8]) % self.of == self.number - 1

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


def documents_of(corpus: Path) -> Iterator[Labelled]:
    """Every labelled document, folder by folder. Raises CorpusError."""
    labels = sorted(corpus.glob("*/labels.jsonl")) or sorted(corpus.glob("labels.jsonl"))
    if not labels:
        raise CorpusError(f"{corpus}: no labels.jsonl in it or in its folders")
    for path in labels:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CorpusError(f"{path}: {error}") from error
        for place, line in enumerate(text.splitlines(), start=1):
            if not line.strip():
                continue
            try:
                label = json.loads(line, parse_float=str, parse_int=str)
                name, _, _ = str(label["file"]), label["kind"], label["truth"]
            except (ValueError, KeyError, TypeError) as error:
                raise CorpusError(f"{path}:{place}: no label: {error}") from error
            yield Labelled(path.parent.name, path.parent / name, label)
