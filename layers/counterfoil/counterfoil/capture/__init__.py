"""Capture: a document's bytes in, a `CapturedInvoice` or a typed `CaptureError` out.

No network, no environment, no clock. What is asserted is believed to be right; the rest is named in `needs_review`.
"""

from __future__ import annotations

from counterfoil.capture.errors import CaptureError, ErrorCode
from counterfoil.capture.limits import Limits
from counterfoil.capture.recognised import Recognition, UnreadPage
from counterfoil.domain.company import CompanyIdentity
from counterfoil.domain.invoices import CapturedInvoice
from counterfoil.domain.vendor_memory import VendorMemory

__all__ = [
    "CaptureError",
    "CompanyIdentity",
    "ErrorCode",
    "Limits",
    "Recognition",
    "UnreadPage",
    "VendorMemory",
    "capture",
    "learn",
    "unread_pages",
]


def capture(
    content: bytes,
    file_name: str,
    own: CompanyIdentity | None = None,
    limits: Limits = Limits(),  # noqa: B008 - a frozen record of constants
    memory: VendorMemory | None = None,
    recognition: Recognition | None = None,
) -> CapturedInvoice:
    """What the document says. `file_name` is only for people: the kind is found from the bytes.

    `memory` is what was learned about the vendor's layouts (`learn`), once the vendor is known. `recognition` is what
    a service found on the pages without text (`unread_pages`); the others are recognised here, where that is installed.

    PDFs, images and e-mails are read in a process of their own (`bounded`), so that a crash, a hang or a flood of
    memory in a C library is a `damaged` document and nothing more. Raises CaptureError.
    """
    del file_name
    from counterfoil.capture.bounded import read_bounded

    return read_bounded(content, own or CompanyIdentity(), limits, memory, recognition)


def unread_pages(
    content: bytes,
    limits: Limits = Limits(),  # noqa: B008 - a frozen record of constants
) -> list[UnreadPage]:
    """The document's pages without readable text, for a service to recognise. Raises CaptureError."""
    from counterfoil.capture.bounded import unread_bounded

    return unread_bounded(content, limits)


def learn(
    content: bytes,
    corrected: CapturedInvoice,
    memory: VendorMemory,
    own: CompanyIdentity | None = None,
    limits: Limits = Limits(),  # noqa: B008 - a frozen record of constants
    recognition: Recognition | None = None,
) -> VendorMemory:
    """The vendor's memory after a person confirmed or corrected a document, to be handed to `capture` next time.

    Raises CaptureError when the document cannot be read.
    """
    from counterfoil.capture.bounded import learn_bounded

    return learn_bounded(content, corrected, memory, own or CompanyIdentity(), limits, recognition)
