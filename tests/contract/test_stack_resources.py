"""What holds for every resource of every stack."""

import json
import re

import pytest
import yaml

from components.openapi_body import operation_paths
from tests.support.stack_builders import REPOSITORY, SECRET
from tests.support.whole_stack import FUNCTION, STACKS, recorded

PROVIDER = "pulumi:providers:aws"
STACK = "pulumi:pulumi:Stack"


@pytest.mark.parametrize("stack", STACKS)
def test_every_resource_hangs_under_a_component(stack):
    top = {item.name for item in recorded(stack).registrations if f"::{STACK}::" in item.parent and item.custom}

    assert {"aws"} == top


@pytest.mark.parametrize("stack", STACKS)
def test_every_resource_uses_the_explicit_provider_and_so_its_tags(stack):
    (provider,) = recorded(stack).of_type(PROVIDER)

    others = {item.provider for item in recorded(stack).registrations if item.custom and item is not provider}
    assert {f"{provider.urn}::{provider.id}"} == others
    tags = provider.inputs["defaultTags"]
    tags = json.loads(tags) if isinstance(tags, str) else tags
    assert {"tags": {"project": "fluxa", "stack": stack, "managed-by": "pulumi"}} == tags


@pytest.mark.parametrize("stack", STACKS)
def test_every_look_up_uses_the_explicit_provider(stack):
    assert {True} == {
        item.provider.startswith(recorded(stack).of_type(PROVIDER)[0].urn) for item in recorded(stack).invocations
    }


@pytest.mark.parametrize("stack", STACKS)
def test_secrets_are_marked_wherever_they_are(stack):
    for item in recorded(stack).registrations:
        plain = {key: value for key, value in item.inputs.items() if key not in item.secret_inputs}
        assert SECRET not in str(plain), item.urn


@pytest.mark.parametrize("stack", STACKS)
def test_the_api_key_is_the_only_secret_output(stack):
    assert ["api_key"] == list(recorded(stack).secret_outputs)


@pytest.mark.parametrize("stack", STACKS)
def test_every_stack_says_where_everything_is(stack):
    outputs = recorded(stack).outputs

    assert {
        "api_url",
        "api_key",
        "queue_url",
        "dead_letter_queue_url",
        "payload_bucket",
        "functions",
        "database_endpoint",
    } == set(outputs)
    assert {"ingest", "processor", "query", "maintenance"} == set(outputs["functions"])


@pytest.mark.parametrize("stack", STACKS)
def test_nothing_that_is_asked_for_is_deprecated(stack):
    assert [] == [line for line in recorded(stack).logs if "deprecated" in line]


@pytest.mark.parametrize("stack", STACKS)
def test_the_queue_gives_the_processor_six_times_its_timeout(stack):
    recording = recorded(stack)

    timeout = recording.one(FUNCTION, "processor-function").inputs["timeout"]
    feed = recording.one("aws:lambda/eventSourceMapping:EventSourceMapping", "processor-feed").inputs
    queue = recording.one("aws:sqs/queue:Queue", "events-main").inputs
    assert queue["visibilityTimeoutSeconds"] >= 6 * timeout + feed["maximumBatchingWindowInSeconds"]
    assert ["ReportBatchItemFailures"] == feed["functionResponseTypes"]
    assert 10 >= feed["batchSize"]
    assert 2 <= feed["scalingConfig"]["maximumConcurrency"]


@pytest.mark.parametrize("stack", STACKS)
def test_no_event_is_taken_before_the_migrations_have_run(stack):
    feed = recorded(stack).one("aws:lambda/eventSourceMapping:EventSourceMapping", "processor-feed")

    assert "maintenance-migrate" in {urn.rpartition("::")[2] for urn in feed.dependencies}


def test_the_api_is_the_one_in_the_document():
    document = yaml.safe_load((REPOSITORY / "openapi.yaml").read_text(encoding="utf-8"))
    (api,) = recorded("dev").of_type("aws:apigateway/restApi:RestApi")

    rendered = json.loads(api.inputs["body"])
    assert operation_paths(document) == operation_paths(rendered)
    assert "arn:" not in (REPOSITORY / "openapi.yaml").read_text(encoding="utf-8")


def test_components_know_toggles_and_no_stack_by_its_name():
    for path in sorted((REPOSITORY / "components").rglob("*.py")):
        assert not re.search(r"""["'](prod|production|dev|local|staging)["']""", path.read_text(encoding="utf-8")), path


def test_the_program_is_short_enough_to_be_read_at_once():
    source = (REPOSITORY / "__main__.py").read_text(encoding="utf-8")

    assert len(source.splitlines()) <= 100
    assert "pulumi_aws" not in source
