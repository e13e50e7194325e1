"""Opens documents for the steps: pages without text go to the deployment's service first, where it has one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from counterfoil.capture import Limits, Recognition, UnreadPage, VendorMemory, capture, learn, unread_pages
from counterfoil.capture.recognised import RecognisedPage
from counterfoil.domain.company import CompanyIdentity
from counterfoil.domain.invoices import CapturedInvoice

LIMITS = Limits()
Recognise = Callable[[UnreadPage], RecognisedPage | None]


@dataclass(frozen=True)
class OpenedDocument:
    """A document with what its unread pages were recognised to say, read as often as needed."""

    content: bytes
    own: CompanyIdentity
    limits: Limits
    recognition: Recognition

    def read(self, memory: VendorMemory | None = None) -> CapturedInvoice:
        """What it says, with what is known of its vendor. Raises CaptureError."""
        return capture(self.content, "", self.own, self.limits, memory, self.recognition)

    def learn(self, corrected: CapturedInvoice, memory: VendorMemory) -> VendorMemory:
        """The vendor's memory after a person corrected or confirmed it. Raises CaptureError."""
        return learn(self.content, corrected, memory, self.own, self.limits, self.recognition)


@dataclass(frozen=True)
class DocumentReader:
    """How this deployment reads documents. `recognise` asks a service about one page; None without one."""

    limits: Limits = LIMITS
    recognise: Recognise | None = None

    def open(self, content: bytes, own: CompanyIdentity) -> OpenedDocument:
        """The document, its unread pages recognised. Raises CaptureError, and what the service raises."""
        recognition = Recognition()
        if self.recognise is not None:
            found = [self.recognise(page) for page in unread_pages(content, self.limits)]
            recognition = Recognition(pages=tuple(page for page in found if page is not None))
        return OpenedDocument(content, own, self.limits, recognition)
