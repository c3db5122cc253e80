"""What is proven of the stack files as they are, within seconds; tests/proofs does it for every toggle."""

import pytest

from fluxa.cli import run
from fluxa.plan.findings import judged
from tests.support.provider_schema import schema_faults
from tests.support.stack_builders import REPOSITORY
from tests.support.whole_stack import recorded

PRESETS = ("dev", "local", "pr", "prod")


@pytest.mark.parametrize("stack", PRESETS)
def test_the_provider_takes_every_input(stack):
    custom = [item for item in recorded(stack).registrations if item.custom]

    assert [] == [f"{item.name}: {fault}" for item in custom for fault in schema_faults(item.type, item.inputs)]


@pytest.mark.parametrize("stack", PRESETS)
def test_the_policy_finds_nothing_and_can_judge_everything(stack):
    verdict = judged(recorded(stack))

    assert ((), ()) == (verdict.findings, verdict.undecided)


@pytest.mark.parametrize("stack", PRESETS)
def test_a_plan_has_no_findings_either(stack, monkeypatch, capsys):
    monkeypatch.chdir(REPOSITORY)

    assert 0 == run(["plan", "-s", stack, "--strict"])
    assert "\nFindings: 0 of " in capsys.readouterr().out


def test_production_is_not_put_on_the_internet(monkeypatch, capsys):
    monkeypatch.chdir(REPOSITORY)

    assert 1 == run(["plan", "-s", "prod", "--set", "network.mode=public"])
    said = capsys.readouterr().err
    assert "network.mode" in said
    assert "database.deletion_protection" in said
    assert "Traceback" not in said
