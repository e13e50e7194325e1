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


class RecordUnknown(Refusal):
    """There is no such line, exception, vendor or draft."""

    code = "not_found"


class MoveRefused(Refusal):
    """The invoice's state does not allow the move."""

    code = "move_refused"


class ActionDeclined(Refusal):
    """An action that the invoice or its line does not allow; `rule` names the rule that says so."""

    code = "action_declined"

    def __init__(self, rule: str, detail: str) -> None:
        super().__init__(detail, rule=rule)
        self.rule = rule


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


class ErpError(CounterfoilError):
    """The ERP did not do what was asked.

    `code` is the ERP's own (`USER_ERROR`), or ours in lower case where it gave none; `detail` its own sentence;
    `path` where it points to (`item.items[0].item`), `status` the HTTP status, None without an answer.
    """

    def __init__(self, code: str, detail: str, *, path: str | None = None, status: int | None = None) -> None:
        self.code = code
        self.detail = detail
        self.path = path
        self.status = status
        super().__init__(f"{code}: {detail}" + (f" ({path})" if path else ""))


class ErpRefusal(ErpError):
    """Refused for what was asked: the same again will be refused again."""


class DuplicateExternalId(ErpRefusal):
    """A record of this type has the external id already."""


class RecordMissing(ErpRefusal):
    """There is no record of that id."""


class TooManyRows(ErpRefusal):
    """A query that was meant to be bounded has more rows than one page; nothing of it was used."""


class ErpLoginRefused(ErpError):
    """The credentials were refused, or the role may not do this. Never repeated: five failures lock the token."""


class ErpUnavailable(ErpError):
    """No useful answer now; nothing is known to have changed. Worth trying later."""


class RateLimited(ErpUnavailable):
    """More calls at once than the account allows; the call was not carried out."""


class UnexpectedReply(ErpUnavailable):
    """An answer that is not the API's: a login or maintenance page, a redirect, broken or oversized JSON."""


class ReplyLost(ErpError):
    """A change was sent and its outcome is unknown: look the record up by its external id before anything else."""
