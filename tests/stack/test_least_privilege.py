"""Each function may do all that its step does, and nothing that it does not: every right, taken away, is missed.

The local cloud enforces the roles of functions on their own calls; those rights are taken away one by one from
shadows of the deployed functions. What Lambda itself does in a function's name (receive messages, read the stream,
write the log, send traces) the local cloud does not hold against the role. There the needs are derived from how the
function is deployed, and IAM's simulator says whether the policy meets them, with and without each right.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import template
from tests.stack.exercises import EXERCISES, prepare
from tests.stack.shadow import Missed, Outcome, Policy, Shadow, Statement

pytestmark = [pytest.mark.stack, pytest.mark.slow]

Right = tuple[str, str]


def statements_of_template() -> list[tuple[str, str]]:
    """Function and statement id, of every statement of every function's role."""
    resources = template()["Resources"]
    return [
        (function, statement["Sid"])
        for function in EXERCISES
        for statement in resources[f"{function}Role"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    ]


@pytest.fixture(scope="module")
def shadow(stack) -> Shadow:
    made = Shadow(stack, f"shadow-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}")
    made.create()
    prepare(made)
    return made


def listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else value


def rights(statement: Statement) -> list[Right]:
    return [(action, resource) for action in listed(statement["Action"]) for resource in listed(statement["Resource"])]


def without(policy: Policy, sid: str, gone: Right) -> Policy:
    """The policy but for one right of one statement."""
    statements = [one for one in policy["Statement"] if one["Sid"] != sid]
    [statement] = (one for one in policy["Statement"] if one["Sid"] == sid)
    kept = [right for right in rights(statement) if right != gone]
    statements += [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in kept]
    return policy | {"Statement": statements}


def needs_of_lambda(shadow: Shadow, function: str) -> Iterator[Right]:
    """What Lambda does in the function's name, and the questions whose answers the function must not be refused."""
    configuration = shadow.deployed(function)
    for mapping in sources(shadow, function):
        source = mapping["EventSourceArn"]
        if ":sqs:" in source:
            for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"):
                yield f"sqs:{action}", source
        else:
            for action in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"):
                yield f"dynamodb:{action}", source
        failures = mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        if failures:
            yield "sqs:SendMessage", failures
        if source in notified_queues(shadow):
            # Without it, S3 answers for an object that is gone as for one that is forbidden.
            yield "s3:ListBucket", f"arn:aws:s3:::{shadow.stack.outputs['InboxBucket']}"
    group = configuration["LoggingConfig"]["LogGroup"]
    for action in ("CreateLogStream", "PutLogEvents"):
        yield f"logs:{action}", f"arn:aws:logs:us-east-1:000000000000:log-group:{group}:log-stream:one"
    if configuration["TracingConfig"]["Mode"] == "Active":
        for action in ("PutTraceSegments", "PutTelemetryRecords"):
            yield f"xray:{action}", "*"


def sources(shadow: Shadow, function: str) -> list[dict[str, Any]]:
    name = shadow.stack.functions[function]
    return shadow.stack.client("lambda").list_event_source_mappings(FunctionName=name)["EventSourceMappings"]


def notified_queues(shadow: Shadow) -> list[str]:
    bucket = shadow.stack.outputs["InboxBucket"]
    told = shadow.s3.get_bucket_notification_configuration(Bucket=bucket)
    return [queue["QueueArn"] for queue in told["QueueConfigurations"]]


def unmet(shadow: Shadow, function: str, policy: Policy) -> list[Right]:
    """The needs of Lambda that a policy does not meet."""
    return [need for need in needs_of_lambda(shadow, function) if not shadow.simulate(policy, *need)]


def is_missed(shadow: Shadow, function: str, sid: str, right: Right) -> bool:
    """Whether Lambda or the function itself is refused something when a right is taken away."""
    policy = without(shadow.deployed_policy(function), sid, right)
    if unmet(shadow, function, policy):
        return True
    action, _ = right
    try:
        with shadow.lacking(function, policy, action):
            EXERCISES[function](shadow)
            # Not missed by an environment that is warm: it may have kept what it got before.
            shadow.renew(function)
            EXERCISES[function](shadow)
    except Missed:
        return True
    return False


def is_fine(outcome: Outcome) -> bool:
    """Not refused, and neither failed nor answered with an error."""
    if outcome.is_denied() or "errorMessage" in outcome.answer:
        return False
    content = json.loads(outcome.answer) if outcome.answer.startswith("{") else {}
    return content.get("statusCode", 200) < 400 and content.get("batchItemFailures", []) == []


def test_every_function_has_an_exercise(stack):
    assert EXERCISES.keys() == stack.functions.keys()


@pytest.mark.xdist_group("least_privilege")
@pytest.mark.parametrize("function", EXERCISES)
def test_a_function_may_do_all_that_its_step_does(shadow, function):
    shadow.outcomes.clear()

    EXERCISES[function](shadow)

    assert shadow.outcomes
    assert [outcome for outcome in shadow.outcomes if not is_fine(outcome)] == []
    assert unmet(shadow, function, shadow.deployed_policy(function)) == []


@pytest.mark.xdist_group("least_privilege")
@pytest.mark.parametrize(("function", "sid"), statements_of_template())
def test_every_right_that_is_taken_away_is_missed(shadow, function, sid):
    [statement] = (one for one in shadow.deployed_policy(function)["Statement"] if one["Sid"] == sid)

    assert [right for right in rights(statement) if not is_missed(shadow, function, sid, right)] == []
