"""What a person's form asks for, handed to the rules that decide whether it is done."""

from __future__ import annotations

from dataclasses import dataclass

from counterfoil.domain.actions import LineAction
from counterfoil.domain.exceptions import Arrival, ExceptionReason, Outcome
from counterfoil.domain.invoices import Invoice
from counterfoil.domain.matching_result import InvoiceType
from counterfoil.domain.orders import Coding
from counterfoil.domain.people import Person
from counterfoil.errors import BadRequest, RecordUnknown
from counterfoil.page.invoice import row_of
from counterfoil.page.requests import Form
from counterfoil.steps import resolve, review
from counterfoil.steps.resolve import LineRequest
from counterfoil.steps.review import Clock
from counterfoil.store import Store

CODE_MAX = 100
# What of a coding a person writes; what else a proposal says goes along with it.
CODED_BY_HAND = ("account", "department", "class_", "location", "project")
# The whole invoice, where a line could be named.
ALL = "all"


@dataclass(frozen=True)
class Acting:
    """A person with a form in front of an invoice. Each method returns the invoice as it then is, or raises why not."""

    company: str
    invoice_id: str
    person: Person
    form: Form
    store: Store
    now: Clock

    def act(self, action: str) -> Invoice:
        """Do something with the whole invoice."""
        return review.act(
            self.company,
            self.invoice_id,
            action,
            self.person,
            comment=self._comment,
            version=self.form.version,
            to=self.form.get("to", ""),
            store=self.store,
            now=self.now,
        )

    def act_on_line(self, line: str, action: str) -> Invoice:
        """Settle one line; the invoice is decided again with it."""
        number = line_number(line)
        if action == LineAction.LINK and not self.form.all("to"):
            raise BadRequest(f"tick the order lines that line {number} bills, {resolve.LINKS_MAX} of them at most")
        coding = None
        if action == LineAction.NEW_LINE:
            invoice = self.store.invoice(self.company, self.invoice_id)
            coding = coding_of(self.form, row_of(invoice, self.person, number, store=self.store).coding)
        request = LineRequest(
            action=action,
            to=tuple(self.form.all("to")),
            coding=coding,
            comment=self._comment,
            version=self.form.version,
        )
        return resolve.act_on_line(
            self.company, self.invoice_id, number, request, self.person, store=self.store, now=self.now
        )

    def set_type(self) -> Invoice:
        """Say whether it bills an order or none; an empty choice leaves it to the rules again."""
        wanted = self.form.get("invoice_type", "")
        if wanted and wanted not in list(InvoiceType):
            raise BadRequest(f"there is no type {wanted[:40]!r}")
        return resolve.set_type(
            self.company,
            self.invoice_id,
            InvoiceType(wanted) if wanted else None,
            self.person,
            version=self.form.version,
            store=self.store,
            now=self.now,
        )

    def close_exception(self, reason: str, line: str) -> Invoice:
        """Write down how an exception ended, of a line or (`all`) of the whole invoice."""
        if reason not in list(ExceptionReason):
            raise RecordUnknown(f"there is no exception {reason[:40]!r}")
        if self.form.get("outcome") not in list(Outcome):
            raise BadRequest("say how it ended: choose one of the outcomes")
        return resolve.close_exception(
            self.company,
            self.invoice_id,
            ExceptionReason(reason),
            Outcome(self.form["outcome"]),
            self.person,
            line=None if line == ALL else line_number(line),
            comment=self._comment,
            version=self.form.version,
            store=self.store,
            now=self.now,
        )

    def ask_for_receipts(self) -> Invoice:
        """Ask whoever receives whether the goods came."""
        return resolve.ask_for_receipts(
            self.company,
            self.invoice_id,
            self.person,
            of=self.form.get("of", ""),
            version=self.form.version,
            store=self.store,
            now=self.now,
        )

    def answer_for_receipt(self) -> Invoice:
        """Say whether the goods came."""
        if self.form.get("answer") not in list(Arrival):
            raise BadRequest("say whether the goods came: choose one of the answers")
        return resolve.answer_for_receipt(
            self.company,
            self.invoice_id,
            self.form.get("order_id", ""),
            line_number(self.form.get("line", "")),
            Arrival(self.form["answer"]),
            self.person,
            comment=self._comment,
            store=self.store,
            now=self.now,
        )

    @property
    def _comment(self) -> str:
        return self.form.get("comment", "")


def coding_of(form: Form, proposed: Coding) -> Coding:
    """Where a person posts a new line; what they have no field for (custom segments) stays as proposed."""
    given = {name: form.get(name, "").strip() for name in CODED_BY_HAND}
    for name, value in given.items():
        if len(value) > CODE_MAX:
            raise BadRequest(f"{name.strip('_')}: at most {CODE_MAX} characters, this has {len(value)}")
    return proposed.model_copy(update={name: value or None for name, value in given.items()})


def line_number(text: str) -> int:
    """A line's number; RecordUnknown for what is none."""
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise RecordUnknown("there is no such line")
    return int(text)
