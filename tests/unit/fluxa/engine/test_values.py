"""Secrets stay secret, unknown values unknown, and all others what they were."""

from pathlib import Path

from fluxa.local.engine import UNKNOWN, run_program
from tests.support.pulumi_project import CHAINED, PARAMETER, QUEUE, EchoProvider, a_project

SECRETIVE = """
    import pulumi
    import pulumi_aws as aws

    password = pulumi.Output.secret("hunter2")
    parameter = aws.ssm.Parameter("p", type="SecureString", value=password, tags={"open": "yes", "hidden": password})
    pulumi.export("parameter", parameter.value)
    pulumi.export("name", parameter.name)
    pulumi.export("pair", {"open": 1, "closed": password})
"""


def test_a_secret_is_marked_where_it_is_and_nowhere_else(tmp_path: Path):
    recording = run_program(a_project(tmp_path, SECRETIVE), "dev", EchoProvider())

    parameter = recording.one(PARAMETER, "p")
    assert ["tags.hidden", "value"] == parameter.secret_inputs
    assert {"open": "yes", "hidden": "hunter2"} == parameter.inputs["tags"]
    assert ["pair.closed", "parameter"] == recording.secret_outputs
    assert {"parameter": "hunter2", "pair": {"open": 1, "closed": "hunter2"}} == recording.outputs


def test_an_output_is_secret_when_its_input_was_or_the_program_says_so(tmp_path: Path):
    project = a_project(
        tmp_path,
        """
        import pulumi
        import pulumi_aws as aws

        queue = aws.sqs.Queue(
            "q",
            name=pulumi.Output.secret("hidden"),
            tags={"open": "yes"},
            opts=pulumi.ResourceOptions(additional_secret_outputs=["arn"]),
        )
        for name in ("name", "arn", "tags"):
            pulumi.export(name, getattr(queue, name))
        """,
    )

    assert ["arn", "name"] == run_program(project, "dev", EchoProvider()).secret_outputs


def test_nothing_prints_a_secret_by_accident(tmp_path: Path):
    provider = EchoProvider()

    recording = run_program(a_project(tmp_path, SECRETIVE), "dev", provider)

    assert "hunter2" not in repr(recording)
    assert "hunter2" not in repr(provider.requests)


def test_numbers_stay_integers_and_absent_values_stay_absent(tmp_path: Path):
    project = a_project(
        tmp_path,
        """
        import pulumi_aws as aws
        aws.sqs.Queue("q", visibility_timeout_seconds=30, name=None)
        """,
    )

    inputs = run_program(project, "dev", EchoProvider()).one(QUEUE, "q").inputs

    assert {"visibilityTimeoutSeconds": 30} == inputs
    assert isinstance(inputs["visibilityTimeoutSeconds"], int)


def test_a_preview_knows_inputs_and_nothing_computed(tmp_path: Path):
    recording = run_program(a_project(tmp_path, CHAINED), "dev", EchoProvider(), preview=True)

    assert {"type": "String", "value": UNKNOWN, "name": "orders"} == recording.one(PARAMETER, "p").inputs
    assert {"arn": UNKNOWN} == recording.outputs


def test_a_deployment_knows_everything(tmp_path: Path):
    recording = run_program(a_project(tmp_path, CHAINED), "dev", EchoProvider())

    assert {"type": "String", "value": "arn:q", "name": "orders"} == recording.one(PARAMETER, "p").inputs
    assert {"arn": "arn:q"} == recording.outputs
