"""Who may do what: people, their roles in a company, and the entitlements of each role.

A role belongs to a company: the sign-in service's group `<company>.<role>` says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from counterfoil.domain.actions import Actor, Right
from counterfoil.domain.records import Record


class Role(StrEnum):
    """`po_approver` may also settle differences of lines; `buyer` and `receiver` those of prices and of quantities."""

    AP_CLERK = "ap_clerk"
    AP_MANAGER = "ap_manager"
    APPROVER = "approver"
    PO_APPROVER = "po_approver"
    BUYER = "buyer"
    RECEIVER = "receiver"
    EMPLOYEE = "employee"
    CONTROLLER = "controller"
    ADMINISTRATOR = "administrator"


class Entitlement(StrEnum):
    READ_INVOICES = "read_invoices"
    READ_AUDIT = "read_audit"
    UPLOAD = "upload"
    EDIT = "edit"
    MANAGE_RATE_AMOUNT_MISMATCHES = "manage_rate_amount_mismatches"
    MANAGE_QUANTITY_MISMATCHES = "manage_quantity_mismatches"
    MANAGE_NEW_LINES = "manage_new_lines"
    SEND_FOR_APPROVAL = "send_for_approval"
    APPROVE = "approve"
    MARK_APPROVED = "mark_approved"
    HOLD = "hold"
    REJECT = "reject"
    POST = "post"
    CLEAR_DUPLICATE = "clear_duplicate"
    RETRY_EXPORT = "retry_export"
    CLOSE_EXCEPTIONS = "close_exceptions"
    ASK_FOR_RECEIPT = "ask_for_receipt"
    ANSWER_FOR_RECEIPT = "answer_for_receipt"
    READ_SETTINGS = "read_settings"
    CHANGE_SETTINGS = "change_settings"
    SYNC = "sync"
    READ_DELIVERIES = "read_deliveries"


_E = Entitlement
_APPROVER = frozenset({_E.READ_INVOICES, _E.APPROVE, _E.REJECT, _E.HOLD})
_MISMATCHES = frozenset(
    {_E.MANAGE_RATE_AMOUNT_MISMATCHES, _E.MANAGE_QUANTITY_MISMATCHES, _E.MANAGE_NEW_LINES, _E.ASK_FOR_RECEIPT}
)
ENTITLEMENTS: dict[Role, frozenset[Entitlement]] = {
    Role.EMPLOYEE: frozenset({_E.UPLOAD}),
    Role.APPROVER: _APPROVER,
    Role.PO_APPROVER: _APPROVER | _MISMATCHES | {_E.CLOSE_EXCEPTIONS},
    Role.BUYER: frozenset({_E.READ_INVOICES, _E.MANAGE_RATE_AMOUNT_MISMATCHES, _E.CLOSE_EXCEPTIONS}),
    Role.RECEIVER: frozenset(
        {_E.READ_INVOICES, _E.MANAGE_QUANTITY_MISMATCHES, _E.CLOSE_EXCEPTIONS, _E.ANSWER_FOR_RECEIPT}
    ),
    Role.AP_CLERK: frozenset(
        {
            *(_E.READ_INVOICES, _E.READ_AUDIT, _E.UPLOAD, _E.EDIT, _E.MANAGE_NEW_LINES, _E.SEND_FOR_APPROVAL, _E.HOLD),
            *(_E.ASK_FOR_RECEIPT, _E.CLOSE_EXCEPTIONS, _E.SYNC, _E.READ_DELIVERIES),
        }
    ),
    # Whoever runs accounts payable does everything but change the rules that bind them.
    Role.AP_MANAGER: frozenset(_E) - {_E.CHANGE_SETTINGS},
    Role.CONTROLLER: frozenset(
        {_E.READ_INVOICES, _E.READ_AUDIT, _E.READ_DELIVERIES, _E.READ_SETTINGS, _E.CHANGE_SETTINGS, _E.CLOSE_EXCEPTIONS}
    ),
    Role.ADMINISTRATOR: frozenset(
        {_E.READ_INVOICES, _E.READ_AUDIT, _E.SYNC, _E.READ_DELIVERIES, _E.READ_SETTINGS, _E.CHANGE_SETTINGS}
    ),
}


_ROLE_NAMES = frozenset(role.value for role in Role)


class Person(Record):
    """A signed-in person and their roles by company."""

    id: str
    name: str = ""
    roles: dict[str, frozenset[Role]] = {}

    def may(self, entitlement: Entitlement, company: str) -> bool:
        return entitlement in self.entitlements(company)

    def entitlements(self, company: str) -> frozenset[Entitlement]:
        """All that the person's roles in the company carry together."""
        return frozenset().union(*(ENTITLEMENTS[role] for role in self.roles.get(company, ())))

    def acting(self, company: str) -> Actor:
        """The person as somebody who acts on lines."""
        held = self.entitlements(company)
        return Actor(rights=frozenset(right for right in Right if right.value in held))


def person_of(person_id: str, name: str, groups: Iterable[str]) -> Person:
    """A person from the sign-in service's groups; groups that name no company and role are passed over."""
    roles: dict[str, set[Role]] = {}
    for group in groups:
        company, _, role = group.rpartition(".")
        if company and role in _ROLE_NAMES:
            roles.setdefault(company, set()).add(Role(role))
    return Person(id=person_id, name=name, roles={company: frozenset(held) for company, held in roles.items()})
