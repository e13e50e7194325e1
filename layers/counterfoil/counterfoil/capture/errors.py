"""The one way a document is refused: a code to count and a sentence for a person."""

from __future__ import annotations

from enum import StrEnum


class ErrorCode(StrEnum):
    ENCRYPTED = "encrypted"
    DAMAGED = "damaged"
    UNSUPPORTED_TYPE = "unsupported_type"
    TOO_LARGE = "too_large"
    TOO_MANY_PAGES = "too_many_pages"
    NO_TEXT = "no_text"
    NOT_AN_INVOICE = "not_an_invoice"
    UNSAFE_XML = "unsafe_xml"
    EMPTY = "empty"


class CaptureError(Exception):
    """A document that cannot be read. `detail` holds numbers and names, never the document's text."""

    def __init__(self, code: ErrorCode, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
