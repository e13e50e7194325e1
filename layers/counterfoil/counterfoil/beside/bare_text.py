"""pypdfium2: the text of all pages and nothing else; the least that reading a PDF can take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]  # it ships no types

DISTRIBUTION = "pypdfium2"


def task_of(path: Path) -> Callable[[], str]:
    """The work on this file, its bytes in memory."""
    content = path.read_bytes()

    def text() -> str:
        with pypdfium2.PdfDocument(content) as document:
            return "\n".join(page.get_textpage().get_text_bounded() for page in document)

    return text
