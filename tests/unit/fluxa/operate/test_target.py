"""Where a stack is reached: from a file, from Pulumi, from the platform that runs here, and from nowhere else."""

import json
import os
import sys
from pathlib import Path

import pytest

from fluxa.errors import OperatorError
from fluxa.local.published import published
from fluxa.operate.target import Target, find_target

OUTPUTS = {
    "api_url": "https://x.execute-api.eu-central-1.amazonaws.com/v1/",
    "api_key": "very secret",
    "queue_url": "https://sqs.eu-central-1.amazonaws.com/1/main",
    "dead_letter_queue_url": "https://sqs.eu-central-1.amazonaws.com/1/dead",
    "payload_bucket": "payloads",
    "functions": {"ingest": "fluxa-dev-ingest"},
    "database_endpoint": "of no interest",
}
LOCAL = OUTPUTS | {
    "api_url": "http://127.0.0.1:1/v1",
    "queue_url": "http://127.0.0.1:1/main",
    "aws_endpoint_url": "http://127.0.0.1:1",
    "region": "us-east-1",
    "access_key_id": "very secret",
    "secret_access_key": "very secret",
}


def find(tmp_path: Path, *, stack: str | None = None, outputs: Path | None = None) -> Target:
    return find_target(stack=stack, outputs=outputs, state_dir=tmp_path, project_dir=tmp_path)


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A Pulumi CLI that answers as it is told."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def answer(code: int, out: str, err: str = "") -> None:
        program = folder / "pulumi"
        lines = (
            f"#!{sys.executable}",
            "import sys",
            f"open({str(tmp_path / 'asked')!r}, 'w').write(' '.join(sys.argv[1:]))",
        )
        lines += (f"sys.stdout.write({out!r})", f"sys.stderr.write({err!r})", f"sys.exit({code})")
        program.write_text("\n".join(lines))
        program.chmod(0o755)

    return answer


def test_a_stack_on_aws_is_what_pulumi_says(tmp_path: Path, pulumi):
    pulumi(0, json.dumps(OUTPUTS))

    target = find(tmp_path, stack="dev")

    assert "stack output --json --show-secrets --non-interactive -s dev" == (tmp_path / "asked").read_text()
    assert ("the stack dev", "eu-central-1", None) == (target.name, target.region, target.emulator)
    assert "https://x.execute-api.eu-central-1.amazonaws.com/v1" == target.api_url


def test_a_file_of_outputs_does_as_well(tmp_path: Path):
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps(OUTPUTS))

    assert OUTPUTS["queue_url"] == find(tmp_path, outputs=file).queue_url


@pytest.mark.parametrize("stack", [None, "local"])
def test_without_a_name_it_is_the_platform_on_this_machine_whatever_its_ports(tmp_path: Path, stack: str | None):
    with published(tmp_path, LOCAL):
        target = find(tmp_path, stack=stack)

    assert ("the local platform", str(tmp_path)) == (target.name, target.identity)
    assert "http://127.0.0.1:1" == target.client("sqs").meta.endpoint_url


def test_nothing_secret_is_in_its_words(tmp_path: Path):
    assert "very secret" not in repr(Target.from_outputs("a", LOCAL))


def test_a_client_for_aws_goes_to_the_queues_region(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")

    assert (
        "https://logs.eu-central-1.amazonaws.com" == Target.from_outputs("a", OUTPUTS).client("logs").meta.endpoint_url
    )


def test_no_platform_and_no_name_says_what_to_do(tmp_path: Path):
    with pytest.raises(
        OperatorError, match=r"No platform is running .* name it with --stack, or its outputs with --outputs"
    ):
        find(tmp_path)


def test_a_machine_without_pulumi_is_told_the_other_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", os.devnull)

    with pytest.raises(OperatorError, match=r"The Pulumi CLI is not installed.*--outputs"):
        find(tmp_path, stack="dev")


def test_pulumis_refusal_is_passed_on(tmp_path: Path, pulumi):
    pulumi(255, "", "warning: old\nerror: no stack named 'dev' found\n")

    with pytest.raises(OperatorError, match="cannot tell the outputs of the stack dev: no stack named 'dev' found"):
        find(tmp_path, stack="dev")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is not a JSON object of outputs: write it with `pulumi stack output --json"),
        ("[]", "is not a JSON object of outputs"),
        ("{}", "lack api_url, queue_url, dead_letter_queue_url, payload_bucket, functions: is it a Fluxa stack"),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_a_file_that_holds_something_else_is_refused(tmp_path: Path, text: str | None, sentence: str):
    file = tmp_path / "outputs.json"
    if text is not None:
        file.write_text(text)

    with pytest.raises(OperatorError, match=sentence.replace("(", r"\(")):
        find(tmp_path, outputs=file)
