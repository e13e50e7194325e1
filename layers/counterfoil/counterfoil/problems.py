"""Refusals as answers: RFC 9457 problem+json, the status decided in one table."""

from __future__ import annotations

import json

from counterfoil.errors import CounterfoilError, Refusal, StaleWrite

CONTENT_TYPE = "application/problem+json"
STATUSES = {
    "bad_request": 400,
    "sign_in_refused": 401,
    "signature_refused": 401,
    "signed_out": 401,
    "not_entitled": 403,
    "invoice_missing": 404,
    "unknown_company": 404,
    "not_found": 404,
    "action_declined": 409,
    "move_refused": 409,
    "seen_before": 409,
}
TITLES = {
    400: "The request is not right",
    401: "Not signed as it must be",
    403: "Not allowed",
    404: "Not found",
    409: "Not possible now",
}


def problem_of(error: CounterfoilError) -> tuple[int, str]:
    """The HTTP status and the problem+json body of a refusal or a stale write."""
    status, code, detail = answer_to(error)
    values = error.values if isinstance(error, Refusal) else {}
    return status, body(status, code, detail, rule=values.get("rule"))


def answer_to(error: CounterfoilError) -> tuple[int, str, str]:
    """The HTTP status, the code and the sentence of a refusal or a stale write; any other error goes on."""
    if isinstance(error, StaleWrite):
        return 409, "changed_meanwhile", "somebody else changed it meanwhile: look again, then repeat"
    if isinstance(error, Refusal):
        return STATUSES.get(error.code, 400), error.code, error.detail
    raise error


def body(status: int, code: str, detail: str, *, rule: str | None = None) -> str:
    """The JSON of a problem; `rule` names what forbids an action, for programs."""
    title = TITLES.get(status, "Refused")
    problem = {"type": f"urn:counterfoil:{code}", "title": title, "status": status, "detail": detail}
    return json.dumps(problem | ({"rule": rule} if rule else {}))
