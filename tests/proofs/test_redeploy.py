"""A deployment of API Gateway is a snapshot: one is taken exactly when what the gateway does has changed."""

import copy
import dataclasses
import functools
import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import yaml

from components import gateway_responses
from components.api import PublicApi, PublicApiArgs
from components.function_unit import FunctionUnit, FunctionUnitArgs
from components.openapi_body import operation_paths
from components.settings import ApiSettings
from fluxa.local.engine import Recording, run_program
from functions.common.names import Service
from tests.support.api_stack import DOMAIN
from tests.support.pulumi_recorder import deploy
from tests.support.stack_builders import REPOSITORY, a_platform
from tests.support.whole_stack import FUNCTION, SERVICES, Memory

DEPLOYMENT = "aws:apigateway/deployment:Deployment"
REST_API = "aws:apigateway/restApi:RestApi"
STACK = "dev"
DOCUMENT: dict[str, Any] = yaml.safe_load((REPOSITORY / "openapi.yaml").read_text(encoding="utf-8"))

Change = Callable[[dict[str, Any]], object]


def triggers(
    document: Mapping[str, Any] = DOCUMENT, *, answering: Mapping[str, str] | None = None, **settings: Any
) -> dict[str, str]:
    """Return the deployment's triggers, where each operation has a function of its name unless another answers it."""
    names = {operation: operation for operation in operation_paths(document)} | dict(answering or {})

    def program() -> None:
        platform = a_platform()
        functions = {
            name: FunctionUnit(
                name, FunctionUnitArgs(service=Service.QUERY, platform=platform, memory_mb=512, timeout_seconds=10)
            )
            for name in set(names.values())
        }
        operations = {operation: functions[name] for operation, name in names.items()}
        PublicApi(
            "api",
            PublicApiArgs(
                settings=ApiSettings(**settings), platform=platform, document=document, operations=operations
            ),
        )

    found = deploy(program).one(DEPLOYMENT).inputs["triggers"]
    assert isinstance(found, dict)
    return found


@functools.cache
def unchanged() -> dict[str, str]:
    return triggers()


def whole(**overrides: Any) -> Recording:
    return run_program(REPOSITORY, STACK, Memory(), overrides={"functions.bundles": "named"} | overrides)


@functools.cache
def as_it_is() -> Recording:
    return whole()


def deployed(recording: Recording) -> Any:
    (deployment,) = recording.of_type(DEPLOYMENT)
    return deployment.inputs["triggers"]


def bundles(recording: Recording) -> dict[str, str]:
    """Return the names of the functions' zips, which are digests of all that goes into them."""
    return {service: recording.one(FUNCTION, f"{service}-function").inputs["code"].path for service in SERVICES}


def asked_for(recording: Recording) -> dict[str, Any]:
    """Return every resource's inputs but the functions' code, which is another object each time."""
    return {
        item.urn: {key: value for key, value in item.inputs.items() if key != "code"}
        for item in recording.registrations
    }


def a_new_operation(document: dict[str, Any]) -> None:
    document["paths"]["/more"] = {"get": document["paths"]["/health"]["get"] | {"operationId": "getMore"}}


def a_removed_operation(document: dict[str, Any]) -> None:
    del document["paths"]["/events"]["get"]


def a_renamed_path(document: dict[str, Any]) -> None:
    document["paths"]["/healthy"] = document["paths"].pop("/health")


def a_renamed_path_parameter(document: dict[str, Any]) -> None:
    item = document["paths"].pop("/events/{event_id}")
    item["get"]["parameters"][1]["name"] = "id"
    document["paths"]["/events/{id}"] = item


def another_method(document: dict[str, Any]) -> None:
    document["paths"]["/events"]["put"] = document["paths"]["/events"].pop("post")


def parameters(document: dict[str, Any]) -> list[dict[str, Any]]:
    found = document["paths"]["/events"]["post"]["parameters"]
    assert isinstance(found, list)
    return found


DOCUMENTS: dict[str, Change] = {
    "a new operation": a_new_operation,
    "an operation gone": a_removed_operation,
    "an operation under another name": lambda d: d["paths"]["/health"]["get"].update(operationId="getState"),
    "a path under another name": a_renamed_path,
    "a path's parameter under another name": a_renamed_path_parameter,
    "another method": another_method,
    "a new parameter": lambda d: parameters(d).append({"name": "dry_run", "in": "query", "schema": {}}),
    "a parameter gone": lambda d: parameters(d).pop(),
    "a parameter made required": lambda d: parameters(d)[1].update(required=True),
    "a shared parameter made required": lambda d: d["components"]["parameters"]["CorrelationId"].update(required=True),
    "a parameter under another name": lambda d: parameters(d)[1].update(name="Event-Id"),
    "a parameter in another place": lambda d: parameters(d)[1].update({"in": "query"}),
    "a new answer": lambda d: d["paths"]["/health"]["get"]["responses"].update({"418": {"description": "Tea."}}),
    "an answer gone": lambda d: d["paths"]["/events"]["post"]["responses"].pop("415"),
    "another version": lambda d: d["info"].update(version="99.0.0"),
    "another title": lambda d: d["info"].update(title="Other"),
    "another edition of OpenAPI": lambda d: d.update(openapi="3.0.3"),
}
SETTINGS: dict[str, dict[str, Any]] = {
    "signed requests": {"auth": "iam"},
    "no authentication": {"auth": "none"},
    "a name of its own": DOMAIN,
}
PROBLEMS: dict[str, dict[str, Any]] = {
    "a refusal's text": {"detail": "Other."},
    "a refusal's title": {"title": "Other"},
    "a refusal's code": {"code": "other"},
    "a refusal's status": {"status": 418},
    "a refusal that passes": {"retry": True},
}


@pytest.mark.parametrize("change", DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_whatever_changes_in_the_document_goes_live(change):
    document = copy.deepcopy(DOCUMENT)
    change(document)

    assert DOCUMENT != document
    assert unchanged() != triggers(document)


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS.keys())
def test_settings_that_reach_the_gateway_go_live(settings):
    assert unchanged() != triggers(**settings)


def test_another_function_behind_an_operation_goes_live():
    assert unchanged() != triggers(answering={"getEvent": "listEvents"})


@pytest.mark.parametrize("change", PROBLEMS.values(), ids=PROBLEMS.keys())
def test_what_the_gateway_answers_by_itself_goes_live(change, monkeypatch):
    before = unchanged()
    first, *others = gateway_responses.GATEWAY_PROBLEMS
    monkeypatch.setattr(gateway_responses, "GATEWAY_PROBLEMS", (dataclasses.replace(first, **change), *others))

    assert before != triggers()


def test_no_two_of_these_changes_are_taken_for_the_same():
    documents = [copy.deepcopy(DOCUMENT) for _ in DOCUMENTS]
    for document, change in zip(documents, DOCUMENTS.values(), strict=True):
        change(document)
    found = [triggers(document) for document in documents]
    found += [triggers(**settings) for settings in SETTINGS.values()]

    assert len(found) == len({str(item) for item in found})


def test_what_the_gateway_never_sees_deploys_nothing():
    document = copy.deepcopy(DOCUMENT)
    document["info"]["description"] = "Shorter."
    document["components"]["schemas"]["NewEvent"] = {"type": "object"}
    document["paths"]["/health"]["get"]["summary"] = "Say whether all is well"
    document["paths"] = dict(reversed(document["paths"].items()))

    assert unchanged() == triggers(document)


@pytest.mark.parametrize(
    "settings",
    [
        {"throttle_rate_per_second": 1, "throttle_burst": 1},
        {"quota_per_day": 1},
        {"waf": True},
        {"access_logs": False},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_what_a_stage_takes_on_by_itself_deploys_nothing(settings):
    assert unchanged() == triggers(**settings)


def test_the_same_settings_ask_for_the_same_deployment_and_the_same_bundles():
    first, second = as_it_is(), whole()

    assert deployed(first) == deployed(second)
    assert bundles(first) == bundles(second)
    assert len(SERVICES) == len(set(bundles(first).values()))
    assert asked_for(first) == asked_for(second)


def test_the_whole_stacks_trigger_is_the_digest_of_everything_that_is_imported():
    recording = as_it_is()

    (api,) = recording.of_type(REST_API)
    assert {"body": hashlib.sha256(api.inputs["body"].encode()).hexdigest()} == deployed(recording)


@pytest.mark.parametrize(
    "overrides",
    [
        {"ingest.memory_mb": 1024, "query.timeout_seconds": 9},
        {"observability.log_retention_days": 365, "observability.tracing": True},
        {"alarms.oldest_message_seconds": 1200},
        {"database.allocated_storage_gb": 30, "network.egress": "nat"},
    ],
    ids=["functions", "logs", "alarms", "stores"],
)
def test_what_does_not_concern_the_gateway_deploys_neither_it_nor_new_code(overrides):
    before, after = as_it_is(), whole(**overrides)

    assert deployed(before) == deployed(after)
    assert bundles(before) == bundles(after)
    assert asked_for(before) != asked_for(after)
