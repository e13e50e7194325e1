"""Capture: a document's bytes in, a `CapturedInvoice` or a typed `CaptureError` out.

No network, no environment, no clock. What is asserted is believed to be right; the rest is named in `needs_review`.
"""

from __future__ import annotations

from counterfoil.capture.errors import CaptureError, ErrorCode
from counterfoil.capture.limits import Limits
from counterfoil.domain.company import CompanyIdentity
from counterfoil.domain.invoices import CapturedInvoice
from counterfoil.domain.vendor_memory import VendorMemory

__all__ = ["CaptureError", "CompanyIdentity", "ErrorCode", "Limits", "VendorMemory", "capture", "learn"]


def capture(
    content: bytes,
    file_name: str,
    own: CompanyIdentity | None = None,
    limits: Limits = Limits(),  # noqa: B008 - a frozen record of constants
    memory: VendorMemory | None = None,
) -> CapturedInvoice:
    """What the document says. `file_name` is only for people: the kind is found from the bytes.

    `memory` is what was learned about the vendor's layouts (`learn`), once the vendor is known.

    PDFs, images and e-mails are read in a process of their own (`bounded`), so that a crash, a hang or a flood of
    memory in a C library is a `damaged` document and nothing more. Raises CaptureError.
    """
    del file_name
    from counterfoil.capture.bounded import read_bounded

    return read_bounded(content, own or CompanyIdentity(), limits, memory)


def learn(
    content: bytes,
    corrected: CapturedInvoice,
    memory: VendorMemory,
    own: CompanyIdentity | None = None,
    limits: Limits = Limits(),  # noqa: B008 - a frozen record of constants
) -> VendorMemory:
    """The vendor's memory after a person confirmed or corrected a document, to be handed to `capture` next time.

    Raises CaptureError when the document cannot be read.
    """
    from counterfoil.capture.bounded import learn_bounded

    return learn_bounded(content, corrected, memory, own or CompanyIdentity(), limits)
