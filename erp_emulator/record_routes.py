"""`/services/rest/record/v1`: lists, instances, sublists, sub-records and transformations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from erp_emulator import actions, cabinet, codes, paging, qfilter, records, roles, transforms
from erp_emulator.account import Account
from erp_emulator.errors import (
    NetSuiteError,
    invalid_content,
    invalid_parameter,
    method_not_allowed,
    nonexistent_record,
)
from erp_emulator.http import COLLECTION, RESOURCE, SINGULAR, Reply, Request, created
from erp_emulator.inputs import Change, Reader, family_of
from erp_emulator.render import View, self_link
from erp_emulator.schema import Field, RecordType
from erp_emulator.session import Record, Session

PREFIX = "/services/rest/record/v1"
CREATE_FORM = f"{RESOURCE}; type=create-form"
EDIT_FORM = f"{RESOURCE}; type=edit-form"
SELECT_OPTIONS = f"{RESOURCE}; type=select-options"
OPTIONS_MAX = 4000
ALLOWED_PARAMETERS = {
    "collection GET": (
        "q",
        "limit",
        "offset",
        "expandRecords",
        "ids",
        "fields",
        "expandSubResources",
        "simpleEnumFormat",
    ),
    "collection POST": ("init", "replace", "replaceSelectedFields"),
    "instance GET": ("expandSubResources", "fields", "simpleEnumFormat", "select"),
    "instance PATCH": ("init", "replace", "replaceSelectedFields"),
    "instance PUT": ("init", "replace", "replaceSelectedFields"),
    "instance DELETE": ("init",),
    "sub GET": ("q", "limit", "offset", "expandSubResources", "fields", "simpleEnumFormat"),
    "form": (
        "fields",
        "q",
        "limit",
        "offset",
        "expandSubResources",
        "simpleEnumFormat",
        "replace",
        "replaceSelectedFields",
    ),
    "transform": (
        "init",
        "replace",
        "replaceSelectedFields",
        "expandSubResources",
        "fields",
        "simpleEnumFormat",
    ),
}


class RecordRoutes:
    """Answers requests on records of one account."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def answer(self, request: Request, segments: list[str]) -> Reply:
        """The reply for the path below `record/v1`; `segments` has no empty parts."""
        record_type = records.type_of(segments[0], self.account.store.catalog)
        is_transform = len(segments) > 3 and segments[2] == "!transform"
        roles.check_record(request.role, record_type, "GET" if is_transform else request.method)
        if len(segments) == 1:
            return self.collection(request, record_type)
        record_id, rest = segments[1], segments[2:]
        if not rest:
            return self.instance(request, record_type, record_id)
        if rest[0] == "!transform" and len(rest) == 2:
            return self.transform(request, record_type, record_id, rest[1])
        if rest[0] in ("!attach", "!detach") and len(rest) == 3:
            return self.attach(request, record_type, record_id, rest)
        if rest[0].startswith("@") and len(rest) == 1:
            return self.action(request, record_type, record_id, rest[0][1:])
        return self.sub_resource(request, record_type, record_id, rest)

    # Collections.

    def collection(self, request: Request, record_type: RecordType) -> Reply:
        if request.method == "GET":
            return self.page(request, record_type)
        if request.method == "POST" and form_of(request):
            if form_of(request) == "select-options":
                return self.select_options(request, record_type)
            return self.new_form(request, record_type)
        if request.method == "POST":
            check_parameters(request, "collection POST")
            return self.create(request, record_type)
        raise method_not_allowed(request.method)

    def page(self, request: Request, record_type: RecordType) -> Reply:
        check_parameters(request, "collection GET")
        limit, offset = paging.read(request.parameter("limit"), request.parameter("offset"))
        url = f"{request.rest_root}/record/v1/{record_type.name}"
        text = request.parameter("q")
        condition = qfilter.compile_filter(text, record_type, self.account.preferences) if text else None
        total, ids = self.account.store.select(record_type.name, condition, limit, offset)
        items: list[dict[str, Any]] = [{"links": [self_link(f"{url}/{each}")], "id": str(each)} for each in ids]
        extra = [("q", text)] if text else []
        if is_true(request.parameter("expandRecords")):
            session = self.account.session(request.user)
            view = view_of(session, request)
            found = [self.find(session, record_type, str(each), request) for each in self.wanted(request, ids)]
            items = [view.record(each) for each in found]
            total = len(items) if request.parameter("ids") else total
        body = paging.envelope(url, items, limit=limit, offset=offset, total=total, extra=extra)
        return Reply(200, body, COLLECTION)

    def wanted(self, request: Request, ids: Sequence[int]) -> list[str]:
        named = [each.strip() for each in request.parameter("ids").split(",") if each.strip()]
        return named or [str(each) for each in ids]

    def create(self, request: Request, record_type: RecordType) -> Reply:
        with self.account.writing(request.user) as session:
            change = self.read_body(request, session, record_type)
            records.refuse_empty(record_type, change)
            record = records.create(session, record_type, change)
        return self.saved(request, record, change)

    def saved(self, request: Request, record: Record, change: Change) -> Reply:
        reply = created(f"{request.rest_root}/record/v1/{record.type.name}/{record.id}")
        if change.ignored:
            reply.headers["X-NetSuite-PropertyValidation"] = ", ".join(change.ignored)[:2000]
        return reply

    def read_body(self, request: Request, session: Session, record_type: RecordType) -> Change:
        body = request.json()
        if not isinstance(body, dict):
            raise invalid_content()
        return reader_of(request, session).read(record_type, body)

    # Instances.

    def find(self, session: Session, record_type: RecordType, text: str, request: Request) -> Record:
        """By id or `eid:`; ids that cannot be are told from those that are not there."""
        path = f"{PREFIX}/{record_type.name}/{text}"
        if text.lower().startswith("eid:"):
            found = session.load_external(record_type, text[4:])
        elif text.lstrip("-").isdigit() and len(text) < 16 and (text == "0" or text.lstrip("-")[0] != "0"):
            found = session.find(record_type.family, int(text))
        else:
            raise NetSuiteError(
                400,
                "INVALID_ID",
                f"Invalid record instance identifier '{text}'. Provide a valid record instance ID.",
                url=path,
            )
        if found is None or found.type is not record_type:
            raise nonexistent_record(path)
        del request
        return found

    def instance(self, request: Request, record_type: RecordType, text: str) -> Reply:
        if request.method == "GET":
            return self.get(request, record_type, text)
        if request.method == "PATCH" and form_of(request):
            self.find(self.account.session(request.user), record_type, text, request)
            if form_of(request) == "select-options":
                return self.select_options(request, record_type)
            return self.edit_form(request, record_type, text)
        if request.method == "PATCH":
            check_parameters(request, "instance PATCH")
            with self.account.writing(request.user) as session:
                record = self.find(session, record_type, text, request)
                change = self.read_body(request, session, record_type)
                record = records.update(session, record, change, replaced(request))
            return self.saved(request, record, change)
        if request.method == "PUT":
            return self.put(request, record_type, text)
        if request.method == "DELETE":
            check_parameters(request, "instance DELETE")
            with self.account.writing(request.user) as session:
                records.delete(session, self.find(session, record_type, text, request))
                return Reply(204)
        raise method_not_allowed(request.method)

    def put(self, request: Request, record_type: RecordType, text: str) -> Reply:
        check_parameters(request, "instance PUT")
        with self.account.writing(request.user) as session:
            change = self.read_body(request, session, record_type)
            if text.lower().startswith("eid:") and text[4:]:
                record, _ = records.upsert(session, record_type, text[4:], change, replaced(request))
            else:
                found = self.find(session, record_type, text, request)
                record = records.update(session, found, change, replaced(request))
        reply = self.saved(request, record, change)
        if self.account.preferences["upsertLocation"] == "external" and text.lower().startswith("eid:"):
            reply.headers["Location"] = f"{request.rest_root}/record/v1/{record_type.name}/{text}"
        return reply

    def get(self, request: Request, record_type: RecordType, text: str) -> Reply:
        check_parameters(request, "instance GET")
        session = self.account.session(request.user)
        record = self.find(session, record_type, text, request)
        return Reply(200, view_of(session, request).record(record), SINGULAR)

    # Parts of an instance.

    def sub_resource(self, request: Request, record_type: RecordType, text: str, rest: list[str]) -> Reply:
        name = rest[0].lower()
        sublist = record_type.sublist_by_lower.get(name)
        if sublist is not None and len(rest) <= 2:
            return self.sublist(request, record_type, text, sublist.name, rest[1:])
        subrecord = next((each for each in record_type.subrecords if each.lower() == name), None)
        if subrecord is not None and len(rest) == 1 and request.method == "GET":
            session = self.account.session(request.user)
            record = self.find(session, record_type, text, request)
            href = f"{request.rest_root}/record/v1/{record_type.name}/{record.id}/{subrecord}"
            return Reply(200, {"links": [self_link(href)], **(record.get(subrecord) or {})}, SINGULAR)
        raise NetSuiteError(
            404,
            "INVALID_URL",
            f"The resource '{'/'.join(rest)}' does not exist for the record type.",
        )

    def sublist(self, request: Request, record_type: RecordType, text: str, name: str, rest: list[str]) -> Reply:
        sublist = record_type.sublists[name]
        if request.method == "GET":
            check_parameters(request, "sub GET")
            session = self.account.session(request.user)
            record = self.find(session, record_type, text, request)
            href = f"{request.rest_root}/record/v1/{record_type.name}/{record.id}/{name}"
            view = view_of(session, request)
            if rest:
                line = records.line_of(record, name, rest[0])
                if line is None:
                    raise nonexistent_record(f"{PREFIX}/{record_type.name}/{record.id}/{name}/{rest[0]}")
                return Reply(200, view.line(sublist, line, href), SINGULAR)
            limit, offset = paging.read(request.parameter("limit"), request.parameter("offset"))
            text = request.parameter("q")
            kept = qfilter.kept_lines(text, sublist, record.sublist(name), self.account.preferences) if text else None
            lines = record.sublist(name) if kept is None else kept
            page = [view.line(sublist, line, href) for line in lines[offset : offset + limit]]
            extra = [("q", text)] if text else []
            body = paging.envelope(href, page, limit=limit, offset=offset, total=len(lines), extra=extra)
            return Reply(200, body, COLLECTION)
        return self.change_sublist(request, record_type, text, name, rest)

    def change_sublist(self, request: Request, record_type: RecordType, text: str, name: str, rest: list[str]) -> Reply:
        """Add, change or remove one line."""
        sublist = record_type.sublists[name]
        with self.account.writing(request.user) as session:
            record = self.find(session, record_type, text, request)
            line = records.line_of(record, name, rest[0]) if rest else None
            if rest and line is None:
                raise nonexistent_record(f"{PREFIX}/{record_type.name}/{record.id}/{name}/{rest[0]}")
            change = Change()
            replace: frozenset[str] = frozenset()
            if request.method == "DELETE" and line is not None:
                change.lines[name] = [dict(each) for each in record.sublist(name) if each is not line]
                replace = frozenset({name.lower()})
            elif (request.method == "POST" and not rest) or (request.method == "PATCH" and rest):
                reader = reader_of(request, session)
                values = reader.line(sublist, request.json(), f"{name}.items[0]", change)
                if line is not None:
                    values[sublist.key] = line[sublist.key]
                change.lines[name] = [values]
            else:
                raise method_not_allowed(request.method)
            saved = records.update(session, record, change, replace)
        if request.method == "DELETE":
            return Reply(204)
        href = f"{request.rest_root}/record/v1/{record_type.name}/{saved.id}/{name}"
        key = rest[0] if rest else str(saved.sublist(name)[-1].get(sublist.key))
        return created(f"{href}/{key}")

    # Attachments and actions.

    def attach(self, request: Request, record_type: RecordType, text: str, rest: list[str]) -> Reply:
        if request.method != "POST":
            raise method_not_allowed(request.method)
        with self.account.writing(request.user) as session:
            record = self.find(session, record_type, text, request)
            cabinet.attach(session, record, rest[1].lower(), rest[2], is_on=rest[0] == "!attach")
        return Reply(204)

    def action(self, request: Request, record_type: RecordType, text: str, name: str) -> Reply:
        """`@confirm` of payments in transit, `@void` of what can be voided."""
        if request.method != "POST":
            raise method_not_allowed(request.method)
        with self.account.writing(request.user) as session:
            record = self.find(session, record_type, text, request)
            result = actions.run(session, record, name.lower())
        href = f"{request.rest_root}/record/v1/{record_type.name}/{record.id}/@{name}"
        return Reply(200, {"links": [self_link(href)], "result": result}, SINGULAR)

    # Transformations.

    def transform(self, request: Request, record_type: RecordType, text: str, target_name: str) -> Reply:
        """Make the target, or with `Accept: ...; type=create-form` show it as its form would open."""
        if request.method not in ("POST", "PATCH", "GET"):
            raise method_not_allowed(request.method)
        check_parameters(request, "transform")
        target = records.type_of(target_name, self.account.store.catalog)
        roles.check_record(request.role, target, "POST")
        if form_of(request) == "create-form":
            return self.create_form(request, record_type, text, target)
        if request.method == "GET":
            raise method_not_allowed(request.method)
        with self.account.writing(request.user) as session:
            source = self.find(session, record_type, text, request)
            change = self.read_body(request, session, target)
            made = transforms.transform(session, source, target, change, replaced(request))
        return self.saved(request, made, change)

    def create_form(self, request: Request, record_type: RecordType, text: str, target: RecordType) -> Reply:
        """The prefilled target, made and thrown away: nothing of it is kept."""
        session = self.account.session(request.user)
        source = self.find(session, record_type, text, request)
        change = transforms.prefill(session, source, target)
        body = self.read_body(request, session, target)
        change = transforms.merged(change, body, target, replaced(request))
        shown = Record(target, "0", {**change.values}, {k: v or [] for k, v in change.lines.items()})
        shown.values.setdefault("tranDate", session.clock.today().isoformat())
        for name, rows in shown.lines.items():
            for index, line in enumerate(rows):
                line.setdefault(target.sublists[name].key, index + 1)
                if "quantity" in line and line.get("rate") is not None and "amount" not in line:
                    line["amount"] = line["quantity"] * line["rate"]
        view = View(session, request.rest_root, expand=True)
        body_shown = view.record(shown)
        body_shown.pop("id", None)
        href = f"{request.rest_root}/record/v1/{record_type.name}/{source.id}/!transform/{target.name}"
        body_shown["links"] = [self_link(href), {"rel": "transform", "href": href}]
        return Reply(200, body_shown, CREATE_FORM)

    # Forms: what a record would be, without keeping anything of it.

    def new_form(self, request: Request, record_type: RecordType) -> Reply:
        """A new record as its form would open, with what follows from the fields given."""
        check_parameters(request, "form")
        shown = self.tried(
            lambda trial: records.create(trial, record_type, self.read_body(request, trial, record_type))
        )
        if shown is None:
            session = self.account.session(request.user)
            change = self.read_body(request, session, record_type)
            shown = Record(record_type, "0", dict(change.values), {k: v or [] for k, v in change.lines.items()})
            if "tranDate" in record_type.fields:
                shown.values.setdefault("tranDate", session.clock.today().isoformat())
        body = view_of(self.account.session(request.user), request).record(shown)
        body.pop("id", None)
        body["links"] = [self_link(f"{request.rest_root}/record/v1/{record_type.name}")]
        return Reply(200, body, CREATE_FORM)

    def edit_form(self, request: Request, record_type: RecordType, text: str) -> Reply:
        """A record as it would be after a change."""
        check_parameters(request, "form")

        def changed(trial: Session) -> Record:
            change = self.read_body(request, trial, record_type)
            return records.update(trial, self.find(trial, record_type, text, request), change, replaced(request))

        session = self.account.session(request.user)
        record = self.find(session, record_type, text, request)
        shown = self.tried(changed) if request.json() else None
        return Reply(200, view_of(session, request).record(shown or record), EDIT_FORM)

    def tried(self, work: Callable[[Session], Record]) -> Record | None:
        """What the work makes, undone at once; None when it is refused for want of what is still to be filled in."""
        made: list[Record] = []
        try:
            with self.account.writing() as trial:
                made.append(work(trial))
                raise Undone
        except Undone:
            return made[0]
        except NetSuiteError as refused:
            if refused.code != "USER_ERROR":
                raise
            return None

    def select_options(self, request: Request, record_type: RecordType) -> Reply:
        """The values that the fields named in `fields` may take."""
        check_parameters(request, "form")
        limit, offset = paging.read(request.parameter("limit"), request.parameter("offset"))
        body: dict[str, Any] = {"links": [self_link(f"{request.rest_root}/record/v1/{record_type.name}")]}
        for name in (part.strip() for part in request.parameter("fields").split(",")):
            each = record_type.by_lower.get(name.lower())
            if each is None or each.kind not in ("ref", "refs", "enum"):
                raise invalid_parameter(f"The field '{name}' has no select options.", "fields")
            body[each.name] = {"_selectOptions": self.options_of(each, request.rest_root)[offset : offset + limit]}
        return Reply(200, body, SELECT_OPTIONS)

    def options_of(self, each: Field, root: str) -> list[dict[str, Any]]:
        if each.kind == "enum":
            return [{"id": key, "refName": text} for key, text in codes.ENUMS.get(each.target, {}).items()]
        if each.target in ("form", "file", ""):
            return []
        family, only = family_of(each.target)
        session = self.account.session()
        found = []
        for kind in self.account.store.catalog.types:
            if kind.family != family or only not in ("", kind.name):
                continue
            for key in self.account.store.select(kind.name, None, OPTIONS_MAX, 0)[1]:
                record = session.find(family, key)
                if record is not None and not record.get("isInactive"):
                    link = self_link(f"{root}/record/v1/{kind.name}/{key}")
                    found.append({"links": [link], "id": str(key), "refName": session.display(family, str(key))})
        return found


def reader_of(request: Request, session: Session) -> Reader:
    """How strictly a body is read is for its sender to say."""
    names = request.header("x-netsuite-propertynamevalidation").lower() or "warning"
    values = request.header("x-netsuite-propertyvaluevalidation").lower() or "error"
    return records.reader(session, names, values)


class Undone(Exception):
    """What was tried is not to be kept."""


def form_of(request: Request) -> str:
    """`create-form`, `edit-form` or `select-options`, when that is what the caller accepts."""
    _, mark, kind = request.header("accept").replace(" ", "").partition(";type=")
    kind = kind.partition(",")[0].partition(";")[0].lower()
    return kind if mark and kind in ("create-form", "edit-form", "select-options") else ""


def replaced(request: Request) -> frozenset[str]:
    return frozenset(name.strip().lower() for name in request.parameter("replace").split(",") if name.strip())


def is_true(text: str) -> bool:
    return text.strip().lower() in ("true", "t", "1")


def view_of(session: Session, request: Request) -> View:
    fields = tuple(each.strip() for each in request.parameter("fields").split(",") if each.strip())
    expand = is_true(request.parameter("expandSubResources"))
    if fields and expand:
        raise invalid_parameter(
            "The 'fields' and 'expandSubResources' query parameters cannot be used together.",
            "fields",
        )
    return View(session, request.rest_root, expand, fields, is_true(request.parameter("simpleEnumFormat")))


def check_parameters(request: Request, what: str) -> None:
    """Unknown query parameters are refused by name."""
    known = ALLOWED_PARAMETERS[what]
    lowered = {name.lower() for name in known}
    for name, _ in request.parameters:
        if name.lower() not in lowered:
            raise invalid_parameter(
                f"Invalid query parameter name '{name}'. Use one of the following valid query parameters: "
                f"{', '.join(known)}.",
                name,
            )
