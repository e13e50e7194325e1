"""E-mails as mail services store them: attachments in order of worth, sender and what the receiving server found.

Attachment names are shown and never used as paths. Attached e-mails are opened to a limited depth, so that a forwarded
invoice is found and a nested bomb is not followed.
"""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage, Message

from counterfoil.capture.errors import CaptureError, ErrorCode
from counterfoil.capture.file_kind import FileKind, file_kind
from counterfoil.capture.limits import Limits
from counterfoil.domain.invoices import MailOrigin

DEPTH_MAX = 3
NAME_LENGTH_MAX = 200
# A picture smaller than this is a logo or a tracking pixel.
IMAGE_BYTES_MIN = 20_000
# What is likeliest to be the invoice comes first.
WORTH = (FileKind.XML, FileKind.PDF, FileKind.IMAGE)
AUTHENTICATION = re.compile(r"\b(spf|dkim|dmarc)=([a-z]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MailPart:
    """One attachment and the e-mail it came in."""

    content: bytes
    kind: FileKind
    origin: MailOrigin


def parts_of(content: bytes, limits: Limits) -> list[MailPart]:
    """Attachments that may be invoices, the worthiest first; CaptureError `too_large` beyond the limits."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    found: list[MailPart] = []
    for attached, name, origin in _attachments(message, _origin(message), 0):
        if len(attached) > limits.embedded_bytes_max:
            raise CaptureError(
                ErrorCode.TOO_LARGE, f"an attachment has {len(attached)} bytes, limit {limits.embedded_bytes_max}"
            )
        kind = file_kind(attached)
        if kind not in WORTH or (kind == FileKind.IMAGE and len(attached) < IMAGE_BYTES_MIN):
            continue
        found.append(MailPart(attached, kind, origin.model_copy(update={"attachment": name})))
        if len(found) > limits.attachments_max:
            raise CaptureError(ErrorCode.TOO_LARGE, f"more than {limits.attachments_max} attachments")
    return sorted(found, key=lambda part: WORTH.index(part.kind))


def _attachments(message: Message, origin: MailOrigin, depth: int) -> Iterator[tuple[bytes, str | None, MailOrigin]]:
    if depth > DEPTH_MAX:
        return
    if message.get_content_type() == "message/rfc822":
        for inner in _inner(message):
            yield from _attachments(inner, origin, depth + 1)
    elif message.is_multipart():
        for part in _inner(message):
            yield from _attachments(part, origin, depth + (part.get_content_maintype() == "multipart"))
    elif message.get_content_type() not in ("text/plain", "text/html"):
        content = message.get_payload(decode=True)
        if isinstance(content, bytes):
            yield content, _name(message), origin


def _inner(message: Message) -> list[Message]:
    payload = message.get_payload()
    return [part for part in payload if isinstance(part, Message)] if isinstance(payload, list) else []


def _name(message: Message) -> str | None:
    """The attachment's last path element, for people to see."""
    try:
        name = message.get_filename()
    except (LookupError, ValueError):
        return None
    return re.split(r"[/\\]", name)[-1][:NAME_LENGTH_MAX] if name else None


def _origin(message: EmailMessage | Message) -> MailOrigin:
    results = " ".join(_header(message, "Authentication-Results") or [])
    return MailOrigin(
        sender=next(iter(_header(message, "From")), None),
        message_id=next(iter(_header(message, "Message-ID")), None),
        authentication={found[1].lower(): found[2].lower() for found in AUTHENTICATION.finditer(results)},
    )


def _header(message: EmailMessage | Message, name: str) -> list[str]:
    """A header's values; none when the sender wrote one that cannot be parsed."""
    try:
        return [str(value).strip() for value in message.get_all(name, [])]
    except (ValueError, LookupError, IndexError, AttributeError, TypeError):
        return []
