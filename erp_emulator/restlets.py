"""RESTlets: scripts behind one address, told apart by `script` and `deploy`. Some are built in, others are your own.

A script is a mapping of HTTP methods to Python functions: `GET` and `DELETE` get the query's parameters, `POST` and
`PUT` the body; each also gets the call. What it returns is the answer: a mapping or list as JSON, text as it is.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from erp_emulator import cabinet, records
from erp_emulator.account import Account
from erp_emulator.errors import NetSuiteError
from erp_emulator.http import Reply, Request

PATH = "/app/site/hosting/restlet.nl"


@dataclass(frozen=True)
class Call:
    """What a script can reach: the account, and who calls."""

    account: Account
    method: str
    user: str
    role: str
    headers: Mapping[str, str]


Handler = Callable[[Any, Call], Any]


@dataclass(frozen=True)
class Script:
    number: int
    name: str
    deploy: str
    handlers: Mapping[str, Handler]

    def answers_to(self, script: str, deploy: str) -> bool:
        return script.lower() in (str(self.number), self.name) and deploy.lower() in ("1", self.deploy)


class ScriptError(Exception):
    """An error that a script throws on purpose: its code and sentence reach the caller."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


def echo(given: Any, call: Call) -> Any:
    """What was sent, and by whom."""
    return {"method": call.method, "received": given, "user": call.user, "role": call.role}


def upload(body: Any, call: Call) -> Any:
    """Keep a file and attach it: `{fileName, fileType, fileContents (Base64), folder, recordType, recordId}`."""
    if not isinstance(body, dict):
        raise ScriptError("SSS_MISSING_REQD_ARGUMENT", "The body is not an object.")
    missing = [name for name in ("fileName", "fileContents") if not body.get(name)]
    if missing:
        raise ScriptError("SSS_MISSING_REQD_ARGUMENT", f"Missing a required argument: {', '.join(missing)}")
    with call.account.writing(call.user) as session:
        content = cabinet.decode_content(str(body["fileContents"]))
        folder = int(body["folder"]) if str(body.get("folder") or "").isdigit() else None
        file_id = cabinet.add(
            session, call.account.name, str(body["fileName"]), content, str(body.get("fileType") or ""), folder
        )
        is_attached = bool(body.get("recordType") and body.get("recordId"))
        if is_attached:
            record_type = records.type_of(str(body["recordType"]), call.account.store.catalog)
            record = session.load(record_type, str(body["recordId"]))
            cabinet.attach(session, record, "file", str(file_id), is_on=True)
    return {"success": True, "fileId": str(file_id), "attached": is_attached}


def bill_files(body: Any, call: Call) -> Any:
    """Files of bills: `{requestId, vendorBillIds: [...]}`."""
    wanted = body.get("vendorBillIds", []) if isinstance(body, dict) else []
    session = call.account.session(call.user)
    items = []
    for bill_id in wanted[:1000]:
        bill = session.find("transaction", bill_id)
        if bill is None:
            continue
        for each in cabinet.attachments(session, bill):
            items.append(
                {
                    "tranid": bill.get("tranId"),
                    "trandate": bill.get("tranDate"),
                    "transaction": bill.id,
                    "file_id": each["id"],
                    "file_name": each["name"],
                    "file_type": each["type"],
                    "file_url": each["url"],
                }
            )
    request_id = body.get("requestId") if isinstance(body, dict) else None
    return {"requestId": request_id, "download_token": "emulator", "items": items}


BUILT_IN = (
    Script(101, "customscript_ap_upload", "customdeploy_ap_upload", {"POST": upload}),
    Script(102, "customscript_echo", "customdeploy_echo", {"GET": echo, "POST": echo, "PUT": echo, "DELETE": echo}),
    Script(103, "customscript_bill_files", "customdeploy_bill_files", {"POST": bill_files}),
)


class Restlets:
    def __init__(self, account: Account) -> None:
        self.account = account
        self.scripts = list(BUILT_IN)

    def register(self, name: str, handlers: Mapping[str, Handler], deploy: str = "") -> Script:
        """A script of your own, under the next free number."""
        name = name.lower()
        deploy = deploy.lower() or name.replace("customscript", "customdeploy")
        number = max(each.number for each in self.scripts) + 1
        script = Script(number, name, deploy, {k.upper(): v for k, v in handlers.items()})
        self.scripts.append(script)
        return script

    def answer(self, request: Request) -> Reply:
        script, deploy = request.parameter("script"), request.parameter("deploy", "1")
        found = next((each for each in self.scripts if each.answers_to(script, deploy)), None)
        if found is None:
            return error(request, 404, "SSS_INVALID_SCRIPTLET_ID", INVALID_SCRIPT)
        handler = found.handlers.get(request.method)
        if handler is None:
            return error(
                request, 405, "SSS_INVALID_REQUEST_METHOD", f"The script has no function for {request.method}."
            )
        call = Call(self.account, request.method, request.user, request.role, request.headers)
        try:
            return shaped(request, handler(given(request), call))
        except ScriptError as failed:
            return error(request, failed.status, failed.code, str(failed))
        except NetSuiteError as refused:
            return error(request, 400, refused.code, refused.detail)
        except Exception:  # noqa: BLE001 - a script's own bug is the script's error, as in NetSuite
            return error(request, 400, "UNEXPECTED_ERROR", traceback.format_exc(limit=-1).strip().splitlines()[-1])


INVALID_SCRIPT = "That Suitelet is invalid, disabled, or no longer exists."


def media_of(request: Request) -> str:
    return request.header("content-type").partition(";")[0].strip().lower()


def given(request: Request) -> Any:
    if request.method in ("GET", "DELETE"):
        return {k: v for k, v in request.parameters if k not in ("script", "deploy")}
    media = media_of(request)
    if media in ("text/plain", "text/xml", "application/xml"):
        return request.body.decode("utf-8", "replace")
    if media not in ("", "application/json"):
        raise ScriptError("UNSUPPORTED_MEDIA_TYPE", "An unsupported content type was specified.", 415)
    try:
        return json.loads(request.body or b"{}")
    except ValueError:
        raise ScriptError("INVALID_REQUEST", "The request body is not valid JSON.") from None


def shaped(request: Request, answer: Any) -> Reply:
    media = media_of(request) or "application/json"
    if isinstance(answer, str):
        return Reply(200, answer, f"{media};charset=utf-8")
    if answer is None:
        return Reply(200, "", f"{media};charset=utf-8")
    return Reply(200, answer, "application/json;charset=utf-8")


def error(request: Request, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Reply:
    """The error in the form that the request's content type asks for."""
    media = media_of(request)
    if media == "text/plain":
        return Reply(status, f"error code: {code}\nerror message: {message}", "text/plain;charset=utf-8", headers or {})
    if media in ("text/xml", "application/xml"):
        from xml.sax.saxutils import escape

        body = f"<error><code>{escape(code)}</code><message>{escape(message)}</message></error>"
        return Reply(status, body, f"{media};charset=utf-8", headers or {})
    return Reply(status, {"error": {"code": code, "message": message}}, "application/json;charset=utf-8", headers or {})
