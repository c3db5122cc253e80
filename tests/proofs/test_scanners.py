"""What a security scanner and Terraform say of every stack, and that they would say something if it were wrong."""

from dataclasses import replace

import pytest

from tests.proofs.stacks import NAMES, settings
from tests.support import checkov_run, terraform_run
from tests.support.terraform_plan import configuration
from tests.support.terraform_resources import distinct, translated

pytestmark = pytest.mark.timeout(600)

FOUND_BY_INPUTS = (
    *("CKV_AWS_7", "CKV_AWS_16", "CKV_AWS_24", "CKV_AWS_27", "CKV_AWS_45", "CKV_AWS_53", "CKV_AWS_62", "CKV_AWS_158"),
    *("CKV_AWS_226", "CKV_AWS_276", "CKV_AWS_363", "CKV2_AWS_69"),
)
FOUND_BY_REFERENCES = ("CKV2_AWS_6", "CKV2_AWS_11", "CKV2_AWS_12", "CKV2_AWS_29", "CKV2_AWS_61")

SPOILT_FEED = {
    "event_source_arn": "arn:aws:sqs:eu-central-1:123456789012:events",
    "function_name": "processor",
    "scaling_config": [{"maximum_concurrency": 1}],
    "function_response_types": ["ReportBatchItemFailure"],
}


@pytest.mark.parametrize("name", NAMES)
def test_the_scanner_finds_nothing_that_has_no_reason(outcomes, name):
    found = checkov_run.unexplained(outcomes[name], settings(name))

    assert [] == sorted({f"{outcome.check} {outcome.at}: {outcome.title}" for outcome in found})


def test_every_suppression_explains_something(outcomes):
    used = [entry for name in NAMES for entry in checkov_run.used(outcomes[name], settings(name))]

    assert [] == [f"{entry.id} {entry.where}" for entry in checkov_run.suppressions() if entry not in used]


def test_every_suppression_has_a_reason_for_people():
    assert [] == [entry.id for entry in checkov_run.suppressions() if not entry.reason.endswith(".")]


@pytest.mark.parametrize(
    ("stack", "check"),
    [
        *(("spoilt inputs", check) for check in FOUND_BY_INPUTS),
        *(("missing parts", check) for check in FOUND_BY_REFERENCES),
    ],
)
def test_the_scanner_finds_a_fault_that_was_put_there(outcomes, stack, check):
    assert check in {outcome.check for outcome in checkov_run.unexplained(outcomes[stack], settings("prod"))}


def test_the_scanner_judges_by_a_hundred_checks(outcomes):
    assert len({outcome.check for name in NAMES for outcome in outcomes[name]}) >= 100
    assert min(len([outcome for outcome in outcomes[name] if outcome.passed]) for name in NAMES) >= 200


@pytest.fixture
def validated(tmp_path):
    if isinstance(terraform_run.installed(), str):
        pytest.skip(terraform_run.installed())
    return lambda resources: terraform_run.invalid(configuration(resources), tmp_path)


def test_terraform_accepts_every_resource(stacks, validated):
    assert [] == validated(distinct(translated(recording) for recording in stacks.all().values()))


def test_terraform_sees_what_no_schema_tells(stacks, validated):
    (feed,) = [item for item in translated(stacks["prod"]) if item.type == "aws_lambda_event_source_mapping"]

    errors = " ".join(validated([replace(feed, values=SPOILT_FEED)]))
    assert "maximum_concurrency to be at least (2)" in errors
    assert "ReportBatchItemFailure" in errors
