"""Double entry: what each posting transaction does to the accounts, in the subsidiary's currency.

A receipt debits stock or expense and credits accrued purchases; the bill of its order debits accrued purchases and
credits payables. Nothing that does not balance is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from erp_emulator import documents
from erp_emulator.session import Record, Session, number

APPROVED = frozenset({"2", "11"})
CENT = Decimal("0.01")
ZERO = Decimal(0)
DEBIT_SIDE = frozenset(
    {"Bank", "AcctRec", "UnbilledRec", "OthCurrAsset", "FixedAsset", "OthAsset", "DeferExpense"}
    | {"COGS", "Expense", "OthExpense"}
)


class Unbalanced(Exception):
    """Postings that do not sum to zero: a fault of the emulator, never written."""


@dataclass(frozen=True)
class Posting:
    """`amount` in the base currency, debits positive."""

    line: int
    account: str
    amount: Decimal


def is_posting(record: Record) -> bool:
    """Whether the record is in the books: approved, not voided, and of a kind that posts."""
    if record.get("voided") or record.type.name in ("purchaseOrder", "vendorReturnAuthorization"):
        return False
    if record.type.name == "vendorBill":
        return record.get("approvalStatus") in APPROVED
    if record.type.name == "journalEntry":
        return bool(record.get("approvalStatus") == "2")
    if record.type.name == "itemFulfillment":
        return bool(record.get("status") == "C")
    if record.type.name == "expenseReport":
        return record.get("status") in ("F", "G", "I", "J")
    return record.type.is_transaction


def base(record: Record, amount: Decimal) -> Decimal:
    return (amount * (record.number("exchangeRate") or Decimal(1))).quantize(CENT, ROUND_HALF_UP)


def postings(session: Session, record: Record) -> list[Posting]:
    """All postings of a record, balanced; empty when it is not in the books."""
    if not is_posting(record):
        return []
    found = [each for each in MAKERS[record.type.name](session, record) if each.amount]
    if sum((each.amount for each in found), ZERO) != 0:
        raise Unbalanced(record.type.name, record.id)
    return found


def _against(record: Record, account: str, rows: list[Posting]) -> list[Posting]:
    """The main line: the other side of all rows, so rounding can never leave a rest."""
    del record
    return [Posting(0, account, -sum((each.amount for each in rows), ZERO)), *rows]


def _purchase_rows(session: Session, record: Record) -> list[Posting]:
    rows = []
    for line in record.sublist("item"):
        account = item_account(session, line)
        rows.append(Posting(int(line["line"]), account, base(record, number(line.get("amount")))))
    for line in record.sublist("expense"):
        rows.append(Posting(int(line["line"]), str(line["account"]), base(record, number(line["amount"]))))
    tax = record.number("taxTotal")
    if tax:
        rows.append(Posting(tax_line(record), tax_account(session, record), base(record, tax)))
    return rows


def tax_line(record: Record) -> int:
    """The tax line comes after all others."""
    return int(record.get("_lastLine") or 0) + 1


def item_account(session: Session, line: dict[str, Any]) -> str:
    """Accrued purchases for goods that a receipt has taken or will take in, else the item's own account."""
    item = session.find("item", line["item"])
    if item is None:
        raise Unbalanced("item", str(line["item"]))
    is_received = documents.is_received_item(item) and session.preferences["ADVANCEDRECEIVING"]
    if line.get("orderDoc") and is_received:
        return documents.special_account(session, "RecvNotBill")
    return stock_account(session, item)


def stock_account(session: Session, item: Record) -> str:
    names = ("assetAccount", "expenseAccount")
    if item.type.code.partition(":")[0] not in ("InvtPart", "Assembly"):
        names = ("expenseAccount", "assetAccount")
    for name in (*names, "cogsAccount"):
        if item.get(name):
            return str(item.get(name))
    return documents.special_account(session, "DefaultExpense")


def tax_account(session: Session, record: Record) -> str:
    for line in [
        *record.sublist("item"),
        *record.sublist("expense"),
        *record.sublist("taxDetails"),
    ]:
        code = session.find("salesTaxItem", line["taxCode"]) if line.get("taxCode") else None
        if code is None:
            continue
        if code.get("purchaseAccount") or code.get("taxAccount"):
            return str(code.get("purchaseAccount") or code.get("taxAccount"))
        kind = session.find("taxType", code.get("taxType")) if code.get("taxType") else None
        if kind is not None and kind.get("receivablesAccount"):
            return str(kind.get("receivablesAccount"))
    return documents.special_account(session, "TaxRecoverable")


def _bill(session: Session, record: Record) -> list[Posting]:
    return _against(record, str(record.get("account")), _purchase_rows(session, record))


def _reversed(rows: list[Posting]) -> list[Posting]:
    return [Posting(each.line, each.account, -each.amount) for each in rows]


def _credit(session: Session, record: Record) -> list[Posting]:
    return _reversed(_bill(session, record))


def _receipt(session: Session, record: Record) -> list[Posting]:
    accrued = documents.special_account(session, "RecvNotBill")
    rows = []
    for line in record.sublist("item"):
        item = session.find("item", line["item"])
        if item is not None and documents.is_received_item(item):
            amount = base(record, number(line.get("amount")))
            rows.append(Posting(int(line["line"]), stock_account(session, item), amount))
    return _against(record, accrued, rows)


def _fulfillment(session: Session, record: Record) -> list[Posting]:
    return _reversed(_receipt(session, record))


def _payment(session: Session, record: Record) -> list[Posting]:
    """Debits payables at each bill's own rate, credits the bank at the payment's; the rest is exchange gain or loss."""
    paid: dict[str, Decimal] = {}
    for line in record.sublist("apply"):
        bill = session.find("transaction", line["doc"])
        if bill is None:
            continue
        account = str(bill.get("account") or record.get("apAcct"))
        paid[account] = paid.get(account, ZERO) + base(bill, number(line["amount"]))
    rows = [Posting(1 + index, account, amount) for index, (account, amount) in enumerate(paid.items())]
    bank = -base(record, record.number("total"))
    rows.insert(0, Posting(0, str(record.get("account")), bank))
    rest = -sum((each.amount for each in rows), ZERO)
    if rest:
        rows.append(Posting(len(rows), documents.special_account(session, "ExchangeGainLoss"), rest))
    return rows


def _prepayment(session: Session, record: Record) -> list[Posting]:
    del session
    amount = base(record, record.number("total"))
    return [
        Posting(0, str(record.get("account")), -amount),
        Posting(1, str(record.get("prepaymentAccount")), amount),
    ]


def _journal(session: Session, record: Record) -> list[Posting]:
    del session
    rows = [
        Posting(
            int(line["line"]),
            str(line["account"]),
            base(record, number(line.get("debit")) - number(line.get("credit"))),
        )
        for line in record.sublist("line")
    ]
    rest = sum((each.amount for each in rows), ZERO)
    if rest:
        # Cents lost by translating each line: the last line bears them.
        last = rows[-1]
        rows[-1] = Posting(last.line, last.account, last.amount - rest)
    return rows


def _deposit(session: Session, record: Record) -> list[Posting]:
    del session
    rows = [
        Posting(int(line["line"]), str(line["account"]), -base(record, number(line["amount"])))
        for line in record.sublist("other")
    ]
    return _against(record, str(record.get("account")), rows)


def _expense_report(session: Session, record: Record) -> list[Posting]:
    del session
    rows = [
        Posting(int(line["line"]), str(line["expenseaccount"]), base(record, number(line["amount"])))
        for line in record.sublist("expense")
        if not line.get("isnonreimbursable")
    ]
    return _against(record, str(record.get("account")), rows)


MAKERS = {
    "vendorBill": _bill,
    "vendorCredit": _credit,
    "itemReceipt": _receipt,
    "itemFulfillment": _fulfillment,
    "vendorPayment": _payment,
    "vendorPrepayment": _prepayment,
    "journalEntry": _journal,
    "check": _bill,
    "deposit": _deposit,
    "expenseReport": _expense_report,
}


def trial_balance(session: Session, until: str | None = None) -> dict[str, Any]:
    """Debits and credits by account, up to a date; exact, from the ledger's lines as cents."""
    rows = session.store.writer.execute(
        """SELECT l.account, SUM(CAST(ROUND(COALESCE(l.debit, 0) * 100) AS INTEGER)),
                  SUM(CAST(ROUND(COALESCE(l.credit, 0) * 100) AS INTEGER))
           FROM transactionaccountingline l JOIN "transaction" t ON t.id = l."transaction"
           WHERE l.posting = 'T' AND (? IS NULL OR t.trandate <= ?) GROUP BY l.account ORDER BY l.account""",
        (until, until),
    ).fetchall()
    accounts = []
    total_debit = total_credit = 0
    for account, debit, credit in rows:
        total_debit += debit
        total_credit += credit
        accounts.append(
            {
                "account": str(account),
                "name": session.display("account", account),
                "debit": _cents(debit),
                "credit": _cents(credit),
                "balance": _cents(debit - credit),
            }
        )
    return {
        "accounts": accounts,
        "debit": _cents(total_debit),
        "credit": _cents(total_credit),
        "balanced": total_debit == total_credit,
    }


def _cents(value: int) -> str:
    return str((Decimal(value) / 100).quantize(CENT))
