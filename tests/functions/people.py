"""A user pool with people in it, for the page to sign in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from counterfoil.domain.people import ENTITLEMENTS, Entitlement, Role
from tests.builders import COMPANY

OTHER = "other"
PASSWORD = "Counter-foil-1"
FIRST_PASSWORD = "Temporary-1!"

# Who there is, and what they are in which company.
PEOPLE = {
    "mia": [f"{COMPANY}.ap_manager"],
    "ann": [f"{COMPANY}.approver"],
    "cleo": [f"{COMPANY}.ap_clerk"],
    "carl": [f"{COMPANY}.controller"],
    "adam": [f"{COMPANY}.administrator"],
    "emma": [f"{COMPANY}.employee"],
    "bob": [f"{COMPANY}.buyer"],
    "rita": [f"{COMPANY}.receiver"],
    "otto": [f"{OTHER}.ap_manager"],
    "both": [f"{COMPANY}.approver", f"{OTHER}.controller"],
    "nobody": [],
}


def entitlements(name: str) -> frozenset[Entitlement]:
    """What a person may do in the company."""
    roles = (Role(group.partition(".")[2]) for group in PEOPLE[name] if group.startswith(f"{COMPANY}."))
    return frozenset().union(*(ENTITLEMENTS[role] for role in roles))


@dataclass
class UserPool:
    """A user pool that takes somebody in when they are first asked for."""

    cognito: Any
    id: str
    known: set[str] = field(default_factory=set)

    def take_in(self, name: str) -> None:
        if name in self.known:
            return
        who = {"UserPoolId": self.id, "Username": name}
        self.cognito.admin_create_user(**who, TemporaryPassword=FIRST_PASSWORD)
        self.cognito.admin_set_user_password(**who, Password=PASSWORD, Permanent=True)
        for group in PEOPLE[name]:
            if group not in self.known:
                self.cognito.create_group(UserPoolId=self.id, GroupName=group)
            self.cognito.admin_add_user_to_group(**who, GroupName=group)
        self.known |= {name, *PEOPLE[name]}

    def id_of(self, name: str) -> str:
        self.take_in(name)
        attributes = self.cognito.admin_get_user(UserPoolId=self.id, Username=name)["UserAttributes"]
        return next(attribute["Value"] for attribute in attributes if attribute["Name"] == "sub")
