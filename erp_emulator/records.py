"""The record service without HTTP: create, change, upsert and delete, each all or nothing with all it brings about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erp_emulator import ledger, links, periods, projection
from erp_emulator.behaviours import behaviour_of
from erp_emulator.catalog import STANDARD, Catalog
from erp_emulator.errors import NetSuiteError, missing_values, user_error
from erp_emulator.inputs import Change, Reader
from erp_emulator.schema import RecordType
from erp_emulator.session import Record, Session, Values, number

if TYPE_CHECKING:
    from erp_emulator.account import Account

FIRST_IDS = {"entity": 501, "item": 71, "transaction": 1001, "account": 101}
EXTERNAL_ID_MAX = 250
SILENT = frozenset({"lastModifiedDate", "createdDate", "_lastLine", "_modifiedBy"})


def type_of(name: str, catalog: Catalog = STANDARD) -> RecordType:
    """The record type of a name in any case; a 404 refusal for others. Custom ones are in an account's own catalog."""
    return catalog.type_of(name)


def create(session: Session, record_type: RecordType, change: Change, *, record_id: int | None = None) -> Record:
    """A new record; `record_id` only for the seed, which chooses its own."""
    if record_id is None:
        record_id = session.store.next_id(record_type.family, FIRST_IDS.get(record_type.family, 1))
    else:
        session.store.use_id(record_type.family, record_id)
    record = Record(record_type, str(record_id), {}, {}, is_new=True)
    record.values["createdDate"] = session.now
    record.values["_createdBy"] = session.user
    apply_change(record, change, frozenset())
    refuse_duplicate_external_id(session, record)
    behaviour_of(record).prepare(session, record)
    if ledger.is_posting(record):
        periods.refuse_if_shut(session, record, "created")
    write(session, record)
    return record


def update(session: Session, record: Record, change: Change, replace: frozenset[str] = frozenset()) -> Record:
    """Change a record by a body; sublists named in `replace` become just what the body holds."""
    session.remember(record)
    before = session.before[record.key]
    changed = record.copy()
    apply_change(changed, change, replace)
    refuse_duplicate_external_id(session, changed)
    clear_sourced(before, changed, change)
    behaviour_of(changed).prepare(session, changed)
    if ledger.is_posting(before) or ledger.is_posting(changed):
        refuse_in_shut_period(session, before, changed)
    write(session, changed)
    return changed


def clear_sourced(before: Record, changed: Record, change: Change) -> None:
    """What follows from another field is sourced anew when that one changes and it was not itself given."""
    follows = {
        "currency": ("exchangeRate",),
        "terms": ("dueDate", "discountDate"),
        "tranDate": ("dueDate", "discountDate"),
        "entity": ("terms", "account", "email", "currency", "exchangeRate", "billingAddress"),
    }
    if not changed.type.is_transaction:
        return
    for name, others in follows.items():
        if name in change.values and before.get(name) != changed.get(name):
            for other in others:
                if other not in change.values and other in changed.type.fields:
                    changed.values.pop(other, None)


def refuse_in_shut_period(session: Session, before: Record, changed: Record) -> None:
    """In a closed period only what does not touch the books may change."""
    unchanged = (
        before.get("postingPeriod") == changed.get("postingPeriod")
        and ledger.is_posting(before)
        and ledger.is_posting(changed)
        and ledger.postings(session, before) == ledger.postings(session, changed)
    )
    if not unchanged:
        if ledger.is_posting(before):
            periods.refuse_if_shut(session, before, "modified")
        if ledger.is_posting(changed):
            periods.refuse_if_shut(session, changed, "modified")


def upsert(
    session: Session,
    record_type: RecordType,
    external_id: str,
    change: Change,
    replace: frozenset[str] = frozenset(),
) -> tuple[Record, bool]:
    """The record of that external id, created if there is none; True when it was."""
    found = session.load_external(record_type, external_id)
    change.values["externalId"] = external_id
    if found is None:
        return create(session, record_type, change), True
    return update(session, found, change, replace), False


def delete(session: Session, record: Record) -> None:
    """Remove a record that nothing depends on, undo its effects, and leave a row in deletedrecord."""
    behaviour_of(record).refuse_delete(session, record)
    if record.type.is_transaction:
        is_let_go = record.type.name == "purchaseOrder" and session.preferences["deleteReceivedOrder"] != "refuse"
        is_let_go = is_let_go or record.type.name == "itemReceipt"
        if links.dependents(session, record.id) and not is_let_go:
            raise user_error("This transaction cannot be deleted because it is linked to by one or more transactions.")
        if ledger.is_posting(record):
            periods.refuse_if_shut(session, record, "deleted")
    name = projection.display_name(session, record)
    touched = links.write(session, record, [])
    projection.remove(session, record)
    session.store.remove(*record.key)
    session.held.pop(record.key, None)
    session.store.insert(
        "deletedrecord",
        {
            "deleteddate": projection.local_time(session, session.now),
            "type": record.type.label,
            "recordid": int(record.id),
            "recordtypeid": session.store.catalog.number_of(record.type),
            "scriptid": record.type.name.lower(),
            "name": name,
            "context": session.context,
            "deletedby": int(session.user),
            "iscustomrecord": "F",
        },
    )
    note(session, record, "T", {"(record)": (name, None)})
    for other in sorted(touched, key=int):
        settle(session, other)
    announce(session, record, "delete")


def apply_change(record: Record, change: Change, replace: frozenset[str]) -> None:
    """Lay a change over a record: fields set or cleared, lines merged by their key or replaced."""
    for name, value in change.values.items():
        if value is None:
            record.values.pop(name, None)
        else:
            record.values[name] = value
    for name, rows in change.lines.items():
        sublist = record.type.sublists[name]
        if rows is None or name.lower() in replace:
            kept = _same_lines(record.sublist(name), sublist.key) if rows else {}
            record.lines[name] = [_replaced(kept, row, sublist.key) for row in rows or []]
            continue
        record.lines[name] = merge_lines(record.sublist(name), rows, sublist.key)


def _key(line: Values, key: str) -> str | None:
    value = line.get(key)
    return None if value is None else str(value)


def _same_lines(rows: list[Values], key: str) -> dict[str, Values]:
    return {str(row[key]): row for row in rows if row.get(key) is not None}


def _replaced(kept: dict[str, Values], row: Values, key: str) -> Values:
    """A line of the same key keeps what the emulator itself knows of it: its number and what was received."""
    old = kept.get(_key(row, key) or "")
    if old is None:
        return dict(row)
    own = {name: value for name, value in old.items() if name in ("uniqueKey", "_received", "_nkey")}
    return {**own, **row}


def merge_lines(present: list[Values], rows: list[Values], key: str) -> list[Values]:
    """Lines with a key that is there change that line; others are added at the end."""
    merged = [dict(line) for line in present]
    index = {_key(line, key): position for position, line in enumerate(merged)}
    for row in rows:
        position = index.get(_key(row, key)) if row.get(key) is not None else None
        if position is None:
            merged.append({k: v for k, v in row.items() if v is not None})
            continue
        line = merged[position]
        for name, value in row.items():
            if value is None:
                line.pop(name, None)
            else:
                line[name] = value
        if ("quantity" in row or "rate" in row) and "amount" not in row and "item" in line:
            line.pop("amount", None)
            line.pop("_priced", None)
            line["_priced"] = "||"
        if "amount" in row or "quantity" in row or "rate" in row or "taxCode" in row:
            line.pop("_taxed", None)
            if "tax1Amt" not in row:
                line.pop("tax1Amt", None)
    return merged


def refuse_duplicate_external_id(session: Session, record: Record) -> None:
    external_id = record.external_id
    if external_id is None:
        return
    if len(external_id) > EXTERNAL_ID_MAX:
        raise user_error("The field externalid contained more than the maximum number of characters allowed.")
    found = session.store.id_of_external(record.type.name, external_id)
    if found is not None and str(found) != record.id:
        code = session.preferences["duplicateExternalIdCode"]
        raise NetSuiteError(
            400,
            code,
            "Error while accessing a resource. This record already exists.",
            path="externalId",
        )


# Writing.


def write(session: Session, record: Record) -> None:
    """Write a prepared record, its links and its projection, and settle the documents at the links' other end."""
    behaviour = behaviour_of(record)
    stamp(session, record)
    session.held[record.key] = record
    # The transaction's row must exist before links name it; both are one transaction of the store.
    touched = links.write(session, record, behaviour.links(session, record)) if record.type.is_transaction else set()
    if touched:
        behaviour.settle(session, record)
    store(session, record)
    before = session.before.get(record.key)
    note(session, record, "create" if record.is_new else "edit", differences(before, record))
    for other in sorted(touched - {record.id}, key=int):
        settle(session, other)
    announce(session, record, "create" if record.is_new else "edit")
    record.is_new = False


def stamp(session: Session, record: Record) -> None:
    record.values["lastModifiedDate"] = session.now
    record.values["_modifiedBy"] = session.user


def store(session: Session, record: Record) -> None:
    projection.write(session, record)
    session.store.put(
        record.type.family,
        int(record.id),
        record.type.name,
        record.external_id,
        record.body(),
        record.values["lastModifiedDate"],
    )


def settle(session: Session, record_id: str) -> None:
    """Bring a document up to date with those linked to it; that is a touch, so its modified date moves."""
    found = session.find("transaction", record_id)
    if found is None:
        return
    session.remember(found)
    record = found.copy()
    session.held[record.key] = record
    behaviour_of(record).settle(session, record)
    stamp(session, record)
    store(session, record)
    note(session, record, "edit", differences(session.before[record.key], record))
    announce(session, record, "edit")
    session.before[record.key] = record.copy()


def differences(before: Record | None, record: Record) -> dict[str, tuple[Any, Any]]:
    """Fields that changed, old and new; of a new record those that identify it."""
    if before is None:
        names = ("tranId", "entityId", "itemId", "name", "total", "status", "approvalStatus")
        return {n: (None, record.get(n)) for n in names if record.get(n) is not None}
    return {
        name: (before.get(name), record.get(name))
        for name in sorted({*before.values, *record.values} - SILENT)
        if not name.startswith("_") and before.get(name) != record.get(name)
    }


def note(session: Session, record: Record, kind: str, changed: dict[str, tuple[Any, Any]]) -> None:
    """System notes: who changed which field from what to what."""
    if not session.is_noted:
        return
    for name, (old, new) in changed.items():
        session.store.insert(
            "systemnote",
            {
                "id": session.store.next_id("systemnote"),
                "record": projection.display_name(session, record),
                "recordid": int(record.id),
                "recordtypeid": session.store.catalog.number_of(record.type),
                "recordtype": record.type.name.lower(),
                "field": f"{'TRANDOC' if record.type.is_transaction else 'RECORD'}.{name.upper()}",
                "oldvalue": None if old is None else str(old),
                "newvalue": None if new is None else str(new),
                "date": projection.local_time(session, session.now),
                "name": int(session.user),
                "context": session.context,
                "type": {"create": 2, "edit": 4}.get(kind, 8),
            },
        )


def announce(session: Session, record: Record, event: str) -> None:
    """Remember what happened, for the scripts that tell others after the commit."""
    before = session.before.get(record.key)
    session.events.append(
        {
            "event": event,
            "recordType": record.type.name.lower(),
            "id": record.id,
            "oldStatus": before.get("status") if before and event != "create" else None,
            "newStatus": record.get("status") if event != "delete" else None,
            "typeCode": record.type.code,
            "modified": session.now,
        }
    )


def project_all(account: Account) -> None:
    """Write anew what SuiteQL sees of every record, after a preference changed how it is shown."""
    with account.writing() as session:
        for record_type in account.store.catalog.types:
            for record_id, _, _ in account.store.bodies(record_type.name):
                record = session.find(record_type.family, record_id)
                if record is not None:
                    projection.write(session, record)


def reader(session: Session, names: str = "warning", values: str = "error") -> Reader:
    return Reader(session, names, values)


def required_for(record_type: RecordType) -> list[str]:
    return [each.title for each in record_type.fields.values() if each.is_required]


def refuse_empty(record_type: RecordType, change: Change) -> None:
    """An empty body names what it lacks."""
    if not change.values and not change.lines:
        titles = required_for(record_type)
        if titles:
            raise missing_values(titles)


def line_of(record: Record, sublist: str, key: str) -> Values | None:
    for line in record.sublist(sublist):
        value = line.get(record.type.sublists[sublist].key)
        is_same = value is not None and (
            str(value) == key or (key.isdigit() and str(value).isdigit() and number(value) == number(key))
        )
        if is_same:
            return line
    return None
