"""Every refusal and fault that crosses a module's edge. What is wrong with a document is data, not an error."""

from __future__ import annotations


class CounterfoilError(Exception):
    """The root of all errors raised here."""


class Refusal(CounterfoilError):
    """A request that is declined: it changes nothing and says why. `code` is stable, `detail` is for people."""

    code = "refused"

    def __init__(self, detail: str, **values: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.values = values


class UnknownCompany(Refusal):
    code = "unknown_company"


class InvoiceMissing(Refusal):
    code = "invoice_missing"


class MoveRefused(Refusal):
    """The invoice's state does not allow the move."""

    code = "move_refused"


class NotEntitled(Refusal):
    code = "not_entitled"


class BadRequest(Refusal):
    code = "bad_request"


class SignatureRefused(Refusal):
    code = "signature_refused"


class StaleWrite(CounterfoilError):
    """Somebody else wrote first: read again, decide again."""


class LeaseRefused(CounterfoilError):
    """All leases on the ERP account's concurrency are taken: try again later."""


class ObjectMissing(CounterfoilError):
    """The object of a delivery is gone from the bucket."""


class DocumentTooLarge(CounterfoilError):
    """A document is larger than the inbox takes; `size` is in bytes."""

    def __init__(self, detail: str, *, size: int) -> None:
        super().__init__(detail)
        self.detail = detail
        self.size = size


class RecordTooLarge(CounterfoilError):
    """A record does not fit into a table item even when compressed."""
