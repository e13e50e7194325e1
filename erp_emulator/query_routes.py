"""`/services/rest/query/v1/suiteql`."""

from __future__ import annotations

from erp_emulator import paging
from erp_emulator.account import Account
from erp_emulator.errors import NetSuiteError, invalid_content, method_not_allowed
from erp_emulator.http import COLLECTION, Reply, Request
from erp_emulator.suiteql.run import TOTAL_MAX


def suiteql(account: Account, request: Request) -> Reply:
    """One page of a query's result."""
    if request.method != "POST":
        raise method_not_allowed(request.method)
    if account.preferences["transientHeaderRequired"] and "transient" not in request.prefers:
        raise NetSuiteError(
            400,
            "INVALID_HEADER",
            "The required request header 'Prefer' is missing or not valid. Use the value: transient.",
            header="Prefer",
        )
    body = request.json()
    if not isinstance(body, dict) or not isinstance(body.get("q"), str):
        raise invalid_content()
    parameters = body.get("params") or []
    if not isinstance(parameters, list):
        raise invalid_content()
    limit, offset = paging.read(request.parameter("limit"), request.parameter("offset"))
    page = account.engine.run(
        body["q"],
        parameters,
        account.query_account(request.role, request.user),
        role=request.role,
        limit=limit,
        offset=offset,
        timeout_seconds=float(account.preferences["queryTimeoutSeconds"]),
    )
    envelope = paging.envelope(
        f"{request.rest_root}/query/v1/suiteql",
        page.items,
        limit=limit,
        offset=offset,
        total=page.total,
        reachable=TOTAL_MAX,
    )
    return Reply(200, envelope, COLLECTION)
