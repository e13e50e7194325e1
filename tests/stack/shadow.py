"""The deployed functions a second time, on a table, bucket, queues and secrets of their own, to take rights away from.

Each shadow has the deployed code, layers and settings, and a role whose policy is the deployed one; in all of them the
stack's name is replaced by the shadow's. So a test can take a right away and see what happens, while the stack itself
goes on working, and nothing that the shadow writes sets the stack's own functions to work.
"""

from __future__ import annotations

import base64
import io
import json
import urllib.request
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from counterfoil.domain.policy import CompanySettings
from counterfoil.store import Store
from local.people import sample_people
from local.stack import Stack
from tests.builders import COMPANY
from tests.conftest import table_properties

# An exception that leaves a handler costs its environment, and a new one takes seconds: it is answered instead.
WRAPPER = """
import traceback

import app


def lambda_handler(event, context):
    try:
        return app.lambda_handler(event, context)
    except Exception:
        return {"errorMessage": traceback.format_exc()}
"""

Statement = dict[str, Any]
Policy = dict[str, Any]


class Missed(Exception):
    """The function was refused what was taken away: there is no need to go on."""


# Invoices in this currency need no approver in the shadow's company; those in any other do.
APPROVES_ITSELF = "EUR"


@dataclass(frozen=True)
class Outcome:
    """What one invocation answered and logged, as text."""

    answer: str
    log: str

    def is_denied(self, action: str = "") -> bool:
        return any("AccessDenied" in text and action in text for text in (self.answer, self.log))

    @property
    def content(self) -> Any:
        return json.loads(self.answer)


class Shadow:
    """The shadow functions by their logical names, such as `CaptureInvoice`, and what they work on."""

    def __init__(self, stack: Stack, name: str) -> None:
        self.stack = stack
        self.name = name
        self.outcomes: list[Outcome] = []
        self._gone = ""
        self._lambda = stack.client("lambda")
        self._iam = stack.client("iam")
        self.s3 = stack.client("s3")

    def shadowed(self, text: str) -> str:
        return text.replace(self.stack.installation.stack_name, self.name)

    # What they work on

    @property
    def bucket(self) -> str:
        return self.shadowed(self.stack.outputs["InboxBucket"])

    @property
    def table(self) -> str:
        return self.shadowed(self.stack.outputs["TableName"])

    @cached_property
    def store(self) -> Store:
        return Store(self.stack.client("dynamodb"), self.table)

    @cached_property
    def webhook_secret(self) -> str:
        return uuid.uuid4().hex

    @cached_property
    def session_token(self) -> str:
        """The ID token of somebody who may do everything in the company."""
        person = next(one for one in sample_people(self.stack.installation) if one.role == "ap_manager")
        reply = self.stack.client("cognito-idp").initiate_auth(
            ClientId=self.stack.outputs["UserPoolClientId"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": person.name, "PASSWORD": person.password},
        )
        return str(reply["AuthenticationResult"]["IdToken"])

    def create(self) -> None:
        self.stack.client("dynamodb").create_table(TableName=self.table, **table_properties())
        self.store.put_company(
            CompanySettings(company=COMPANY, currency=APPROVES_ITSELF, approve_automatically_max=Decimal(1_000_000))
        )
        self.s3.create_bucket(Bucket=self.bucket)
        self.s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})
        sqs = self.stack.client("sqs")
        for output in ("CaptureQueueUrl", "MatchQueueUrl", "ExportQueueUrl", "SyncQueueUrl"):
            name = self.shadowed(self.stack.outputs[output].rsplit("/", 1)[1])
            sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true"} if name.endswith(".fifo") else {})
        secrets = self.stack.client("secretsmanager")
        erp = secrets.get_secret_value(SecretId=self.stack.outputs["ErpSecretName"])["SecretString"]
        secrets.create_secret(Name=self.shadowed(self.stack.outputs["ErpSecretName"]), SecretString=erp)
        webhook = self.shadowed(self.stack.outputs["WebhookSecretName"])
        secrets.create_secret(Name=webhook, SecretString=self.webhook_secret)
        for function in self.stack.functions:
            self._create_function(function)

    # The functions

    def deployed(self, function: str) -> dict[str, Any]:
        """The configuration of the deployed function."""
        return self._lambda.get_function_configuration(FunctionName=self.stack.functions[function])

    def deployed_policy(self, function: str) -> Policy:
        """The one inline policy of the deployed function's role."""
        role = self.deployed(function)["Role"].rsplit("/", 1)[1]
        assert self._iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []
        [name] = self._iam.list_role_policies(RoleName=role)["PolicyNames"]
        return self._iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]

    def allow(self, function: str, policy: Policy) -> None:
        """Let the shadow's role do what a policy of the deployed one allows, on the shadow's own things."""
        self._iam.put_role_policy(
            RoleName=self._function_name(function),
            PolicyName="shadowed",
            PolicyDocument=self.shadowed(json.dumps(policy)),
        )

    @contextmanager
    def lacking(self, function: str, policy: Policy, action: str) -> Iterator[None]:
        """Let the shadow do only what a policy allows, until it is refused an action: `Missed`."""
        self.allow(function, policy)
        self._gone = action
        try:
            yield
        finally:
            self._gone = ""
            self.allow(function, self.deployed_policy(function))

    def allows(self, function: str, action: str, resource: str) -> bool:
        """Whether the shadow's role may do something now, by IAM's own reckoning."""
        policy = self._iam.get_role_policy(RoleName=self._function_name(function), PolicyName="shadowed")
        return self.simulate(policy["PolicyDocument"], action, resource)

    def simulate(self, policy: Policy, action: str, resource: str) -> bool:
        """Whether a policy allows an action on a resource, by IAM's own reckoning."""
        [result] = self._iam.simulate_custom_policy(
            PolicyInputList=[json.dumps(policy)], ActionNames=[action], ResourceArns=[resource]
        )["EvaluationResults"]
        return result["EvalDecision"] == "allowed"

    def invoke(self, function: str, event: dict[str, Any]) -> Outcome:
        """Invoke a shadow; what came of it is kept in `outcomes`, also when the function failed."""
        reply = self._lambda.invoke(
            FunctionName=self._function_name(function), Payload=json.dumps(event).encode(), LogType="Tail"
        )
        log = base64.b64decode(reply.get("LogResult", "")).decode(errors="replace")
        return self.note(Outcome(reply["Payload"].read().decode(errors="replace"), log))

    def renew(self, function: str) -> None:
        """End the shadow's warm environments: what they keep is asked for again by new ones."""
        timeout = self.deployed(function)["Timeout"]
        self._lambda.update_function_configuration(FunctionName=self._function_name(function), Timeout=timeout)

    def note(self, outcome: Outcome) -> Outcome:
        self.outcomes.append(outcome)
        if self._gone and outcome.is_denied(self._gone):
            raise Missed
        return outcome

    def _function_name(self, function: str) -> str:
        return self.shadowed(self.stack.functions[function])

    def _create_function(self, function: str) -> None:
        name = self._function_name(function)
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        }
        role = self._iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        self.allow(function, self.deployed_policy(function))
        configuration = self.deployed(function)
        location = self._lambda.get_function(FunctionName=self.stack.functions[function])["Code"]["Location"]
        with urllib.request.urlopen(location, timeout=30) as code:
            content = wrapped(code.read())
        self._lambda.create_function(
            FunctionName=name,
            Role=role,
            Code={"ZipFile": content},
            Layers=[layer["Arn"] for layer in configuration["Layers"]],
            Environment=json.loads(self.shadowed(json.dumps(configuration["Environment"]))),
            Handler="wrapper.lambda_handler",
            **{key: configuration[key] for key in ("Runtime", "Timeout", "MemorySize")},
        )


def wrapped(code: bytes) -> bytes:
    """A function's archive with the wrapper beside its handler."""
    content = io.BytesIO(code)
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr("wrapper.py", WRAPPER)
    return content.getvalue()
