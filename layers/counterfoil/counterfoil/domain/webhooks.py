"""What makes a message from the ERP believable: its signature, its age, and which record it speaks of.

The signature is `sha256=` and the hex HMAC-SHA256 of the timestamp, a point and the body, as `docs/operations.md`
tells whoever writes the ERP's script.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from datetime import datetime

from counterfoil.domain.records import Record
from counterfoil.errors import BadRequest, SignatureRefused

AGE_SECONDS_MAX = 300
BODY_BYTES_MAX = 65_536
RECORD_ID_MAX = 40
RECORD_ID = re.compile(rf"[0-9]{{1,{RECORD_ID_MAX}}}")

# The ERP's record types, in lower case, and the kind of record that sync reads for each.
KINDS = {
    "vendor": "vendors",
    "purchaseorder": "orders",
    "itemreceipt": "receipts",
    "vendorbill": "bills",
    "vendorcredit": "bills",
    "itemfulfillment": "returns",
}


class Notice(Record):
    """The ERP says that one record was written or deleted."""

    kind: str
    record_id: str


def signature_of(secret: str, timestamp: str, body: str) -> str:
    digest = hmac.new(secret.encode(), f"{timestamp}.{body}".encode(), hashlib.sha256)
    return f"sha256={digest.hexdigest()}"


def check_signature(secret: str, timestamp: str, signature: str, body: str, *, now: datetime) -> None:
    """SignatureRefused unless the message was signed with the secret, at most `AGE_SECONDS_MAX` ago."""
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        raise SignatureRefused("X-Counterfoil-Timestamp must be Unix seconds")
    if not hmac.compare_digest(signature_of(secret, timestamp, body).encode(), signature.encode()):
        raise SignatureRefused("X-Counterfoil-Signature does not fit the timestamp and the body")
    if abs(now.timestamp() - int(timestamp)) > AGE_SECONDS_MAX:
        raise SignatureRefused(f"the message is older than {AGE_SECONDS_MAX} seconds, or from the future")


def notice_of(body: str) -> Notice:
    """The record that a signed body speaks of; BadRequest says what is wrong with it."""
    content = content_of(body)
    record_type, record_id = content.get("recordType"), content.get("id")
    kind = KINDS.get(record_type.lower()) if isinstance(record_type, str) else None
    if kind is None:
        raise BadRequest(f"recordType must be one of {', '.join(KINDS)}")
    if not isinstance(record_id, str | int) or not RECORD_ID.fullmatch(str(record_id)):
        raise BadRequest("id must be the record's internal id")
    return Notice(kind=kind, record_id=str(record_id))


def content_of(body: str) -> dict[str, object]:
    """The body's JSON object; BadRequest when it is none."""
    if len(body.encode()) > BODY_BYTES_MAX:
        raise BadRequest(f"the body has more than {BODY_BYTES_MAX} bytes")
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest("the body is not JSON") from None
    if not isinstance(content, dict):
        raise BadRequest("the body is not a JSON object")
    return content
