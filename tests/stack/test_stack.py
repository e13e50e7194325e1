"""The local stack is what the template says, with roles enforced and people who can sign in."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest

from counterfoil.domain.people import Role
from local.people import groups_of, sample_people

pytestmark = pytest.mark.stack

OUTPUTS = {"ApiUrl", "PageUrl", "InboxBucket", "TableName", "UserPoolId", "UserPoolClientId", "WebhookUrl"}


def status_of(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=30) as reply:
            return reply.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_it_tells_where_everything_is(stack):
    assert stack.outputs.keys() >= OUTPUTS
    assert status_of(stack.outputs["ApiUrl"] + "/openapi.json") == 200


def test_only_who_signed_in_is_answered(stack):
    assert status_of(stack.outputs["ApiUrl"] + f"/companies/{stack.installation.company}/invoices") == 401


@pytest.mark.parametrize("person_number", range(len(Role)), ids=list(Role))
def test_there_is_somebody_for_each_role(stack, person_number):
    person = sample_people(stack.installation)[person_number]
    cognito = stack.client("cognito-idp")

    reply = cognito.initiate_auth(
        ClientId=stack.outputs["UserPoolClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": person.name, "PASSWORD": person.password},
    )
    groups = cognito.admin_list_groups_for_user(UserPoolId=stack.outputs["UserPoolId"], Username=person.name)["Groups"]

    assert reply["AuthenticationResult"]["IdToken"]
    assert {group["GroupName"] for group in groups} == set(groups_of(person, stack.installation.company))
    assert f"{stack.installation.company}.{person.role.value}" in groups_of(person, stack.installation.company)


def test_only_an_administrator_can_make_people(stack):
    pool = stack.client("cognito-idp").describe_user_pool(UserPoolId=stack.outputs["UserPoolId"])["UserPool"]

    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True


def test_passwords_can_be_read_by_their_owner_alone(stack):
    assert stack.installation.file("people.json").stat().st_mode & 0o077 == 0
