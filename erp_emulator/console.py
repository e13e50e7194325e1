"""The console page at `/`: records and their states, the request log, SuiteQL, and the steps a tester takes by hand.

Readable and usable without script: links, forms, and a redirect after each change.
"""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from erp_emulator import actions, codes, ledger, projection, records, transforms, variance_journals
from erp_emulator.clock import instant_text
from erp_emulator.console_shapes import (
    FACTS_SHOWN,
    condition_of,
    facts_of,
    money,
    receivable,
    steps_of,
    sublist_of,
    tone_of,
)
from erp_emulator.errors import NetSuiteError, nonexistent_type, user_error
from erp_emulator.http import Reply, Request
from erp_emulator.inputs import Change
from erp_emulator.render import View
from erp_emulator.session import Record, Session, Values

if TYPE_CHECKING:
    from erp_emulator.app import App

HTML = "text/html;charset=utf-8"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"
PAGE = 50
EXAMPLE = (
    "SELECT t.id, t.tranid, BUILTIN.DF(t.status) AS status, BUILTIN.DF(t.entity) AS vendor, t.foreigntotal\n"
    "FROM transaction t WHERE t.type = 'PurchOrd' ORDER BY t.id"
)
EXAMPLES = (
    ("orders", EXAMPLE),
    (
        "lines with what came of them",
        "SELECT t.tranid, l.id AS line, BUILTIN.DF(l.item) AS item, l.quantity, l.quantityshiprecv, l.quantitybilled\n"
        "FROM transaction t JOIN transactionline l ON l.transaction = t.id\n"
        "WHERE t.type = 'PurchOrd' AND l.mainline = 'F' ORDER BY t.id, l.id",
    ),
    (
        "open bills",
        "SELECT tranid, BUILTIN.DF(entity) AS vendor, duedate, foreignamountunpaid AS open\n"
        "FROM transaction WHERE type = 'VendBill' AND status = 'A' ORDER BY duedate",
    ),
    (
        "what vendors are owed",
        "SELECT entityid, companyname, balance, unbilledorders FROM vendor ORDER BY balance DESC",
    ),
    (
        "stock",
        "SELECT BUILTIN.DF(item) AS item, BUILTIN.DF(location) AS location, quantityonhand, quantityonorder\n"
        "FROM aggregateitemlocation ORDER BY item",
    ),
)
PAGES = (
    ("/", "Overview"),
    ("/console/records/purchaseOrder", "Orders"),
    ("/console/records/itemReceipt", "Receipts"),
    ("/console/records/vendorBill", "Bills"),
    ("/console/records/vendorPayment", "Payments"),
    ("/console/records/vendor", "Vendors"),
    ("/console/accounts", "Accounts"),
    ("/console/periods", "Periods"),
    ("/console/suiteql", "SuiteQL"),
    ("/console/requests", "Requests"),
)
LABELS = {
    "approve": "Approve",
    "reject": "Reject",
    "receive": "Receive all that is left",
    "bill": "Bill what can be billed",
    "close": "Close",
    "pay": "Pay what is due",
    "void": "Void",
}


class Console:
    def __init__(self, app: App) -> None:
        self.app = app

    @cached_property
    def templates(self) -> Any:
        import jinja2

        loader = jinja2.FileSystemLoader(Path(__file__).with_name("templates"))
        return jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True)

    async def answer(self, request: Request) -> Reply:
        segments = [each for each in request.path.split("/") if each]
        try:
            if request.method == "POST":
                return self.change(request, segments)
            return await self.show(request, segments)
        except NetSuiteError as error:
            return self.page("page.html", {"title": "Not found", "refused": error.detail}, 404)

    def page(self, template: str, values: dict[str, Any], answer: int = 200) -> Reply:
        known = {"account": self.app.account.name, "pages": PAGES}
        text = self.templates.get_template(template).render(**known, **values)
        return Reply(answer, text, HTML, {"Content-Security-Policy": POLICY})

    async def show(self, request: Request, segments: list[str]) -> Reply:
        said = {"said": request.parameter("said"), "refused": request.parameter("refused")}
        match segments:
            case []:
                return self.overview(request)
            case ["console", "accounts"]:
                return self.accounts()
            case ["console", "records", name]:
                return self.records(request, name)
            case ["console", "records", name, key]:
                return self.record(request, name, key, said)
            case ["console", "suiteql"]:
                return await self.suiteql(request)
            case ["console", "requests"]:
                return self.requests(request)
            case ["console", "periods"]:
                return self.periods(said)
        return self.page("page.html", {"title": "Not found"}, 404)

    def overview(self, request: Request) -> Reply:
        account = self.app.account
        balance = ledger.trial_balance(account.session())
        types = [{"name": each.name, "count": account.store.count(each.name)} for each in account.store.catalog.types]
        return self.page(
            "overview.html",
            {
                "title": "Overview",
                "here": "/",
                "address": request.root,
                "now": instant_text(account.clock.now()),
                "frozen": account.clock.frozen_at is not None,
                "balanced": balance["balanced"],
                "debit": balance["debit"],
                "statuses": self.statuses("PurchOrd"),
                "bills": self.statuses("VendBill"),
                "types": [each for each in types if each["count"]],
            },
        )

    def statuses(self, code: str) -> list[dict[str, Any]]:
        rows = self.app.account.store.writer.execute(
            'SELECT status, COUNT(*) FROM "transaction" WHERE type = ? GROUP BY status ORDER BY status', (code,)
        ).fetchall()
        return [{"letter": row[0], "name": codes.status_name(code, row[0]), "count": row[1]} for row in rows]

    def accounts(self) -> Reply:
        found = ledger.trial_balance(self.app.account.session())
        values = {"title": "Accounts", "here": "/console/accounts", "rows": found["accounts"]}
        return self.page("accounts.html", {**values, **{name: found[name] for name in ("debit", "credit", "balanced")}})

    def records(self, request: Request, name: str) -> Reply:
        record_type = records.type_of(name, self.app.account.store.catalog)
        offset = request.parameter("offset", "0")
        start = int(offset) if offset.isdigit() and len(offset) < 9 else 0
        text, status = request.parameter("text").strip(), request.parameter("status")
        session = self.app.account.session()
        total, ids = session.store.select(record_type.name, condition_of(text, status), PAGE, start)
        found = [session.find(record_type.family, key) for key in ids]
        rows = [self.row(session, each) for each in found if each is not None]
        return self.page(
            "records.html",
            {
                "title": record_type.label,
                "here": f"/console/records/{record_type.name}",
                "type": record_type.name,
                "is_transaction": record_type.is_transaction,
                "text": text,
                "chosen": status,
                "choices": list(codes.STATUSES.get(record_type.code, {}).items()) if record_type.is_transaction else [],
                "kept": urlencode({"text": text, "status": status}),
                "total": total,
                "first": start + 1,
                "last": start + len(rows),
                "before": max(start - PAGE, 0) if start else None,
                "after": start + PAGE if start + PAGE < total else None,
                "rows": rows,
            },
        )

    def row(self, session: Session, record: Record) -> dict[str, Any]:
        status = codes.status_name(record.type.code, record.get("status")) if record.get("status") else ""
        return {
            "id": record.id,
            "name": projection.display_name(session, record),
            "entity": session.display("entity", record.get("entity")) or "" if record.get("entity") else "",
            "date": record.get("tranDate") or "",
            "status": status,
            "tone": tone_of(status),
            "total": money(record.get("total")),
            "modified": record.get("lastModifiedDate"),
        }

    def record(self, request: Request, name: str, key: str, said: dict[str, str]) -> Reply:
        record_type = records.type_of(name, self.app.account.store.catalog)
        session = self.app.account.session()
        record = session.load(record_type, key)
        shown = View(session, request.rest_root, expand=True).record(record)
        status = codes.status_name(record_type.code, record.get("status")) if record.get("status") else ""
        lines = receivable(session, record)
        facts = facts_of(record, shown)
        return self.page(
            "record.html",
            {
                "title": projection.display_name(session, record),
                "here": f"/console/records/{record_type.name}",
                "type": record_type.name,
                "id": record.id,
                "status": status,
                "tone": tone_of(status),
                "facts": facts[:FACTS_SHOWN],
                "more": facts[FACTS_SHOWN:],
                "actions": [{"name": each, "label": LABELS[each]} for each in steps_of(record, bool(lines))],
                "receivable": lines,
                "sublists": [sublist_of(name, shown[name]) for name in record_type.sublists if shown[name]["items"]],
                "links": self.links(session, record),
                "postings": self.postings(session, record),
                "address": f"/services/rest/record/v1/{record_type.name}/{record.id}",
                "json": json.dumps(shown, indent=2, ensure_ascii=False),
                **said,
            },
        )

    def links(self, session: Session, record: Record) -> list[dict[str, str]]:
        if not record.type.is_transaction:
            return []
        rows = session.store.writer.execute(
            """SELECT DISTINCT previousdoc, linktype FROM nexttransactionlinelink WHERE nextdoc = ?
               UNION SELECT DISTINCT nextdoc, linktype FROM nexttransactionlinelink WHERE previousdoc = ?""",
            (int(record.id), int(record.id)),
        ).fetchall()
        found = []
        for key, kind in rows:
            other = session.find("transaction", key)
            if other is not None:
                name = projection.display_name(session, other)
                found.append({"type": other.type.name, "id": other.id, "name": name, "kind": kind})
        return found

    def postings(self, session: Session, record: Record) -> list[dict[str, Any]]:
        return [
            {
                "account": session.display("account", each.account),
                "debit": each.amount if each.amount > 0 else "",
                "credit": -each.amount if each.amount < 0 else "",
            }
            for each in ledger.postings(session, record)
        ]

    async def suiteql(self, request: Request) -> Reply:
        q = request.parameter("q")
        values: dict[str, Any] = {
            "title": "SuiteQL",
            "here": "/console/suiteql",
            "q": q or EXAMPLE,
            "examples": EXAMPLES,
        }
        if q:
            account = self.app.account
            try:
                page = await asyncio.to_thread(
                    account.engine.run,
                    q,
                    [],
                    account.query_account(),
                    role="administrator",
                    limit=200,
                    offset=0,
                    timeout_seconds=float(account.preferences["queryTimeoutSeconds"]),
                )
            except NetSuiteError as error:
                values["refused"] = error.detail
            else:
                columns = list(dict.fromkeys(name for row in page.items for name in row if name != "links"))
                values.update(columns=columns, rows=page.items, total=page.total, shown=len(page.items))
                if not page.items:
                    values["said"] = "No rows."
        return self.page("suiteql.html", values)

    def requests(self, request: Request) -> Reply:
        asked = {name: request.parameter(name) for name in ("path", "status", "text")}
        return self.page(
            "requests.html",
            {
                "title": "Requests",
                "here": "/console/requests",
                "rows": self.app.log.search(path=asked["path"], status=asked["status"], text=asked["text"]),
                "path": asked["path"],
                "status_asked": asked["status"],
                "text": asked["text"],
            },
        )

    def periods(self, said: dict[str, str]) -> Reply:
        rows = self.app.account.store.writer.execute(
            "SELECT id, periodname, startdate, enddate, closed, aplocked FROM accountingperiod ORDER BY startdate"
        ).fetchall()
        shown = []
        for key, name, start, end, closed, locked in rows:
            is_closed = closed == "T"
            state = "closed" if is_closed else "A/P locked" if locked == "T" else "open"
            action, label = ("open", "Open") if is_closed else ("close", "Close")
            shown.append(
                {
                    "id": key,
                    "name": name,
                    "start": start,
                    "end": end,
                    "state": state,
                    "tone": "good" if state == "open" else "quiet",
                    "action": action,
                    "label": label,
                }
            )
        return self.page("periods.html", {"title": "Periods", "here": "/console/periods", "rows": shown, **said})

    # Changes.

    def change(self, request: Request, segments: list[str]) -> Reply:
        """One step, and back to the page it was taken on with what came of it."""
        if not is_from_here(request):
            return self.page("page.html", {"title": "Refused", "refused": "This form was sent from another site."}, 403)
        back = "/" + "/".join(segments[:-1] if segments[:2] == ["console", "records"] else segments[:2])
        try:
            said = self.step(request, segments)
        except NetSuiteError as error:
            return redirect(back, "refused", error.detail)
        return redirect(back, "said", said)

    def step(self, request: Request, segments: list[str]) -> str:
        match segments:
            case ["console", "periods", "variances", "post"]:
                with self.app.account.writing() as session:
                    made = variance_journals.post_all(session, session.clock.today().isoformat())
                return f"{len(made)} journals were made." if made else "There are no bill variances to post."
            case ["console", "periods", key, action] if action in ("open", "close"):
                with self.app.account.writing() as session:
                    period = session.load(records.type_of("accountingPeriod"), key)
                    is_closed = action == "close"
                    flags = {"closed": is_closed, "apLocked": is_closed, "allLocked": is_closed}
                    records.update(session, period, Change(dict(flags)))
                return f"{period.get('periodName')} is now {'closed' if is_closed else 'open'}."
            case ["console", "records", name, key, action]:
                with self.app.account.writing() as session:
                    record = session.load(records.type_of(name, session.store.catalog), key)
                    return take(session, record, action, request.body.decode("utf-8", "replace"))
        raise nonexistent_type("/".join(segments))


def take(session: Session, record: Record, action: str, form: str = "") -> str:
    """One step with one record; the sentence that says what came of it."""
    if action in ("approve", "reject"):
        approval = "2" if action == "approve" else "3"
        records.update(session, record, Change({"approvalStatus": approval}))
        return "Approved." if action == "approve" else "Rejected."
    if action == "close":
        change = Change()
        for name in ("item", "expense"):
            change.lines[name] = [{"line": line["line"], "isClosed": True} for line in record.sublist(name)]
        records.update(session, record, change)
        return "Closed."
    if action == "void":
        actions.run(session, record, "void")
        return "Voided."
    targets = {"receive": "itemReceipt", "bill": "vendorBill", "pay": "vendorPayment"}
    if action not in targets:
        raise nonexistent_type(action)
    change = quantities_of(record, form) if action == "receive" else Change()
    made = transforms.transform(session, record, records.type_of(targets[action]), change)
    return f"{projection.display_name(session, made)} was made."


def quantities_of(record: Record, form: str) -> Change:
    """What came, by line, from the form's fields; without fields everything that is left."""
    given = {name: value.strip() for name, value in parse_qsl(form) if name.startswith("quantity-")}
    lines: list[Values] = []
    for line in record.sublist("item"):
        name = f"quantity-{int(line['line'])}"
        if not given:
            break
        try:
            quantity = Decimal(given.get(name) or "0")
        except InvalidOperation:
            raise user_error(f"{given[name]} is no quantity.") from None
        is_received = quantity.is_finite() and quantity > 0
        row: Values = {"orderLine": line["line"], "itemReceive": is_received}
        lines.append({**row, "quantity": quantity} if is_received else row)
    return Change(lines={"item": lines} if lines else {})


def is_from_here(request: Request) -> bool:
    """Whether a form comes from a page of the console itself: browsers name the page's origin."""
    origin = request.header("origin")
    if request.header("sec-fetch-site") not in ("", "same-origin", "none"):
        return False
    return not origin or urlsplit(origin).netloc == urlsplit(request.root).netloc


def redirect(path: str, name: str, text: str) -> Reply:
    return Reply(303, "", HTML, {"Location": f"{path}?{name}={quote(text)}"})
