"""The page for people: sign in, see what rests where and why, decide. It works without script.

With script, htmx swaps the partial that the whole page includes. Every link is relative to the stage's root, which
the layout's `base` names, so that the same page works under any address. No state but the browser's: the session is
the user pool's ID token in a cookie, checked on every request. What may be done is the rules' to say
(`steps/review.py`, `steps/resolve.py`); what is shown of an invoice is put together in `counterfoil/page`.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import uuid
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.shared.cookies import Cookie, SameSite
from aws_lambda_powertools.utilities.typing import LambdaContext
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from counterfoil import problems, wiring
from counterfoil.domain.actions import LineAction
from counterfoil.domain.audit import broken_at
from counterfoil.domain.exceptions import Arrival, Outcome, Owner
from counterfoil.domain.invoices import HEADER_FIELDS, Invoice
from counterfoil.domain.landed_cost import LandedBasis
from counterfoil.domain.lifecycle import STATES, Status
from counterfoil.domain.matching_result import InvoiceType
from counterfoil.domain.people import Entitlement, Person
from counterfoil.domain.settings_history import broken_at as settings_broken_at
from counterfoil.errors import (
    BadRequest,
    CounterfoilError,
    InvoiceMissing,
    MoveRefused,
    RecordUnknown,
    Refusal,
    StaleWrite,
    UnknownCompany,
)
from counterfoil.files import DOCUMENT_BYTES_MAX, UPLOAD_SECONDS
from counterfoil.observability import logger, tracer
from counterfoil.page.acts import CODE_MAX, Acting, line_number
from counterfoil.page.invoice import NOBODY, Notice, linkable, place_of, row_of, view_of
from counterfoil.page.labels import BUTTONS, DONE, LINE_BUTTONS, PAGES, QUESTIONS, TABS, TAKEN, TYPES
from counterfoil.page.requests import BrowserRequest, Form, FormRefused, csrf_of
from counterfoil.page.settings import as_yaml, revisions
from counterfoil.page.words import FILTERS
from counterfoil.sign_in import CHALLENGES, Challenge, SignedOut, SignInRefused
from counterfoil.steps import resolve, review
from counterfoil.steps.review import require
from counterfoil.store import SyncRequest

SESSION_COOKIE = "counterfoil_session"
VISIT_COOKIE = "counterfoil_visit"
ROWS = 25
COUNTED_MAX = 99
ORDERS_TYPED_MAX = 1000
# What of the ERP is read, as `steps/sync.py` has it, which is not loaded to show a page.
SYNC_KINDS = ("vendors", "orders", "receipts", "bills", "returns", "deletions")

STATIC_TYPES = {"page.css": "text/css; charset=utf-8", "htmx.min.js": "text/javascript; charset=utf-8"}

# Where a person may be led after signing in: a company, one of its pages, or one invoice.
PLACE = re.compile(
    r"[a-z0-9][a-z0-9-]{0,39}(/(deliveries|exceptions|receipts|settings|upload)|/invoices/[A-Za-z0-9_-]{1,100})?"
)

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "Vary": "Cookie, HX-Request",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

app = APIGatewayRestResolver()


# Signing in and out


@app.get("/page")
def start() -> Response[str]:
    """The companies of the person; with one only, straight to it. The sign-in form without a session."""
    try:
        person = signed_in()
    except SignedOut:
        place = request().query("next")
        return _sign_in_form(200, place=place if PLACE.fullmatch(place) else "")
    companies = _companies(person)
    if len(companies) == 1:
        return _redirect(f"page/{companies[0]}")
    return _rendered("companies.html", person=person, companies=companies)


@app.post("/page/sign-in")
def sign_in() -> Response[str]:
    """A password, or the answer to what the user pool asked after it; then the place the person came for."""
    form = request().form()
    visit = request().cookie(VISIT_COOKIE)
    place = form.get("next", "") if PLACE.fullmatch(form.get("next", "")) else ""
    user = form.get("user", "").strip()
    if not visit or not request().is_own_form(visit, form):
        return _sign_in_form(403, place=place, user=user, error="This form was too old: please try once more.")
    challenge = None
    if form.get("challenge") in CHALLENGES:
        challenge = Challenge(name=form["challenge"], user=user, session=form.get("session", ""))
    try:
        outcome = _answered(challenge, form) if challenge else _with_password(user, form.get("password", ""))
    except SignInRefused as refusal:
        logger.info("sign_in_refused", extra={"field": refusal.field})
        again = challenge if refusal.field == "answer" else None
        return _sign_in_form(
            401, place=place, user=user, challenge=again, error=refusal.detail, error_field=refusal.field
        )
    if isinstance(outcome, Challenge):
        return _sign_in_form(200, place=place, user=outcome.user, challenge=outcome)
    session = wiring.sign_in().session(outcome)
    logger.info("signed_in", extra={"person": session.person.id})
    seconds = int((session.expires_at - wiring.now()).total_seconds())
    return _redirect(f"page/{place}" if place else "page", cookies=[_made_cookie(SESSION_COOKIE, outcome, seconds)])


@app.get("/page/sign-in")
@app.get("/page/sign-out")
def start_again() -> Response[str]:
    """Where a browser gets that repeats the address of a form that was posted."""
    return _redirect("page")


@app.post("/page/sign-out")
def sign_out() -> Response[str]:
    token = request().cookie(SESSION_COOKIE)
    if token and not request().is_own_form(token, request().form()):
        raise FormRefused("this form was too old: go back, load the page again and repeat")
    return _redirect("page", cookies=[_made_cookie(SESSION_COOKIE, "", 0)])


def _with_password(user: str, password: str) -> str | Challenge:
    if not user:
        raise SignInRefused("Enter your name.", field="user")
    if not password:
        raise SignInRefused("Enter your password.", field="password")
    return wiring.sign_in().with_password(user, password)


def _answered(challenge: Challenge, form: Mapping[str, str]) -> str | Challenge:
    answer = form.get("answer", "")
    if not answer:
        raise SignInRefused("This is needed to go on.", field="answer")
    return wiring.sign_in().with_answer(challenge, answer)


def _sign_in_form(
    status: int,
    *,
    place: str,
    user: str = "",
    challenge: Challenge | None = None,
    error: str = "",
    error_field: str = "",
) -> Response[str]:
    known = request().cookie(VISIT_COOKIE)
    visit = known or secrets.token_urlsafe(32)
    return _rendered(
        "sign_in.html",
        status=status,
        csrf=csrf_of(visit),
        cookies=[] if known else [_made_cookie(VISIT_COOKIE, visit)],
        place=place,
        user=user,
        challenge=challenge,
        question=QUESTIONS[challenge.name] if challenge else None,
        error=error,
        error_field=error_field,
    )


# What a company's people see


@app.get("/page/<company>")
def list_invoices(company: str) -> Response[str]:
    """The invoices of one state, the longest resting first, with a tab and a count for each state."""
    person = signed_in()
    if not person.may(Entitlement.READ_INVOICES, company):
        for entitlement, place in ((Entitlement.READ_DELIVERIES, "deliveries"), (Entitlement.UPLOAD, "upload")):
            if person.may(entitlement, company):
                return _redirect(f"page/{company}/{place}")
    require(person, Entitlement.READ_INVOICES, company)
    counts = {status: wiring.store().count(company, status, most=COUNTED_MAX + 1) for status in TABS}
    wanted = request().query("status")
    tabs = {tab.value: tab for tab in TABS}
    if wanted and wanted not in tabs:
        raise BadRequest(f"there is no state {wanted[:40]!r}")
    status = tabs[wanted] if wanted else next((tab for tab in TABS if counts[tab]), TABS[0])
    cursor = request().query("cursor")
    page = wiring.store().invoices(company, status, cursor=cursor or None, limit=ROWS)
    return _rendered(
        "_invoices.html" if request().wants_partial else "invoices.html",
        person=person,
        company=company,
        counts=counts,
        counted_max=COUNTED_MAX,
        means={tab: STATES[tab].means for tab in TABS},
        state=status,
        invoices=page.invoices,
        is_first_page=not cursor,
        next_page=_list_address(company, status, page.cursor) if page.cursor else "",
        now=wiring.now(),
    )


@app.get("/page/<company>/deliveries")
def list_deliveries(company: str) -> Response[str]:
    """What arrived and became no invoice, newest first."""
    person = _reader(Entitlement.READ_DELIVERIES, company)
    return _rendered(
        "deliveries.html",
        person=person,
        company=company,
        deliveries=wiring.store().refused_deliveries(company),
        progress=[wiring.store().sync_progress(company, kind) for kind in SYNC_KINDS],
        done=DONE["sync"] if request().query("done") == "sync" else "",
    )


@app.post("/page/<company>/sync")
def request_sync(company: str) -> Response[str]:
    """Read the ERP now."""
    person = signed_in()
    form = request().form()
    require(person, Entitlement.SYNC, company)
    _require_own_form(form)
    wiring.store().company(company)
    wish = SyncRequest(company=company, id=uuid.uuid4().hex, by=person.id)
    wiring.store().request_sync(wish, at=wiring.now())
    return _redirect(f"page/{company}/deliveries?done=sync")


@app.get("/page/<company>/exceptions")
def list_exceptions(company: str) -> Response[str]:
    """What is open, by who has to look into it, the oldest first."""
    person = _reader(Entitlement.READ_INVOICES, company)
    wanted = request().query("owner")
    if wanted and wanted not in list(Owner):
        raise BadRequest(f"nobody here is called {wanted[:40]!r}")
    found = resolve.open_exceptions(company, Owner(wanted) if wanted else None, store=wiring.store())
    groups = [(owner, [each for each in found if each.exception.owner == owner]) for owner in Owner]
    return _rendered(
        "exceptions.html",
        person=person,
        company=company,
        wanted=wanted,
        groups=[(owner, theirs) for owner, theirs in groups if theirs],
        now=wiring.now(),
        today=wiring.now().date(),
    )


@app.get("/page/<company>/receipts")
def list_receipt_requests(company: str) -> Response[str]:
    """Goods that somebody was asked about and did not answer for yet, the most urgent first."""
    person = _reader(Entitlement.READ_INVOICES, company)
    found = resolve.open_receipt_requests(company, store=wiring.store())
    return _rendered("receipts.html", person=person, company=company, requests=found, today=wiring.now().date())


@app.get("/page/<company>/settings")
def read_settings(company: str) -> Response[str]:
    """The settings as they hold, and who changed them when and why."""
    person = _reader(Entitlement.READ_SETTINGS, company)
    settings = wiring.store().company(company)
    history = wiring.store().settings_history(company)
    return _rendered(
        "settings.html",
        person=person,
        company=company,
        version=settings.match.version,
        text=as_yaml(settings),
        revisions=revisions(history),
        broken_at=settings_broken_at(history),
    )


@app.get("/page/<company>/upload")
def upload(company: str) -> Response[str]:
    """A form whose file goes straight to the bucket, which sends the browser back here."""
    person = _reader(Entitlement.UPLOAD, company)
    wiring.store().company(company)
    then = request().address(f"page/{company}/uploaded", is_local=wiring.settings().is_local)
    form = wiring.files().upload_form(company, person.id, then=then)
    answer = _rendered(
        "upload.html",
        person=person,
        company=company,
        address=form["url"],
        fields=form["fields"],
        megabytes=DOCUMENT_BYTES_MAX // 1_000_000,
        minutes=UPLOAD_SECONDS // 60,
    )
    allowed = " ".join(("'self'", *_origins(form)))
    answer.headers["Content-Security-Policy"] = POLICY.replace("form-action 'self'", f"form-action {allowed}")
    return answer


def _origins(form: Mapping[str, Any]) -> list[str]:
    """Where the form goes: the bucket, and the bucket in its region, to which S3 leads on while a bucket is new."""
    address = urlsplit(form["url"])
    hosts = [address.netloc]
    if address.netloc.endswith(".s3.amazonaws.com"):
        region = form["fields"]["x-amz-credential"].split("/")[2]
        hosts.append(address.netloc.replace(".s3.", f".s3.{region}."))
    return [f"{address.scheme}://{host}" for host in hosts]


@app.get("/page/<company>/uploaded")
def uploaded(company: str) -> Response[str]:
    """What happens next. It says nothing of anybody's, so it needs no session: a browser that comes from the bucket
    may leave the session's cookie at home."""
    if not PLACE.fullmatch(company):
        return _missing()
    try:
        person = signed_in()
    except SignedOut:
        person = None
    return _rendered("uploaded.html", person=person, company=company)


@app.get("/page/<company>/invoices/<invoice_id>")
def read_invoice(company: str, invoice_id: str) -> Response[str]:
    person = _reader(Entitlement.READ_INVOICES, company)
    notice = Notice(place=request().query("at"), done=DONE.get(request().query("done"), ""))
    return _invoice(wiring.store().invoice(company, invoice_id), person, notice)


@app.get("/page/<company>/invoices/<invoice_id>/document")
def read_document(company: str, invoice_id: str) -> Response[str]:
    """The document as it arrived, from the bucket, by an address that holds for a minute."""
    _reader(Entitlement.READ_INVOICES, company)
    document = wiring.store().invoice(company, invoice_id).document
    return Response(303, headers={**HEADERS, "Location": wiring.files().reading_address(document)}, body="")


@app.get("/page/<company>/invoices/<invoice_id>/debit_memo")
def read_debit_memo(company: str, invoice_id: str) -> Response[str]:
    """What the vendor is asked to credit when the invoice is paid as it is, as a draft to copy."""
    person = _reader(Entitlement.READ_INVOICES, company)
    invoice = wiring.store().invoice(company, invoice_id)
    return _rendered(
        "debit_memo.html", person=person, company=company, invoice=invoice, memo=resolve.drafted_memo(invoice)
    )


@app.get("/page/<company>/invoices/<invoice_id>/landed_costs")
def read_landed_costs(company: str, invoice_id: str) -> Response[str]:
    """What the invoice's charges add to goods, as a draft to copy; the reader says whose goods and by what."""
    person = _reader(Entitlement.READ_INVOICES, company)
    invoice = wiring.store().invoice(company, invoice_id)
    asked = request().query("by")
    basis = LandedBasis(asked) if asked in list(LandedBasis) else LandedBasis.AMOUNT
    typed = request().query("orders")[:ORDERS_TYPED_MAX]
    numbers = [number.strip() for number in typed.split(",") if number.strip()]
    draft, why = None, ""
    try:
        draft = resolve.drafted_landed_costs(invoice, basis=basis, of_orders=numbers, store=wiring.store())
    except (BadRequest, RecordUnknown) as error:
        why = error.detail
    return _rendered(
        "landed_costs.html",
        person=person,
        company=company,
        invoice=invoice,
        draft=draft,
        why=why,
        typed=typed,
        basis=basis,
        typed_max=ORDERS_TYPED_MAX,
    )


@app.get("/page/<company>/invoices/<invoice_id>/decisions")
def read_decisions(company: str, invoice_id: str) -> Response[str]:
    """All decisions on it, the newest first, with the versions of what they were made on."""
    person = _reader(Entitlement.READ_AUDIT, company)
    invoice = wiring.store().invoice(company, invoice_id)
    decisions = wiring.store().decisions_of(company, invoice_id)[::-1]
    return _rendered("decisions.html", person=person, company=company, invoice=invoice, decisions=decisions)


@app.get("/page/<company>/invoices/<invoice_id>/lines/<line>/orders")
def choose_orders(company: str, invoice_id: str, line: str) -> Response[str]:
    """The vendor's open orders, to link a line to: narrowed by what is typed, what was chosen before kept."""
    person = _reader(Entitlement.READ_INVOICES, company)
    invoice = wiring.store().invoice(company, invoice_id)
    return _orders_to_choose(invoice, person, line, request().queries("to"))


# What they do


@app.post("/page/<company>/invoices/<invoice_id>/lines/<line>/<action>")
def act_on_line(company: str, invoice_id: str, line: str, action: str) -> Response[str]:
    """Settle one line: the invoice is decided again with it. A link that is declined is answered where it was made."""

    def where_it_was_chosen(invoice: Invoice, person: Person, status: int, notice: Notice) -> Response[str]:
        try:
            return _orders_to_choose(invoice, person, line, notice.filled.all("to"), notice=notice, status=status)
        except Refusal:
            return _invoice(invoice, person, notice, status=status)

    return _carried_out(
        company,
        invoice_id,
        lambda acting: acting.act_on_line(line, action),
        f"line_{action}",
        at=f"line-{line}",
        refused_at=where_it_was_chosen if action == LineAction.LINK else None,
    )


@app.post("/page/<company>/invoices/<invoice_id>/type")
def set_type(company: str, invoice_id: str) -> Response[str]:
    """Say whether it bills an order or none, or leave it to the rules again."""
    return _carried_out(company, invoice_id, Acting.set_type, "type", at="type")


@app.post("/page/<company>/invoices/<invoice_id>/exceptions/<reason>/<line>")
def close_exception(company: str, invoice_id: str, reason: str, line: str) -> Response[str]:
    """Write down how an exception ended, of a line or (`all`) of the whole invoice."""
    return _carried_out(
        company,
        invoice_id,
        lambda acting: acting.close_exception(reason, line),
        "exception",
        at=f"exception-{reason}-{line}",
        then_at="exceptions",
    )


@app.post("/page/<company>/invoices/<invoice_id>/receipt_requests")
def ask_for_receipts(company: str, invoice_id: str) -> Response[str]:
    """Ask whoever receives whether the goods came."""
    return _carried_out(company, invoice_id, Acting.ask_for_receipts, "receipts", at="receipts")


@app.post("/page/<company>/invoices/<invoice_id>/receipt_answers")
def answer_for_receipt(company: str, invoice_id: str) -> Response[str]:
    """Say whether the goods came."""
    return _carried_out(company, invoice_id, Acting.answer_for_receipt, "answer", at="receipts")


@app.post("/page/<company>/invoices/<invoice_id>/<action>")
def act(company: str, invoice_id: str, action: str) -> Response[str]:
    """Do something with the whole invoice."""
    return _carried_out(company, invoice_id, lambda acting: acting.act(action), action, at="decide")


def _carried_out(
    company: str,
    invoice_id: str,
    change: Callable[[Acting], Invoice],
    done: str,
    *,
    at: str,
    then_at: str = "",
    refused_at: Callable[[Invoice, Person, int, Notice], Response[str]] | None = None,
) -> Response[str]:
    """Do it and show the invoice as it then is; a refusal stands where the form stands, what was filled in is kept.

    `at` is the form's place on the page, `then_at` the place of the answer when the form is gone with it.
    """
    person = signed_in()
    form = request().form()
    require(person, Entitlement.READ_INVOICES, company)
    _require_own_form(form)
    try:
        invoice = change(Acting(company, invoice_id, person, form, store=wiring.store(), now=wiring.now))
    except (InvoiceMissing, UnknownCompany):
        raise
    except (Refusal, StaleWrite) as error:
        status, code, detail = problems.answer_to(error)
        logger.info("act_refused", extra={"invoice_id": invoice_id, "action": done[:40], "code": code})
        current = wiring.store().invoice(company, invoice_id)
        notice = Notice(place=at, error=detail, filled=form)
        if refused_at is not None:
            return refused_at(current, person, status, notice)
        return _invoice(current, person, notice, status=status)
    logger.info("acted", extra={"company": company, "invoice_id": invoice_id, "action": done})
    place = then_at or at
    if request().wants_partial:
        return _invoice(invoice, person, Notice(place=place, done=DONE[done]))
    fragment = "" if place == "decide" else f"&at={place}#{place}"
    return _redirect(f"page/{company}/invoices/{invoice_id}?done={done}{fragment}")


def _invoice(invoice: Invoice, person: Person, notice: Notice, *, status: int = 200) -> Response[str]:
    now = wiring.now()
    view = view_of(invoice, person, store=wiring.store(), now=now)
    return _rendered(
        "_invoice.html" if request().wants_partial else "invoice.html",
        status=status,
        person=person,
        company=invoice.company,
        invoice=invoice,
        view=view,
        notice=notice,
        # Where its form is gone, it is said on top.
        at=notice.place if notice.place in view.places() else "",
        header_fields=HEADER_FIELDS,
        broken_at=broken_at(view.trail) if view.trail else None,
        actions=[(name, BUTTONS[name][0]) for name in view.actions],
        why_held=review.why_held(invoice),
        needs_comment=[BUTTONS[name][0] for name, action in review.ACTIONS.items() if action.needs_comment],
        now=now,
        today=now.date(),
    )


def _orders_to_choose(
    invoice: Invoice,
    person: Person,
    line: str,
    chosen: list[str],
    *,
    notice: Notice | None = None,
    status: int = 200,
) -> Response[str]:
    number = line_number(line)
    row = row_of(invoice, person, number, store=wiring.store())
    if LineAction.LINK not in row.actions or invoice.vendor_id is None:
        raise MoveRefused(f"line {number} can't be linked now, or not by you")
    typed = request().query("typed")[:CODE_MAX]
    store = wiring.store()
    offered = resolve.orders_to_choose(invoice.company, invoice.vendor_id, typed, store=store)
    orders = store.orders(invoice.company, [each.id for each in offered])
    has_refusal = notice is not None
    return _rendered(
        "_orders.html" if request().wants_partial and not has_refusal else "orders.html",
        status=status,
        person=person,
        company=invoice.company,
        invoice=invoice,
        row=row,
        orders=linkable(offered, orders, but_by=invoice.id),
        chosen=list(dict.fromkeys(key[:CODE_MAX] for key in chosen))[: resolve.LINKS_MAX],
        typed=typed,
        notice=notice or Notice(),
    )


# Sessions


def request() -> BrowserRequest:
    return BrowserRequest(app.current_event.raw_event)


def signed_in() -> Person:
    """Who asks, by the session's token; SignedOut when there is none that holds."""
    return wiring.sign_in().session(request().cookie(SESSION_COOKIE)).person


def _reader(entitlement: Entitlement, company: str) -> Person:
    """The signed-in person, when they may; NotEntitled otherwise, whether there is such a company or not."""
    person = signed_in()
    require(person, entitlement, company)
    return person


def _require_own_form(form: Form) -> None:
    """FormRefused for a form that this page did not make for this session."""
    if not request().is_own_form(request().cookie(SESSION_COOKIE), form):
        raise FormRefused("this form was too old: load the page again and repeat")


def _companies(person: Person) -> list[str]:
    seen = (Entitlement.READ_INVOICES, Entitlement.READ_DELIVERIES, Entitlement.UPLOAD)
    return sorted(company for company in person.roles if any(person.may(entitlement, company) for entitlement in seen))


def _made_cookie(name: str, value: str, seconds: int | None = None) -> Cookie:
    # Without a path the browser keeps it for the folder of the request: the page alone, under whatever address.
    return Cookie(
        name,
        value,
        secure=not wiring.settings().is_local,
        http_only=True,
        max_age=seconds,
        same_site=SameSite.STRICT_MODE,
    )


# Answers


def _redirect(place: str, *, cookies: list[Cookie] | None = None) -> Response[str]:
    return Response(303, headers={**HEADERS, "Location": request().root + place}, cookies=cookies, body="")


def _rendered(template: str, *, status: int = 200, cookies: list[Cookie] | None = None, **values: Any) -> Response[str]:
    token = request().cookie(SESSION_COOKIE)
    shown = {
        "root": request().root,
        "person": None,
        "company": "",
        "here": request().path.split("/")[3] if request().path.count("/") > 2 else "",
        "companies": _companies(values["person"]) if values.get("person") else [],
        "csrf": csrf_of(token) if token else "",
        "static": _static_version(),
    } | values
    html = _templates().get_template(template).render(shown)
    return Response(status, "text/html; charset=utf-8", html, headers=dict(HEADERS), cookies=cookies)


def _list_address(company: str, status: Status, cursor: str) -> str:
    return f"page/{company}?{urlencode({'status': status.value, 'cursor': cursor})}"


@app.get("/page/static/<name>")
def static(name: str) -> Response[str]:
    """The style sheet and htmx: the same for everybody, so the browser may keep them."""
    if name not in STATIC_TYPES:
        return _missing()
    headers = {**HEADERS, "Cache-Control": "public, max-age=31536000, immutable"}
    return Response(200, STATIC_TYPES[name], _static(name), headers=headers)


@cache
def _static(name: str) -> str:
    return (Path(__file__).parent / "static" / name).read_text()


@cache
def _static_version() -> str:
    """Changes with the files, so that a browser never keeps an older one."""
    return hashlib.sha256("".join(_static(name) for name in STATIC_TYPES).encode()).hexdigest()[:12]


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    environment.filters["line_button"] = lambda action: LINE_BUTTONS[LineAction(action)][0]
    environment.globals.update(
        Status=Status,
        Entitlement=Entitlement,
        Owner=Owner,
        Outcome=Outcome,
        Arrival=Arrival,
        InvoiceType=InvoiceType,
        TABS=TABS,
        PAGES=PAGES,
        NOBODY=NOBODY,
        TYPES=TYPES,
        TAKEN={action.value: said for action, said in TAKEN.items()},
        LINE_BUTTONS={action.value: label for action, (label, _) in LINE_BUTTONS.items()},
        LINE_NEEDS_COMMENT=[action.value for action in resolve.NEEDS_COMMENT],
        place_of=place_of,
        code_max=CODE_MAX,
        person_max=review.PERSON_MAX,
        comment_max=review.COMMENT_MAX,
    )
    return environment


# Refusals


@app.exception_handler(SignedOut)  # type: ignore[untyped-decorator]  # Powertools leaves this decorator untyped
def signed_out(error: SignedOut) -> Response[str]:
    """To the sign-in form, and back to the place afterwards. A swapped partial can't be a form: the page goes there."""
    place = request().path.removeprefix("/page").strip("/")
    way = "/".join(place.split("/")[:3])
    target = f"page?next={way}" if PLACE.fullmatch(way) else "page"
    if request().wants_partial:
        return Response(401, "text/plain", "", headers={**HEADERS, "HX-Redirect": target})
    return _redirect(target)


@app.exception_handler([Refusal, StaleWrite])  # type: ignore[untyped-decorator]  # as above
def refused(error: CounterfoilError) -> Response[str]:
    status, _, detail = problems.answer_to(error)
    return _refusal(status, problems.TITLES.get(status, "Refused"), detail)


@app.not_found
def not_found(error: Exception) -> Response[str]:
    return _missing()


def _missing() -> Response[str]:
    return _refusal(404, problems.TITLES[404], "There is no such page.")


def _refusal(status: int, title: str, detail: str) -> Response[str]:
    try:
        person = signed_in()
    except SignedOut:
        person = None
    template = "_refusal.html" if request().wants_partial else "refusal.html"
    return _rendered(template, status=status, person=person, title=title, detail=detail)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
