"""The sample people: one for each role, with passwords of this installation's own."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass
from typing import Any

from counterfoil.domain.people import Role
from counterfoil.store import UNASSIGNED
from local.installation import Installation, read_json, write_json
from local.stack import Stack

PASSWORD_LENGTH = 20
SYMBOLS = "-_.!"


@dataclass(frozen=True)
class SamplePerson:
    """Somebody who can sign in; `name` is what to type."""

    name: str
    role: Role
    password: str


def sample_people(installation: Installation) -> list[SamplePerson]:
    """The people of this installation; passwords are made once and kept in a file only its owner can read."""
    path = installation.file("people.json")
    passwords = {name: str(password) for name, password in read_json(path).items()}
    names = {role: f"{role.value}@{installation.company}.example" for role in Role}
    missing = [name for name in names.values() if name not in passwords]
    if missing:
        passwords |= {name: _password() for name in missing}
        write_json(path, passwords, mode=0o600)
    return [SamplePerson(name, role, passwords[name]) for role, name in names.items()]


def create_people(stack: Stack) -> list[SamplePerson]:
    """Make sure that each sample person can sign in and has their role."""
    people = sample_people(stack.installation)
    cognito = stack.client("cognito-idp")
    pool = stack.outputs["UserPoolId"]
    for person in people:
        _unless_there(
            cognito,
            cognito.admin_create_user,
            UserPoolId=pool,
            Username=person.name,
            TemporaryPassword=person.password,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": "email", "Value": person.name}, {"Name": "email_verified", "Value": "true"}],
        )
        cognito.admin_set_user_password(UserPoolId=pool, Username=person.name, Password=person.password, Permanent=True)
        for group in groups_of(person, stack.installation.company):
            _unless_there(cognito, cognito.create_group, UserPoolId=pool, GroupName=group)
            cognito.admin_add_user_to_group(UserPoolId=pool, Username=person.name, GroupName=group)
    return people


def groups_of(person: SamplePerson, company: str) -> list[str]:
    """The person's role in the company; whoever administers the deployment also sees what no company took in."""
    groups = [f"{company}.{person.role.value}"]
    if person.role == Role.ADMINISTRATOR:
        groups.append(f"{UNASSIGNED}.{person.role.value}")
    return groups


def _unless_there(cognito: Any, create: Any, **arguments: Any) -> None:
    try:
        create(**arguments)
    except (cognito.exceptions.UsernameExistsException, cognito.exceptions.GroupExistsException):
        return


def _password() -> str:
    """Random, with a character of each kind that the pool asks for."""
    kinds = (string.ascii_lowercase, string.ascii_uppercase, string.digits, SYMBOLS)
    characters = [secrets.choice(kind) for kind in kinds]
    characters += [secrets.choice("".join(kinds)) for _ in range(PASSWORD_LENGTH - len(kinds))]
    secrets.SystemRandom().shuffle(characters)
    return "".join(characters)
