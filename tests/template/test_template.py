"""What the template promises: nothing is lost silently, nobody may more than they need, everything can be found."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.conftest import ROOT, template

RESOURCES: dict[str, Any] = template()["Resources"]
OUTPUTS = {"ApiUrl", "PageUrl", "InboxBucket", "TableName", "UserPoolId", "UserPoolClientId", "WebhookUrl"}
VISIBILITY_TIMES_TIMEOUT_MIN = 6

# Actions for which AWS knows no resource, so that a policy can name none.
WITHOUT_RESOURCE = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    """Properties by logical id."""
    found = {name: resource["Properties"] for name, resource in RESOURCES.items() if resource["Type"] == kind}
    assert found
    return found


QUEUES = of_type("AWS::SQS::Queue")
FUNCTIONS = of_type("AWS::Serverless::Function")
ROLES = of_type("AWS::IAM::Role")
ALARMS = of_type("AWS::CloudWatch::Alarm")
WORK_QUEUES = {name: queue for name, queue in QUEUES.items() if "DeadLetter" not in name}
DEAD_LETTER_QUEUES = {name: queue for name, queue in QUEUES.items() if "DeadLetter" in name}


def statements(role: str) -> list[dict[str, Any]]:
    [policy] = ROLES[role]["Policies"]
    return policy["PolicyDocument"]["Statement"]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def events(function: str, kind: str) -> list[dict[str, Any]]:
    found = FUNCTIONS[function].get("Events", {}).values()
    return [event["Properties"] for event in found if event["Type"] == kind]


STATEMENTS = [(role, statement) for role in ROLES for statement in statements(role)]


def named(value: Any) -> str:
    return value["Sid"] if isinstance(value, dict) else str(value)


def watched(metric: str) -> list[str]:
    """The logical ids whose metric has an alarm that tells the topic."""
    found = []
    for alarm in ALARMS.values():
        assert alarm["AlarmActions"] == [{"Ref": "AlarmsTopic"}]
        if alarm["MetricName"] == metric:
            [dimension] = alarm["Dimensions"]
            [reference] = dimension["Value"].values()
            found.append(listed(reference)[0])
    return found


def test_the_outputs_that_others_rely_on_are_there():
    assert template()["Outputs"].keys() >= OUTPUTS


@pytest.mark.parametrize("name", WORK_QUEUES)
def test_what_fails_for_good_is_kept_and_told(name):
    redrive = WORK_QUEUES[name]["RedrivePolicy"]
    dead = name.replace("Queue", "DeadLetterQueue")

    assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": [dead, "Arn"]}
    assert redrive["maxReceiveCount"] == {"Fn::FindInMap": ["Limits", "Queue", "ReceivesMax"]}
    assert dead in watched("ApproximateNumberOfMessagesVisible")
    assert name in watched("ApproximateAgeOfOldestMessage")


@pytest.mark.parametrize("name", DEAD_LETTER_QUEUES)
def test_a_dead_letter_queue_takes_from_its_own_queue_alone_keeps_long_and_tells(name):
    queue = DEAD_LETTER_QUEUES[name]

    assert queue["RedriveAllowPolicy"]["redrivePermission"] in ("byQueue", "denyAll")
    assert queue["MessageRetentionPeriod"] == {"Fn::FindInMap": ["Limits", "Queue", "DeadLetterSeconds"]}
    assert name in watched("ApproximateNumberOfMessagesVisible")


@pytest.mark.parametrize("name", QUEUES)
def test_every_queue_is_encrypted(name):
    assert QUEUES[name]["SqsManagedSseEnabled"] is True


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_that_fails_or_is_held_back_tells(name):
    assert name in watched("Errors")
    assert name in watched("Throttles")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_log_is_kept_for_a_time(name):
    group = FUNCTIONS[name]["LoggingConfig"]["LogGroup"]["Ref"]

    assert RESOURCES[group]["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_message_is_not_given_to_another_while_it_is_worked_on(name):
    for event in events(name, "SQS"):
        queue = RESOURCES[event["Queue"]["Fn::GetAtt"][0]]["Properties"]

        assert queue["VisibilityTimeout"] >= VISIBILITY_TIMES_TIMEOUT_MIN * FUNCTIONS[name]["Timeout"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_one_bad_message_does_not_take_its_batch_along(name):
    for event in [*events(name, "SQS"), *events(name, "DynamoDB")]:
        assert event["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_change_that_cannot_be_routed_is_narrowed_down_and_kept():
    [event] = events("RouteChangesFunction", "DynamoDB")

    assert watched("IteratorAge") == ["RouteChangesFunction"]
    assert event["BisectBatchOnFunctionError"] is True
    assert event["MaximumRetryAttempts"] > 0
    assert event["DestinationConfig"]["OnFailure"]["Destination"] == {"Fn::GetAtt": ["ChangesDeadLetterQueue", "Arn"]}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_a_role_of_its_own(name):
    role = FUNCTIONS[name]["Role"]["Fn::GetAtt"]

    assert role == [name.replace("Function", "Role"), "Arn"]
    assert "ManagedPolicyArns" not in ROLES[role[0]]


@pytest.mark.parametrize(("role", "statement"), STATEMENTS, ids=named)
def test_a_statement_allows_named_actions_on_named_resources(role, statement):
    actions, resources = listed(statement["Action"]), listed(statement["Resource"])

    assert statement["Effect"] == "Allow"
    assert statement["Sid"]
    assert not [action for action in actions if "*" in action]
    assert "*" not in resources or set(actions) <= WITHOUT_RESOURCE


@pytest.mark.parametrize("role", ROLES)
def test_no_action_on_a_resource_is_allowed_twice(role):
    allowed = [
        (action, str(resource))
        for statement in statements(role)
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    ]

    assert len(allowed) == len(set(allowed))


def test_the_inbox_is_closed_encrypted_and_forgets_nothing():
    bucket = RESOURCES["InboxBucket"]["Properties"]
    [statement] = RESOURCES["InboxBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]

    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["VersioningConfiguration"]["Status"] == "Enabled"
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert not [rule for rule in bucket["LifecycleConfiguration"]["Rules"] if "Expiration" in str(rule)]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"]["Bool"] == {"aws:SecureTransport": "false"}


def test_plain_http_is_let_in_by_the_local_cloud_alone():
    [statement] = RESOURCES["InboxBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    exception = statement["Condition"]["NotIpAddress"]

    assert exception == {"Fn::If": ["IsLocal", {"aws:SourceIp": "127.0.0.0/8"}, {"Ref": "AWS::NoValue"}]}
    assert template()["Conditions"]["IsLocal"] == {"Fn::Equals": [{"Ref": "Stage"}, "local"]}


def test_the_inbox_tells_of_every_object():
    configurations = RESOURCES["InboxBucket"]["Properties"]["NotificationConfiguration"]["QueueConfigurations"]

    assert configurations == [{"Event": "s3:ObjectCreated:*", "Queue": {"Fn::GetAtt": ["CaptureQueue", "Arn"]}}]


def test_the_table_can_be_restored_and_streams_its_changes():
    table = RESOURCES["Table"]["Properties"]

    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["BillingMode"] == "PAY_PER_REQUEST"


@pytest.mark.parametrize("name", ["Table", "InboxBucket", "UserPool", "ErpSecret", "WebhookSecret"])
def test_what_holds_data_outlives_its_stack_in_production(name):
    assert RESOURCES[name]["DeletionPolicy"] == {"Fn::If": ["IsProduction", "Retain", "Delete"]}
    assert RESOURCES[name]["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_route_names_its_method_and_is_open_to_strangers_only_where_it_must(name):
    strangers = {"/openapi.json", "/webhooks/netsuite", "/page", "/page/{proxy+}"}
    for event in events(name, "Api"):
        is_open = event.get("Auth") == {"Authorizer": "NONE"}

        assert event["Method"] in ("GET", "POST", "PUT")
        assert is_open == (event["Path"] in strangers)


def test_layers_are_built_for_what_the_functions_run_on():
    makefile = (ROOT / "layers" / "target.mk").read_text()
    defaults = dict(re.findall(r"^(LAMBDA_\w+) \?= (\S+)$", makefile, re.MULTILINE))
    parameters = template()["Parameters"]

    assert defaults["LAMBDA_RUNTIME"] == parameters["LambdaRuntime"]["Default"]
    assert defaults["LAMBDA_ARCHITECTURE"] == parameters["Architecture"]["Default"]
