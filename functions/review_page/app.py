"""The page for people: sign in, see what rests where and why, decide. It works without script.

With script, htmx swaps the partial that the whole page includes. Every link is relative to the stage's root, which
the layout's `base` names, so that the same page works under any address. No state but the browser's: the session is
the user pool's ID token in a cookie, checked on every request.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.shared.cookies import Cookie, SameSite
from aws_lambda_powertools.utilities.typing import LambdaContext
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from counterfoil import problems, wiring
from counterfoil.domain import money
from counterfoil.domain.audit import AuditEntry, broken_at
from counterfoil.domain.invoices import HEADER_FIELDS, Invoice, InvoiceLine
from counterfoil.domain.lifecycle import STATES, Status
from counterfoil.domain.matching_result import LineMatch, OrderLineLink
from counterfoil.domain.orders import OrderLine
from counterfoil.domain.people import Entitlement, Person
from counterfoil.errors import BadRequest, CounterfoilError, Refusal, StaleWrite
from counterfoil.observability import logger, tracer
from counterfoil.sign_in import CHALLENGES, Challenge, SignedOut, SignInRefused
from counterfoil.steps import review
from counterfoil.steps.review import require

SESSION_COOKIE = "counterfoil_session"
VISIT_COOKIE = "counterfoil_visit"
FORM_BYTES_MAX = 32_768
FORM_FIELDS_MAX = 20
ROWS = 25
COUNTED_MAX = 99
# A step that is at work changes the invoice in seconds: so long the page looks again by itself.
MOVING_SECONDS_MAX = 60

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

QUESTIONS = {
    "NEW_PASSWORD_REQUIRED": ("New password", "Your password was a temporary one: choose your own.", "new-password"),
    "SOFTWARE_TOKEN_MFA": ("Code", "Enter the code that your authenticator shows.", "one-time-code"),
    "SMS_MFA": ("Code", "Enter the code that was sent to your phone.", "one-time-code"),
}

ACRONYMS = {word.lower(): word for word in ("ERP", "IBAN", "OCR", "PO", "VAT", "XML")}

STATIC_TYPES = {"page.css": "text/css; charset=utf-8", "htmx.min.js": "text/javascript; charset=utf-8"}

# Where a person may be led after signing in: a company, its deliveries, or one invoice.
PLACE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}(/deliveries|/invoices/[A-Za-z0-9_-]{1,100})?")

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'self'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "Vary": "Cookie, HX-Request",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

app = APIGatewayRestResolver()


class FormRefused(Refusal):
    """A form that did not come from this page, or from an older session."""

    code = "not_entitled"


@dataclass(frozen=True)
class Ordered:
    """One order line beside the invoice line that bills it; `line` is None when the order is no longer known."""

    link: OrderLineLink
    line: OrderLine | None = None
    billed: Decimal = Decimal(0)
    claimed_by_others: Decimal = Decimal(0)


@dataclass(frozen=True)
class Row:
    """One invoice line, what matching decided, and the order lines it bills."""

    billed: InvoiceLine
    match: LineMatch | None
    ordered: tuple[Ordered, ...]


# Signing in and out


@app.get("/page")
def start() -> Response[str]:
    """The companies of the person; with one only, straight to it. The sign-in form without a session."""
    try:
        person = signed_in()
    except SignedOut:
        place = _query("next")
        return _sign_in_form(200, place=place if PLACE.fullmatch(place) else "")
    companies = _companies(person)
    if len(companies) == 1:
        return _redirect(f"page/{companies[0]}")
    return _rendered("companies.html", person=person, companies=companies)


@app.post("/page/sign-in")
def sign_in() -> Response[str]:
    """A password, or the answer to what the user pool asked after it; then the place the person came for."""
    form = _form()
    visit = _cookie(VISIT_COOKIE)
    place = form.get("next", "") if PLACE.fullmatch(form.get("next", "")) else ""
    user = form.get("user", "").strip()
    if not visit or not _is_own_form(visit, form):
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
    token = _cookie(SESSION_COOKIE)
    if token and not _is_own_form(token, _form()):
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
    known = _cookie(VISIT_COOKIE)
    visit = known or secrets.token_urlsafe(32)
    return _rendered(
        "sign_in.html",
        status=status,
        csrf=_csrf(visit),
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
    if not person.may(Entitlement.READ_INVOICES, company) and person.may(Entitlement.READ_DELIVERIES, company):
        return _redirect(f"page/{company}/deliveries")
    require(person, Entitlement.READ_INVOICES, company)
    counts = {status: wiring.store().count(company, status, most=COUNTED_MAX + 1) for status in TABS}
    asked = _query("status")
    tabs = {tab.value: tab for tab in TABS}
    if asked and asked not in tabs:
        raise BadRequest(f"there is no state {asked[:40]!r}")
    status = tabs[asked] if asked else next((tab for tab in TABS if counts[tab]), TABS[0])
    cursor = _query("cursor")
    page = wiring.store().invoices(company, status, cursor=cursor or None, limit=ROWS)
    return _rendered(
        "_invoices.html" if _wants_partial() else "invoices.html",
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
    person = signed_in()
    require(person, Entitlement.READ_DELIVERIES, company)
    refused = wiring.store().refused_deliveries(company)
    return _rendered("deliveries.html", person=person, company=company, deliveries=refused, now=wiring.now())


@app.get("/page/<company>/invoices/<invoice_id>")
def read_invoice(company: str, invoice_id: str) -> Response[str]:
    person = signed_in()
    require(person, Entitlement.READ_INVOICES, company)
    done = BUTTONS[_query("done")][1] if _query("done") in BUTTONS else ""
    return _invoice(wiring.store().invoice(company, invoice_id), person, done=done)


@app.get("/page/<company>/invoices/<invoice_id>/document")
def read_document(company: str, invoice_id: str) -> Response[str]:
    """The document as it arrived, from the bucket, by an address that holds for a minute."""
    require(signed_in(), Entitlement.READ_INVOICES, company)
    document = wiring.store().invoice(company, invoice_id).document
    return Response(303, headers={**HEADERS, "Location": wiring.files().reading_address(document)}, body="")


@app.post("/page/<company>/invoices/<invoice_id>/<action>")
def act(company: str, invoice_id: str, action: str) -> Response[str]:
    """Do it and show the invoice as it then is; a refusal stands beside the field, the comment is kept."""
    person = signed_in()
    form = _form()
    require(person, Entitlement.READ_INVOICES, company)
    if not _is_own_form(_cookie(SESSION_COOKIE), form):
        raise FormRefused("this form was too old: load the invoice again and repeat")
    try:
        invoice = review.act(
            company,
            invoice_id,
            action,
            person,
            comment=form.get("comment", ""),
            version=_version(form),
            store=wiring.store(),
            now=wiring.now,
        )
    except (Refusal, StaleWrite) as error:
        status, code, detail = problems.answer_to(error)
        if status == 404:
            raise
        logger.info("act_refused", extra={"invoice_id": invoice_id, "action": action[:40], "code": code})
        current = wiring.store().invoice(company, invoice_id)
        return _invoice(current, person, status=status, error=detail, comment=form.get("comment", ""))
    logger.info("acted", extra={"company": company, "invoice_id": invoice_id, "action": action})
    if _wants_partial():
        return _invoice(invoice, person, done=BUTTONS[action][1])
    return _redirect(f"page/{company}/invoices/{invoice_id}?done={action}")


def _version(form: Mapping[str, str]) -> int:
    text = form.get("version", "")
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise BadRequest("the form does not say which version of the invoice was looked at: load it again")
    return int(text)


def _invoice(
    invoice: Invoice, person: Person, *, status: int = 200, error: str = "", comment: str = "", done: str = ""
) -> Response[str]:
    trail: list[AuditEntry] | None = None
    if person.may(Entitlement.READ_AUDIT, invoice.company):
        trail = wiring.store().audit(invoice.company, invoice.id)
    state = STATES[invoice.status]
    is_moving = state.step is not None and (wiring.now() - invoice.changed_at).total_seconds() < MOVING_SECONDS_MAX
    return _rendered(
        "_invoice.html" if _wants_partial() else "invoice.html",
        status=status,
        person=person,
        company=invoice.company,
        invoice=invoice,
        state=state,
        rows=_rows(invoice),
        header_fields=HEADER_FIELDS,
        trail=trail,
        broken_at=broken_at(trail) if trail else None,
        bill_address=_bill_address(invoice),
        # While a step is at work a decision would only meet it half-way.
        actions=[] if is_moving else [(name, BUTTONS[name][0]) for name in review.offered(invoice, person)],
        is_moving=is_moving,
        is_own=invoice.raised_by == person.id and invoice.status == Status.MATCHED,
        comment_max=review.COMMENT_MAX,
        needs_comment=[BUTTONS[name][0] for name, action in review.ACTIONS.items() if action.needs_comment],
        error=error,
        comment=comment,
        done=done,
        now=wiring.now(),
    )


def _rows(invoice: Invoice) -> list[Row]:
    """Each billed line beside what was ordered, received and billed of it, by the orders as they are now."""
    if invoice.captured is None:
        return []
    matches = {match.line: match for match in invoice.match.lines} if invoice.match else {}
    wanted = {link.order_id for match in matches.values() for link in match.links}
    orders = wiring.store().orders(invoice.company, sorted(wanted)) if wanted else {}

    def ordered(link: OrderLineLink) -> Ordered:
        order = orders.get(link.order_id)
        if order is None or all(line.line != link.line for line in order.lines):
            return Ordered(link)
        claimed = order.claimed(link.line, but_by=invoice.id)
        return Ordered(link, order.line(link.line), order.billed(link.line), claimed)

    return [
        Row(line, match, tuple(ordered(link) for link in match.links) if match else ())
        for line in invoice.captured.lines
        for match in [matches.get(line.line)]
    ]


def _bill_address(invoice: Invoice) -> str:
    """Where the ERP shows the bill, when the company's settings say so."""
    if invoice.bill is None or invoice.bill.id is None:
        return ""
    address = wiring.store().company(invoice.company).erp_bill_page.replace("{id}", quote(invoice.bill.id, safe=""))
    return address if urlsplit(address).scheme in ("https", "http") else ""


# Sessions, forms


def signed_in() -> Person:
    """Who asks, by the session's token; SignedOut when there is none that holds."""
    return wiring.sign_in().session(_cookie(SESSION_COOKIE)).person


def _companies(person: Person) -> list[str]:
    seen = (Entitlement.READ_INVOICES, Entitlement.READ_DELIVERIES)
    return sorted(company for company in person.roles if any(person.may(entitlement, company) for entitlement in seen))


def _csrf(session: str) -> str:
    """What a form must carry: made from a cookie that no other site can read, and not to be turned back into it."""
    return hmac.new(session.encode(), b"counterfoil form", hashlib.sha256).hexdigest()


def _is_own_form(session: str, form: Mapping[str, str]) -> bool:
    if _header("sec-fetch-site") not in ("", "same-origin"):
        return False
    return hmac.compare_digest(_csrf(session).encode(), form.get("csrf", "").encode())


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


def _cookie(name: str) -> str:
    for part in _header("cookie").split(";"):
        found, _, value = part.strip().partition("=")
        if found == name:
            return value
    return ""


def _header(name: str) -> str:
    headers: Mapping[str, str] = app.current_event.raw_event.get("headers") or {}
    return next((value for key, value in headers.items() if key.lower() == name), "")


def _query(name: str) -> str:
    return (app.current_event.raw_event.get("queryStringParameters") or {}).get(name) or ""


def _form() -> dict[str, str]:
    """The fields of the posted form; BadRequest when it is too large or none."""
    body = app.current_event.raw_event.get("body") or ""
    if len(body) > FORM_BYTES_MAX:
        raise BadRequest(f"the form has more than {FORM_BYTES_MAX:,} bytes: shorten the comment")
    try:
        if app.current_event.raw_event.get("isBase64Encoded"):
            body = base64.b64decode(body, validate=True).decode()
        fields = parse_qs(body, keep_blank_values=True, max_num_fields=FORM_FIELDS_MAX, errors="strict")
    except ValueError:
        raise BadRequest("the form could not be read") from None
    return {name: values[0] for name, values in fields.items()}


# Answers


def _wants_partial() -> bool:
    return _header("hx-request") == "true" and _header("hx-history-restore-request") != "true"


def _root() -> str:
    """The way from this request's address up to the stage's root, which only the browser knows."""
    return "../" * (str(app.current_event.raw_event["path"]).count("/") - 1) or "./"


def _redirect(place: str, *, cookies: list[Cookie] | None = None) -> Response[str]:
    return Response(303, headers={**HEADERS, "Location": _root() + place}, cookies=cookies, body="")


def _rendered(template: str, *, status: int = 200, cookies: list[Cookie] | None = None, **values: Any) -> Response[str]:
    token = _cookie(SESSION_COOKIE)
    shown = {
        "root": _root(),
        "person": None,
        "company": "",
        "companies": _companies(values["person"]) if values.get("person") else [],
        "csrf": _csrf(token) if token else "",
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
    filters: dict[str, Callable[..., str]] = {
        "words": words,
        "sentence": sentence,
        "amount": amount,
        "number": number,
        "age": age,
        "instant": instant,
        "shown": shown,
    }
    environment.filters.update(filters)
    environment.globals.update(Status=Status, Entitlement=Entitlement, TABS=TABS)
    return environment


def words(code: str) -> str:
    """`needs_review` as a person reads it: `Needs review`."""
    text = " ".join(ACRONYMS.get(word, word) for word in re.split(r"[_-]", code))
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """A refusal's detail as a sentence of its own."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def amount(value: Decimal | None, currency: str | None = None) -> str:
    """Money as people read it, never rounded: `1,234.50 EUR`."""
    if value is None:
        return "–"
    places = max(-int(value.as_tuple().exponent), money.minor_units(currency or ""))
    return f"{value:,.{places}f} {currency or ''}".strip()


def number(value: Decimal | None) -> str:
    return "–" if value is None else money.plain(value)


def age(since: datetime, now: datetime) -> str:
    """How long ago, in the largest unit: `3 d`, `5 h`, `12 min`."""
    minutes = max(0, int((now - since).total_seconds())) // 60
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} d"


def instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def shown(value: object, currency: str | None = None) -> str:
    """A header field's value as text."""
    return amount(value, currency) if isinstance(value, Decimal) else str(value)


# Refusals


@app.exception_handler(SignedOut)  # type: ignore[untyped-decorator]  # Powertools leaves this decorator untyped
def signed_out(error: SignedOut) -> Response[str]:
    """To the sign-in form, and back to the place afterwards. A swapped partial can't be a form: the page goes there."""
    place = str(app.current_event.raw_event["path"]).removeprefix("/page").strip("/")
    way = "/".join(place.split("/")[:3])
    target = f"page?next={way}" if PLACE.fullmatch(way) else "page"
    if _wants_partial():
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
    template = "_refusal.html" if _wants_partial() else "refusal.html"
    return _rendered(template, status=status, person=person, title=title, detail=detail)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
