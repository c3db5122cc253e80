"""The stack files in the repository load, and say what their stack is for."""

import functools

import pytest

from components.settings import StackSettings, parse_settings
from tests.support.stack_builders import stack_file
from tests.support.whole_stack import FUNCTION, STACKS, recorded

BUCKET, INSTANCE = "aws:s3/bucket:Bucket", "aws:rds/instance:Instance"


@functools.cache
def settings(stack: str) -> StackSettings:
    prefix = "fluxa:"
    return parse_settings(
        {key.removeprefix(prefix): value for key, value in stack_file(stack).items() if key.startswith(prefix)}
    )


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_file_holds_differences_only(stack):
    defaults = StackSettings().model_dump(mode="json")

    repeated = [
        f"{section}.{key}"
        for section, values in stack_file(stack).items()
        if section.startswith("fluxa:")
        for key, value in values.items()
        if value == defaults[section.removeprefix("fluxa:")][key]
    ]
    assert [] == repeated


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_file_says_which_region(stack):
    assert stack_file(stack)["aws:region"]


def test_production_survives_a_zone_a_command_and_a_mistake():
    database = settings("prod").database

    assert (True, True) == (database.deletion_protection, database.multi_az)
    assert database.backup_retention_days >= 7
    assert database.require_tls
    assert settings("prod").storage.deletion_protection
    assert settings("prod").network.availability_zones >= 2


def test_production_keeps_its_stores_even_from_pulumi():
    protected = {item.name for item in recorded("prod").registrations if item.protect}

    assert {"payloads-bucket", "database-instance", "events-main", "events-dead-letters", "encryption-key"} <= protected


def test_production_keeps_logs_for_a_year():
    assert settings("prod").observability.log_retention_days >= 365


@pytest.mark.parametrize("stack", ["dev", "local"])
def test_a_throw_away_stack_can_be_thrown_away(stack):
    (bucket,), (instance,) = (recorded(stack).of_type(type_) for type_ in (BUCKET, INSTANCE))

    assert (False, False) == (bucket.protect, instance.protect)
    assert (True, True) == (bucket.inputs["forceDestroy"], instance.inputs["skipFinalSnapshot"])


def test_dev_pays_for_the_endpoints_of_one_zone():
    endpoints = recorded("dev").of_type("aws:ec2/vpcEndpoint:VpcEndpoint")

    assert {"network-s3", "network-sqs", "network-ssm"} == {item.name for item in endpoints}
    assert {1} == {len(item.inputs["subnetIds"]) for item in endpoints if item.inputs["vpcEndpointType"] == "Interface"}


def test_local_retries_quickly_enough_to_watch():
    local = settings("local")

    queue = recorded("local").one("aws:sqs/queue:Queue", "events-main").inputs
    assert (36, 10, 4) == (
        queue["visibilityTimeoutSeconds"],
        local.queue.max_receive_count,
        local.processing.max_concurrency,
    )
    assert "quotaSettings" not in recorded("local").of_type("aws:apigateway/usagePlan:UsagePlan")[0].inputs


@pytest.mark.parametrize("stack", STACKS)
def test_functions_that_use_the_database_are_inside_the_network_and_ingest_is_not(stack):
    inside = {item.name for item in recorded(stack).of_type(FUNCTION) if "vpcConfig" in item.inputs}

    assert {"processor-function", "query-function", "maintenance-function"} == inside
