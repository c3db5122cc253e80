"""What goes wrong arrives unchanged, says where, and leaves nothing behind."""

import threading
from pathlib import Path

import pytest

from fluxa.local.engine import NotSupported, ResourceRequest, UnknownStack, run_program
from fluxa.local.engine.run import PARALLEL_CALLS
from tests.support.pulumi_project import CHAINED, QUEUE, EchoProvider, a_project


class Refused(Exception):
    """What the provider below fails with."""


def refuse_queue(request: ResourceRequest) -> Exception | None:
    return Refused("no more queues") if request.type == QUEUE else None


def test_a_providers_error_arrives_unchanged_and_names_the_resource(tmp_path: Path):
    project = a_project(tmp_path, CHAINED)

    with pytest.raises(Refused, match="no more queues") as caught:
        run_program(project, "dev", EchoProvider(refuse=refuse_queue))

    assert ["while registering urn:pulumi:dev::shop::aws:sqs/queue:Queue::q"] == caught.value.__notes__


def test_of_many_failures_the_first_is_told(tmp_path: Path):
    """Only the first names its resource; the SDK raises whichever it happens to look at."""
    project = a_project(
        tmp_path, f"import pulumi_aws as aws\nfor i in range({PARALLEL_CALLS}): aws.sqs.Queue(f'q{{i}}')"
    )
    all_under_way = threading.Barrier(PARALLEL_CALLS)

    def refuse(request: ResourceRequest) -> Exception:
        all_under_way.wait(20)
        return Refused(request.name)

    with pytest.raises(Refused, match="q") as caught:
        run_program(project, "dev", EchoProvider(refuse=refuse))

    assert [f"while registering urn:pulumi:dev::shop::{QUEUE}::{caught.value}"] == caught.value.__notes__


def test_the_programs_own_error_arrives_unchanged(tmp_path: Path):
    project = a_project(tmp_path, f"{CHAINED}\n    raise KeyError('typo')")

    with pytest.raises(KeyError, match="typo"):
        run_program(project, "dev", EchoProvider())


def test_an_error_inside_apply_fails_the_run(tmp_path: Path):
    project = a_project(
        tmp_path,
        """
        import pulumi_aws as aws
        aws.sqs.Queue("q").arn.apply(lambda arn: 1 / 0)
        """,
    )

    with pytest.raises(ZeroDivisionError, match="division by zero"):
        run_program(project, "dev", EchoProvider())


def test_after_a_failed_run_the_next_one_is_clean(tmp_path: Path):
    project = a_project(tmp_path, CHAINED)
    threads = threading.active_count()
    with pytest.raises(Refused, match="no more queues"):
        run_program(project, "dev", EchoProvider(refuse=refuse_queue))

    recording = run_program(project, "dev", EchoProvider())

    assert {"arn": "arn:q"} == recording.outputs
    assert threads == threading.active_count()


def test_two_resources_may_not_share_a_name(tmp_path: Path):
    project = a_project(tmp_path, "import pulumi_aws as aws\naws.sqs.Queue('q')\naws.sqs.Queue('q')")

    with pytest.raises(ValueError, match=r"two resources are named 'q' \(aws:sqs/queue:Queue\)"):
        run_program(project, "dev", EchoProvider())


def test_reading_an_existing_resource_is_refused_by_name(tmp_path: Path):
    project = a_project(tmp_path, "import pulumi_aws as aws\naws.sqs.Queue.get('old', 'https://sqs/old')")

    with pytest.raises(NotSupported, match="aws:sqs/queue:Queue 'old' is read, not created"):
        run_program(project, "dev", EchoProvider())


def test_an_unknown_stack_names_the_ones_that_exist(tmp_path: Path):
    project = a_project(tmp_path, "", files={"Pulumi.prod.yaml": "config: {}\n"})

    with pytest.raises(UnknownStack, match=r"no stack 'staging' in .*; stacks: dev, prod\."):
        run_program(project, "staging", EchoProvider())
