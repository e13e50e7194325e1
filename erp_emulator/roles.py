"""What each role may do with which records, and which tables its queries see. Levels build on each other."""

from __future__ import annotations

from erp_emulator.errors import no_permission
from erp_emulator.schema import RecordType

LEVELS = {"none": 0, "view": 1, "create": 2, "edit": 3, "full": 4}
NEEDED = {"GET": "view", "POST": "create", "PATCH": "edit", "PUT": "edit", "DELETE": "full"}
# Role -> permission -> level; `*` is everything not named. `rest` says whether REST web services may be used at all.
ROLES: dict[str, dict[str, str]] = {
    "administrator": {"*": "full", "rest": "full", "restlets": "full"},
    "ap_clerk": {
        "*": "view",
        "Bill": "full",
        "Bill Credit": "full",
        "Bill Payment": "create",
        "Item Receipt": "full",
        "Expense Report": "create",
        "Make Journal Entry": "none",
        "Employees": "none",
        "Subsidiaries": "none",
        "rest": "full",
        "restlets": "full",
    },
    "read_only": {"*": "view", "rest": "full", "restlets": "none"},
    "no_rest": {"*": "full", "rest": "none", "restlets": "full"},
}
# Tables hidden from those without the permission to view what is in them.
TABLE_PERMISSIONS = {
    "employee": "Employees",
    "subsidiary": "Subsidiaries",
    "vendor": "Vendors",
    "account": "Accounts",
    "item": "Items",
}


def level(role: str, permission: str) -> int:
    held = ROLES.get(role, {})
    return LEVELS[held.get(permission, held.get("*", "none"))]


def check_rest(role: str) -> None:
    if level(role, "rest") == 0:
        raise no_permission("REST Web Services")


def check_record(role: str, record_type: RecordType, method: str) -> None:
    """Refuses what the role's level on this kind of record does not reach."""
    needed = NEEDED.get(method, "view")
    if level(role, record_type.permission) < LEVELS[needed]:
        raise no_permission(record_type.permission)


def may_query(role: str, table: str) -> bool:
    permission = TABLE_PERMISSIONS.get(table)
    return permission is None or level(role, permission) >= LEVELS["view"]
