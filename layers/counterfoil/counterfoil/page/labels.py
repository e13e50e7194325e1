"""What stands on the page: its tabs and pages, the button of each action, and the sentence when it is done."""

from __future__ import annotations

from counterfoil.domain.actions import LineAction
from counterfoil.domain.lifecycle import Status
from counterfoil.domain.matching_result import InvoiceType
from counterfoil.domain.people import Entitlement

# What waits for people comes first; the rest follows an invoice's way.
TABS = (
    Status.NEEDS_REVIEW,
    Status.DUPLICATE,
    Status.EXCEPTION,
    Status.MATCHED,
    Status.READY_TO_POST,
    Status.EXPORT_FAILED,
    Status.AWAITING_RECEIPT,
    Status.RECEIVED,
    Status.CAPTURED,
    Status.APPROVED,
    Status.EXPORTING,
    Status.POSTED,
    Status.REJECTED,
)
# The pages of a company, and who sees them.
PAGES = (
    ("", "Invoices", Entitlement.READ_INVOICES),
    ("exceptions", "Exceptions", Entitlement.READ_INVOICES),
    ("receipts", "Receipts", Entitlement.READ_INVOICES),
    ("deliveries", "Deliveries", Entitlement.READ_DELIVERIES),
    ("upload", "Upload", Entitlement.UPLOAD),
    ("settings", "Settings", Entitlement.READ_SETTINGS),
)
TYPES = {InvoiceType.PO_INVOICE.value: "a PO invoice", InvoiceType.INVOICE.value: "an invoice without an order"}

QUESTIONS = {
    "NEW_PASSWORD_REQUIRED": ("New password", "Your password was a temporary one: choose your own.", "new-password"),
    "SOFTWARE_TOKEN_MFA": ("Code", "Enter the code that your authenticator shows.", "one-time-code"),
    "SMS_MFA": ("Code", "Enter the code that was sent to your phone.", "one-time-code"),
}
# The button of each action, and the sentence when it is done.
BUTTONS = {
    "approve": ("Approve", "Approved."),
    "mark_approved": ("Mark as approved", "Marked as approved."),
    "send_for_approval": ("Send for approval", "Sent for approval."),
    "post": ("Post", "It is being posted."),
    "hold": ("Hold", "On hold: it goes nowhere until it is recalled."),
    "recall": ("Recall", "Taken back."),
    "reject": ("Reject", "Rejected."),
    "delete": ("Delete", "Deleted: it stays in the list of the rejected."),
    "rerun_linking": ("Match again", "It is being matched again."),
    "read_again": ("Read the document again", "The document is being read again."),
    "clear_duplicate": ("Not a duplicate", "Cleared: it goes on to matching."),
    "retry_export": ("Post again", "It is being posted again."),
    "reopen": ("Take up again", "It is being read again."),
}
LINE_BUTTONS = {
    LineAction.ACCEPT: ("Accept", "Accepted as it is billed."),
    LineAction.NEW_LINE: ("Add as new line", "It is billed as a line of its own."),
    LineAction.AWAIT_RECEIPT: ("Wait for the goods", "It waits for its receipt."),
    LineAction.DISPUTE: ("Dispute", "Disputed: the invoice waits until this is recalled."),
    LineAction.REJECT: ("Reject line", "Rejected: the invoice waits until this is recalled."),
    LineAction.RECALL: ("Recall", "Taken back."),
    LineAction.UNLINK: ("Unlink", "Unlinked: it bills no order line now."),
    LineAction.LINK: ("Link", "Linked."),
}
# What can have been done, and the sentence for it.
DONE = {
    **{name: said for name, (_, said) in BUTTONS.items()},
    **{f"line_{action.value}": said for action, (_, said) in LINE_BUTTONS.items()},
    "sync": "It is being read: what has changed is here in a minute or two.",
    "type": "The invoice was decided again.",
    "exception": "Closed.",
    "receipts": "Asked.",
    "answer": "Thank you: the answer is noted.",
}
# What was done with a line, as it stands beside it.
TAKEN = {
    LineAction.ACCEPT: "Accepted",
    LineAction.NEW_LINE: "Billed as a new line",
    LineAction.AWAIT_RECEIPT: "Waits for its receipt",
    LineAction.DISPUTE: "Disputed",
    LineAction.REJECT: "Rejected",
}
