"""Who may call the API: by `api.auth`."""

import copy
import json
from typing import Any

import pulumi
import pytest

from components.api import PublicApi
from components.gateway_responses import gateway_problems
from components.openapi_body import render_body
from tests.support.api_stack import api_with
from tests.support.openapi_example import DOCUMENT

API_KEY = "aws:apigateway/apiKey:ApiKey"
DEPLOYMENT = "aws:apigateway/deployment:Deployment"
PLAN = "aws:apigateway/usagePlan:UsagePlan"
PLAN_KEY = "aws:apigateway/usagePlanKey:UsagePlanKey"
REST_API = "aws:apigateway/restApi:RestApi"

WAYS = ("api_key", "iam", "none")


def body(auth: Any) -> dict[str, Any]:
    return json.loads(render_body(DOCUMENT, {"makeThing": "arn:make", "readThing": "arn:read"}, auth=auth))


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for item in document["paths"].values() for operation in item.values()]


def missing_token(auth: Any) -> tuple[str, str]:
    response = body(auth)["x-amazon-apigateway-gateway-responses"]["MISSING_AUTHENTICATION_TOKEN"]
    return response["statusCode"], json.loads(response["responseTemplates"]["application/json"])["code"]


def test_one_key_belongs_to_the_plan():
    stack = api_with()

    inputs = stack.one(PLAN_KEY).inputs
    assert {"keyId": "api-key-id", "keyType": "API_KEY", "usagePlanId": "api-plan-id"} == inputs
    assert [{"apiId": "api-rest-id", "stage": "v1"}] == stack.one(PLAN).inputs["apiStages"]


def test_the_key_is_given_out_as_a_secret():
    secret: list[bool] = []
    values: list[str] = []

    def look(api: PublicApi) -> None:
        pulumi.Output.from_input(api.key.is_secret()).apply(secret.append)
        api.key.apply(values.append)

    api_with(then=look)
    assert ([True], ["made-up-key"]) == (secret, values)


def test_a_quota_counts_by_day_and_only_when_set():
    assert {"limit": 500, "period": "DAY"} == api_with(quota_per_day=500).one(PLAN).inputs["quotaSettings"]
    assert "quotaSettings" not in api_with().one(PLAN).inputs


@pytest.mark.parametrize("auth", ["iam", "none"])
def test_without_keys_there_is_none_to_give_out_and_no_plan(auth):
    keys: list[Any] = []
    stack = api_with(auth=auth, then=lambda api: keys.append(api.key))

    assert [None] == keys
    assert [] == [*stack.of_type(API_KEY), *stack.of_type(PLAN), *stack.of_type(PLAN_KEY)]


@pytest.mark.parametrize("auth", WAYS)
def test_whoever_may_call_is_throttled_by_the_stage(auth):
    settings = api_with(auth=auth, throttle_rate_per_second=7, throttle_burst=9).one(
        "aws:apigateway/methodSettings:MethodSettings"
    )

    assert {"throttlingRateLimit": 7, "throttlingBurstLimit": 9}.items() <= settings.inputs["settings"].items()


def test_signed_requests_are_asked_for_in_every_operation_and_keys_in_none():
    document = body("iam")

    assert {
        "signature": {
            "type": "apiKey",
            "name": "Authorization",
            "in": "header",
            "x-amazon-apigateway-authtype": "awsSigv4",
        }
    } == document["components"]["securitySchemes"]
    assert [[{"signature": []}]] * 2 == [operation["security"] for operation in operations(document)]
    assert "x-amazon-apigateway-api-key-source" not in document


def test_nothing_is_asked_of_anybody_only_when_the_settings_say_so():
    document = body("none")

    assert [False, False] == ["security" in operation for operation in operations(document)]
    assert not {"components", "x-amazon-apigateway-api-key-source"} & set(document)


def test_authentication_changes_nothing_else_of_an_operation():
    bare = [[{**operation, "security": None} for operation in operations(body(auth))] for auth in WAYS]

    assert bare[0] == bare[1] == bare[2]


@pytest.mark.parametrize("auth", WAYS)
def test_the_document_has_to_ask_for_a_key_whatever_stands_in_for_it(auth):
    # Otherwise it would be found wanting on the day somebody goes back to keys.
    document = copy.deepcopy(DOCUMENT)
    document["security"] = []

    with pytest.raises(ValueError, match="operation makeThing can be called without a key"):
        render_body(document, {"makeThing": "arn:make", "readThing": "arn:read"}, auth=auth)


@pytest.mark.parametrize(
    ("auth", "answer"),
    [("api_key", ("404", "not_found")), ("iam", ("403", "forbidden")), ("none", ("404", "not_found"))],
)
def test_an_unsigned_request_is_refused_where_signatures_count_and_elsewhere_the_path_is_unknown(auth, answer):
    assert answer == missing_token(auth)


@pytest.mark.parametrize("auth", WAYS)
def test_every_kind_of_refusal_is_answered_once(auth):
    types = [problem.response_type for problem in gateway_problems(auth)]

    assert len(types) == len(set(types))
    assert {"INVALID_API_KEY", "INVALID_SIGNATURE", "EXPIRED_TOKEN", "MISSING_AUTHENTICATION_TOKEN"} <= set(types)


def test_another_way_of_authentication_goes_live():
    triggers = {api_with(auth=auth).one(DEPLOYMENT).inputs["triggers"]["body"] for auth in WAYS}

    assert len(WAYS) == len(triggers)


@pytest.mark.parametrize("auth", WAYS)
def test_what_is_imported_is_what_the_settings_ask_for(auth):
    imported = json.loads(api_with(auth=auth).one(REST_API).inputs["body"])

    assert [item.get("security") for item in operations(body(auth))] == [
        item.get("security") for item in operations(imported)
    ]
