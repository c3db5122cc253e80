"""PublicApi: what is asked of API Gateway."""

import copy
import hashlib
import json
from typing import Any

import pytest

from components.access_logs import ACCESS_LOG_FORMAT
from components.api import PublicApiArgs
from components.settings import ApiSettings
from tests.support.api_stack import api_with
from tests.support.openapi_example import DOCUMENT
from tests.support.stack_builders import a_platform, statements_of

DEPLOYMENT = "aws:apigateway/deployment:Deployment"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
METHODS = "aws:apigateway/methodSettings:MethodSettings"
PERMISSION = "aws:lambda/permission:Permission"
PLAN = "aws:apigateway/usagePlan:UsagePlan"
REST_API = "aws:apigateway/restApi:RestApi"
STAGE = "aws:apigateway/stage:Stage"


def trigger(document: dict[str, Any]) -> dict[str, str]:
    return api_with(document).one(DEPLOYMENT).inputs["triggers"]


def test_the_api_consists_of_exactly_these_parts():
    stack = api_with()

    assert [
        ("aws:apigateway/apiKey:ApiKey", "api-key"),
        (DEPLOYMENT, "api-deployment"),
        (METHODS, "api-methods"),
        (REST_API, "api-rest"),
        (STAGE, "api-stage"),
        (PLAN, "api-plan"),
        ("aws:apigateway/usagePlanKey:UsagePlanKey", "api-plan-key"),
        (PERMISSION, "api-makeThing-permission"),
        (PERMISSION, "api-readThing-permission"),
        ("fluxa:access_logs:AccessLogs", "api-logs"),
    ] == stack.children("api")


def test_the_api_is_regional_leaves_bodies_alone_and_calls_the_functions_by_their_arns():
    inputs = api_with().one(REST_API).inputs

    assert {"types": "REGIONAL"} == inputs["endpointConfiguration"]
    assert "minimumCompressionSize" not in inputs
    paths = json.loads(inputs["body"])["paths"]
    assert ["arn:aws:apigateway:::make-live", "arn:aws:apigateway:::read-live"] == [
        paths[path][method]["x-amazon-apigateway-integration"]["uri"]
        for path, method in (("/things", "post"), ("/things/{id}", "get"))
    ]


def test_each_functions_alias_may_be_called_by_its_own_method_and_path_only():
    permissions = {item.name: item.inputs for item in api_with().of_type(PERMISSION)}

    assert {
        "api-makeThing-permission": ("fluxa-test-ingest", "live", "arn:aws:execute-api:::api-rest/v1/POST/things"),
        "api-readThing-permission": ("fluxa-test-query", "live", "arn:aws:execute-api:::api-rest/v1/GET/things/*"),
    } == {name: (inputs["function"], inputs["qualifier"], inputs["sourceArn"]) for name, inputs in permissions.items()}
    assert {("apigateway.amazonaws.com", "lambda:InvokeFunction")} == {
        (inputs["principal"], inputs["action"]) for inputs in permissions.values()
    }


def test_nothing_goes_live_before_it_may_call_its_functions():
    assert {"api-makeThing-permission", "api-readThing-permission"} <= api_with().one(DEPLOYMENT).dependencies


def test_requests_are_throttled_by_plan_and_by_stage():
    stack = api_with(throttle_rate_per_second=7, throttle_burst=9)

    settings = stack.one(METHODS).inputs["settings"]
    assert (7, 9) == (settings["throttlingRateLimit"], settings["throttlingBurstLimit"])
    assert {"rateLimit": 7, "burstLimit": 9} == stack.one(PLAN).inputs["throttleSettings"]


def test_events_are_never_written_to_the_gateways_log():
    settings = api_with().one(METHODS).inputs["settings"]

    assert (False, "ERROR", True) == (
        settings["dataTraceEnabled"],
        settings["loggingLevel"],
        settings["metricsEnabled"],
    )


def test_access_is_logged_as_json_without_keys_or_ids_of_events():
    stack = api_with()

    inputs = stack.one(STAGE).inputs
    assert {"destinationArn": "arn:aws:test:::api-logs-access", "format": ACCESS_LOG_FORMAT} == inputs[
        "accessLogSettings"
    ]
    logged = set(json.loads(ACCESS_LOG_FORMAT).values())
    assert "$context.resourcePath" in logged
    assert not {"$context.path", "$context.identity.apiKey"} & logged


@pytest.mark.parametrize("tracing", [True, False])
def test_requests_are_traced_where_the_platform_is(tracing):
    assert tracing == api_with(tracing=tracing).one(STAGE).inputs["xrayTracingEnabled"]


def test_the_access_log_says_who_called_and_which_trace_belongs_to_it():
    logged = json.loads(ACCESS_LOG_FORMAT)

    assert {
        "api_key_id": "$context.identity.apiKeyId",
        "caller_arn": "$context.identity.userArn",
        "xray_trace_id": "$context.xrayTraceId",
    }.items() <= logged.items()


def test_alarms_are_told_the_dimensions_of_the_apis_metrics():
    told: list[str] = []
    stack = api_with(then=lambda api: told.extend([api.stage_name]) or api.api_name.apply(told.append))

    assert [stack.one(STAGE).inputs["stageName"], "api-rest-physical"] == told


def test_both_of_the_gateways_log_groups_forget_in_time():
    groups = {item.name: item.inputs for item in api_with().of_type(LOG_GROUP) if item.parent == "api-logs"}

    assert {
        "api-logs-access": ("/fluxa/test/api", 14),
        "api-logs-execution": ("API-Gateway-Execution-Logs_api-rest-id/v1", 14),
    } == {name: (inputs["name"], inputs["retentionInDays"]) for name, inputs in groups.items()}
    assert set(groups) <= api_with().one(STAGE).dependencies


def test_logs_can_be_turned_off():
    stack = api_with(access_logs=False)

    assert "accessLogSettings" not in stack.one(STAGE).inputs
    assert "OFF" == stack.one(METHODS).inputs["settings"]["loggingLevel"]
    assert [] == stack.of_type("fluxa:access_logs:AccessLogs")


def test_the_accounts_logging_role_is_left_alone_unless_asked_for():
    assert [] == api_with().of_type("aws:apigateway/account:Account")


def test_a_logging_role_set_by_this_stack_outlives_it():
    # Every other API of the account and region has come to write its logs by it.
    stack = api_with(manage_logging_role=True)

    parts = [item for item in stack.resources if item.name in {"api-logs-role", "api-logs-policy", "api-logs-account"}]
    assert [True, True, True] == [item.retain_on_delete for item in parts]
    account = stack.one("aws:apigateway/account:Account")
    assert {"cloudwatchRoleArn": "arn:aws:test:::api-logs-role"} == account.inputs
    assert "api-logs-policy" in account.dependencies
    assert ["*"] == statements_of(stack, "api-logs-policy")[0]["Resource"]


def test_operations_and_functions_have_to_match():
    with pytest.raises(
        ValueError, match=r"the document has the operations \['makeThing', 'readThing'\], the functions"
    ):
        PublicApiArgs(settings=ApiSettings(), platform=a_platform(), document=DOCUMENT, operations={})


def test_what_the_gateway_does_not_see_deploys_nothing():
    document = copy.deepcopy(DOCUMENT)
    document["info"]["description"] = "Longer."
    document["components"]["schemas"]["Thing"]["required"] = []

    assert trigger(DOCUMENT) == trigger(document) == trigger(copy.deepcopy(DOCUMENT))


def test_the_trigger_covers_the_whole_body():
    stack = api_with()

    body = stack.one(REST_API).inputs["body"]
    assert {"body": hashlib.sha256(body.encode()).hexdigest()} == stack.one(DEPLOYMENT).inputs["triggers"]
