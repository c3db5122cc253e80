"""`fluxa plan` shows what a stack's program registers, and nothing it should not."""

import json
import re
from pathlib import Path

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from fluxa.cli.plan import find_project, plan, setting
from fluxa.errors import OperatorError
from fluxa.plan import judged, make_plan, plan_document, plan_tree, summary
from fluxa.plan.provider import PASSWORD, PlanProvider, UnknownLookup
from tests.support.pulumi_project import a_project

PROGRAM = """
    import json
    import pulumi
    import pulumi_aws as aws

    config = pulumi.Config()
    functions = config.require_object("functions")
    west = aws.Provider("west", region="us-west-2")

    class Buffer(pulumi.ComponentResource):
        def __init__(self, name, opts=None):
            super().__init__("shop:messaging:Buffer", name, None, opts)
            child = pulumi.ResourceOptions(parent=self)
            parked = aws.sqs.Queue(f"{name}-dead-letters", opts=child)
            aws.sqs.Queue(
                f"{name}-main",
                visibility_timeout_seconds=180,
                redrive_policy=pulumi.Output.json_dumps({"deadLetterTargetArn": parked.arn}),
                tags={f"tag{number:02}": "x" * 10 for number in range(20)},
                opts=pulumi.ResourceOptions(parent=self, protect=True),
            )
            self.register_outputs({})

    class Shop(pulumi.ComponentResource):
        def __init__(self, name, opts=None):
            super().__init__("shop:shop:Shop", name, None, opts)
            Buffer("orders", pulumi.ResourceOptions(parent=self))
            self.register_outputs({})

    Shop("shop", pulumi.ResourceOptions(providers=[west]))
    drawn = aws.secretsmanager.get_random_password_output(password_length=40)
    password = pulumi.Output.secret(drawn.random_password)
    aws.ssm.Parameter("password", type="SecureString", value=password, name="/shop/password")
    aws.lambda_.Function(
        "ingest",
        role="arn:aws:iam::1:role/x",
        code=pulumi.FileArchive(f"build/{functions['bundles']}/ingest.zip"),
        environment={"variables": {"MODE": config.require_object("network")["mode"]}},
    )
    pulumi.export("password", password)
    """

FILES = {
    "Pulumi.dev.yaml": """
        config:
          network: {mode: vpc, zones: 2}
          functions: {bundles: built}
        """
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = a_project(tmp_path, PROGRAM, files=FILES)
    monkeypatch.chdir(folder)
    return folder


def inputs_of(document: list[dict[str, object]], name: str) -> object:
    return next(entry["inputs"] for entry in document if entry["name"] == name)


@pytest.fixture
def runner() -> CliRunner:
    return CliRunner()


def an_app() -> typer.Typer:
    app = typer.Typer()
    app.command()(plan)
    return app


def test_two_plans_of_one_stack_are_equal_byte_for_byte(project: Path, runner: CliRunner):
    first = runner.invoke(an_app(), ["-s", "dev", "--json"])
    second = runner.invoke(an_app(), ["-s", "dev", "--json"])

    assert first.exit_code == 0, first.output
    assert first.stdout_bytes == second.stdout_bytes
    assert len(json.loads(first.stdout)) == 8


def test_every_entry_says_who_it_is_and_what_it_needs(project: Path):
    document = plan_document(make_plan(project, "dev"), project)

    main = next(entry for entry in document if entry["name"] == "orders-main")
    buffer = "urn:pulumi:dev::shop::shop:shop:Shop$shop:messaging:Buffer::orders"
    parked = "urn:pulumi:dev::shop::shop:shop:Shop$shop:messaging:Buffer$aws:sqs/queue:Queue::orders-dead-letters"
    assert main["urn"] == "urn:pulumi:dev::shop::shop:shop:Shop$shop:messaging:Buffer$aws:sqs/queue:Queue::orders-main"
    assert (main["type"], main["parent"], main["protect"]) == ("aws:sqs/queue:Queue", buffer, True)
    assert main["property_dependencies"] == {"redrivePolicy": [parked]}
    assert main["dependencies"] == [parked]
    assert main["provider"] == "urn:pulumi:dev::shop::pulumi:providers:aws::west"


def test_secrets_and_what_nobody_can_know_yet_are_masked(project: Path):
    document = plan_document(make_plan(project, "dev"), project)

    assert inputs_of(document, "password") == {
        "type": "SecureString",
        "value": "[secret]",
        "name": "/shop/password",
    }
    main = inputs_of(document, "orders-main")
    assert isinstance(main, dict)
    assert main["redrivePolicy"] == "[unknown]"
    assert PASSWORD not in json.dumps(document)


def test_a_secret_is_in_neither_form_of_the_output(project: Path, runner: CliRunner):
    outputs = [runner.invoke(an_app(), ["-s", "dev", *flags]) for flags in (["--inputs"], ["--json"])]

    assert [0, 0] == [result.exit_code for result in outputs]
    assert not any(PASSWORD in result.output for result in outputs)
    assert all("[secret]" in result.output for result in outputs)


def test_bundles_are_named_not_built_and_shown_within_the_project(project: Path):
    document = plan_document(make_plan(project, "dev"), project)

    ingest = inputs_of(document, "ingest")
    assert isinstance(ingest, dict)
    assert ingest["code"] == "build/named/ingest.zip"


def test_a_setting_on_the_command_line_wins_over_the_stacks_file(project: Path, runner: CliRunner):
    result = runner.invoke(an_app(), ["-s", "dev", "--json", "--set", "network.mode=public"])

    ingest = inputs_of(json.loads(result.stdout), "ingest")
    assert isinstance(ingest, dict)
    assert ingest["environment"] == {"variables": {"MODE": "public"}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("network.mode=public", ("network.mode", "public")),
        ("queue.retries=3", ("queue.retries", 3)),
        ("database.multi_az=true", ("database.multi_az", True)),
        ("network.cidrs=[10.0.0.0/16]", ("network.cidrs", ["10.0.0.0/16"])),
        ("note=a=b", ("note", "a=b")),
        ("note=", ("note", None)),
    ],
)
def test_a_settings_value_is_read_as_yaml(text: str, expected: tuple[str, object]):
    assert expected == setting(text)


@pytest.mark.parametrize("text", ["network.mode", "=x", ""])
def test_a_setting_without_a_name_and_value_is_refused(text: str):
    with pytest.raises(OperatorError, match="--set takes KEY=VALUE"):
        setting(text)


def test_a_setting_that_is_no_yaml_is_refused():
    with pytest.raises(OperatorError, match=r"--set network.zones: '\[1' is not a YAML value"):
        setting("network.zones=[1")


def test_an_unknown_stack_is_refused_with_those_that_exist(project: Path, runner: CliRunner):
    result = runner.invoke(an_app(), ["-s", "staging"])

    assert result.exit_code == 1
    assert isinstance(result.exception, OperatorError)
    assert str(result.exception).endswith("stacks: dev.")


def test_settings_the_program_refuses_become_its_own_sentence(tmp_path: Path, monkeypatch, runner: CliRunner):
    monkeypatch.chdir(a_project(tmp_path, "import pulumi\nraise pulumi.RunError('queue.retries must be 1..10, got 0')"))

    result = runner.invoke(an_app(), ["-s", "dev"])

    assert isinstance(result.exception, OperatorError)
    assert str(result.exception) == "queue.retries must be 1..10, got 0"


def test_the_project_is_found_from_any_folder_inside_it(project: Path):
    inside = project / "deep" / "down"
    inside.mkdir(parents=True)

    assert find_project(inside) == project


def test_outside_any_project_a_sentence_says_where_to_go(tmp_path: Path):
    with pytest.raises(OperatorError, match=r"There is no Pulumi\.yaml in .* or above it"):
        find_project(tmp_path)


def drawn(project: Path, *, with_inputs: bool = False) -> list[str]:
    recording = make_plan(project, "dev")
    console = Console(width=160, color_system=None)
    with console.capture() as capture:
        console.print(plan_tree(recording, project, judged(recording), with_inputs=with_inputs))
    return capture.get().splitlines()


def test_the_tree_groups_resources_under_their_component_with_a_count(project: Path):
    lines = drawn(project)

    component = next(number for number, line in enumerate(lines) if "shop:messaging:Buffer" in line)
    assert lines[component].endswith("orders  shop:messaging:Buffer  2 resources, 6 findings")
    assert lines[component - 1].endswith("shop  shop:shop:Shop  2 resources, 6 findings")
    assert any("orders-main  aws:sqs/queue:Queue  protected" in line for line in lines[component:])


def test_a_finding_stands_below_its_resource(project: Path):
    lines = drawn(project)

    main = next(number for number, line in enumerate(lines) if "orders-main" in line)
    assert "! accepts requests without TLS: give it a QueuePolicy" in " ".join(lines[main + 1 : main + 5])


def test_inputs_are_shown_when_asked_for(project: Path):
    assert not [line for line in drawn(project) if "visibilityTimeoutSeconds" in line]
    assert [line for line in drawn(project, with_inputs=True) if "visibilityTimeoutSeconds: 180" in line]


def test_the_tree_elides_long_values(project: Path):
    tags = next(line for line in drawn(project, with_inputs=True) if "tags:" in line)

    assert tags.endswith("…")
    assert len(tags) < 120


def test_the_last_lines_sum_up_and_say_what_a_plan_is_not(project: Path, runner: CliRunner):
    result = runner.invoke(an_app(), ["-s", "dev"])
    recording = make_plan(project, "dev")

    assert 0 == result.exit_code
    assert summary(recording, judged(recording)) == result.output.splitlines()[-3:]
    created, found, caveat = result.output.splitlines()[-3:]
    assert created == "A preview of an empty stack dev would create 4 resources in 2 components, 1 of them protected."
    assert re.fullmatch(r"Findings: [1-9]\d* of \d+ checks; \d+ more need values that only a deployment knows\.", found)
    assert caveat == "This is what the program asks for, not a comparison with what exists."


def test_findings_end_the_command_when_asked_to(project: Path, runner: CliRunner):
    result = runner.invoke(an_app(), ["-s", "dev", "--strict"])

    assert isinstance(result.exception, OperatorError)
    assert re.match(r"The policy finds \d+ in stack dev; the first: ", str(result.exception))


def test_an_unforeseen_look_up_is_an_error_that_names_it():
    with pytest.raises(UnknownLookup, match="no placeholder for the look-up aws:ec2/getAmi:getAmi"):
        PlanProvider().invoke("aws:ec2/getAmi:getAmi", {})
