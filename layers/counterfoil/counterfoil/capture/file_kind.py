"""What a file is, by its first bytes. The name is what a stranger wrote, so it decides nothing."""

from __future__ import annotations

import re
from enum import StrEnum

# Readers accept a PDF header within the first kilobyte (ISO 32000-1, appendix H.3.4.1).
PDF_HEADER_WITHIN = 1024
HEAD_LENGTH = 4096
WEBP = (b"RIFF", b"WEBP")
IMAGE_STARTS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*")
MAIL_HEADER = re.compile(rb"[A-Za-z][A-Za-z0-9-]{1,60}:[ \t]?[^\r\n]*\r?\n")
MAIL_NAMES = (
    b"from:",
    b"received:",
    b"return-path:",
    b"message-id:",
    b"mime-version:",
    b"subject:",
)
MAIL_NAMES_MIN = 2


class FileKind(StrEnum):
    PDF = "pdf"
    XML = "xml"
    IMAGE = "image"
    MAIL = "mail"
    EMPTY = "empty"
    OTHER = "other"


def file_kind(content: bytes) -> FileKind:
    """The kind of a file; OTHER for what no reader of ours knows."""
    head = content[:HEAD_LENGTH]
    if not content.strip(b"\x00\t\r\n\f\v ") if len(content) <= HEAD_LENGTH else False:
        return FileKind.EMPTY
    if b"%PDF-" in head[:PDF_HEADER_WITHIN]:
        return FileKind.PDF
    if head.startswith(IMAGE_STARTS) or (head[:4], head[8:12]) == WEBP:
        return FileKind.IMAGE
    if _is_xml(head):
        return FileKind.XML
    if _is_mail(head):
        return FileKind.MAIL
    return FileKind.OTHER


def _is_xml(head: bytes) -> bool:
    # UTF-16 with or without a byte order mark reads as ASCII once its zero bytes are gone.
    start = head.removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    start = start.replace(b"\x00", b"").lstrip()
    lowered = start[:64].lower()
    return start.startswith(b"<") and not lowered.startswith((b"<html", b"<!doctype html"))


def _is_mail(head: bytes) -> bool:
    lowered = head.lower()
    known = sum(lowered.startswith(name) or b"\n" + name in lowered for name in MAIL_NAMES)
    return bool(MAIL_HEADER.match(head)) and known >= MAIL_NAMES_MIN
