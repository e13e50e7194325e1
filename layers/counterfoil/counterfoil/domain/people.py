"""Who may do what: people, their roles in a company, and the entitlements of each role.

A role belongs to a company: the sign-in service's group `<company>.<role>` says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from counterfoil.domain.records import Record


class Role(StrEnum):
    AP_CLERK = "ap_clerk"
    AP_MANAGER = "ap_manager"
    APPROVER = "approver"
    EMPLOYEE = "employee"
    CONTROLLER = "controller"
    ADMINISTRATOR = "administrator"


class Entitlement(StrEnum):
    READ_INVOICES = "read_invoices"
    READ_AUDIT = "read_audit"
    UPLOAD = "upload"
    APPROVE = "approve"
    REJECT = "reject"
    RERUN = "rerun"
    CLEAR_DUPLICATE = "clear_duplicate"
    RETRY_EXPORT = "retry_export"
    SYNC = "sync"
    READ_DELIVERIES = "read_deliveries"


_E = Entitlement
ENTITLEMENTS: dict[Role, frozenset[Entitlement]] = {
    Role.EMPLOYEE: frozenset({_E.UPLOAD}),
    Role.APPROVER: frozenset({_E.READ_INVOICES, _E.APPROVE, _E.REJECT}),
    Role.AP_CLERK: frozenset({_E.READ_INVOICES, _E.READ_AUDIT, _E.UPLOAD, _E.RERUN, _E.SYNC, _E.READ_DELIVERIES}),
    Role.AP_MANAGER: frozenset(_E),
    Role.CONTROLLER: frozenset({_E.READ_INVOICES, _E.READ_AUDIT, _E.READ_DELIVERIES}),
    Role.ADMINISTRATOR: frozenset({_E.READ_INVOICES, _E.READ_AUDIT, _E.SYNC, _E.READ_DELIVERIES}),
}


_ROLE_NAMES = frozenset(role.value for role in Role)


class Person(Record):
    """A signed-in person and their roles by company."""

    id: str
    name: str = ""
    roles: dict[str, frozenset[Role]] = {}

    def may(self, entitlement: Entitlement, company: str) -> bool:
        return any(entitlement in ENTITLEMENTS[role] for role in self.roles.get(company, ()))


def person_of(person_id: str, name: str, groups: Iterable[str]) -> Person:
    """A person from the sign-in service's groups; groups that name no company and role are passed over."""
    roles: dict[str, set[Role]] = {}
    for group in groups:
        company, _, role = group.rpartition(".")
        if company and role in _ROLE_NAMES:
            roles.setdefault(company, set()).add(Role(role))
    return Person(id=person_id, name=name, roles={company: frozenset(held) for company, held in roles.items()})
