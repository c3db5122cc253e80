"""What cannot be deployed to this machine is refused before anything starts, in one sentence."""

import re
from pathlib import Path
from typing import Any

import pytest

from fluxa.errors import OperatorError
from fluxa.local.deployment import DeploymentRefused, check
from fluxa.local.platform import LocalPlatform
from tests.support.pulumi_project import a_project

STACKS = {
    "Pulumi.yaml": "name: shop\nruntime: python\n",
    "Pulumi.local.yaml": "config: {shop:api: {auth: api_key}}\n",
    "Pulumi.prod.yaml": "config: {shop:api: {auth: iam}, shop:secrets: {backend: secretsmanager}}\n",
    "Pulumi.tokens.yaml": "config: {shop:secrets: {backend: iam}}\n",
}


def the_project(folder: Path) -> Path:
    return a_project(folder / "project", "", files=STACKS)


def test_tokens_in_place_of_passwords_are_refused_with_what_to_use_instead(tmp_path: Path):
    with pytest.raises(DeploymentRefused, match=r"^secrets\.backend is iam, .*: use ssm or secretsmanager locally"):
        check(the_project(tmp_path), {}, profile="tokens")


@pytest.mark.parametrize(
    ("key", "value"),
    [("secrets.backend", "iam"), ("api.auth", "iam"), ("network.mode", "public"), ("database.require_tls", True)],
)
def test_an_override_that_needs_aws_is_refused_as_well(tmp_path: Path, key: str, value: Any):
    with pytest.raises(
        DeploymentRefused, match=rf"^{re.escape(key)} is {str(value).lower()}, .* locally, e\.g\. --set"
    ):
        check(the_project(tmp_path), {key: value})


def test_what_the_laptop_needs_wins_over_the_profile(tmp_path: Path):
    check(the_project(tmp_path), {}, profile="prod")


def test_a_mistyped_profile_costs_no_events_even_with_reset(tmp_path: Path):
    kept = tmp_path / "state" / "postgres"
    kept.mkdir(parents=True)

    with (
        pytest.raises(OperatorError, match=r"There is no stack 'prdo' in .*; stacks: dev, local, prod, tokens"),
        LocalPlatform(the_project(tmp_path), tmp_path / "state", profile="prdo", reset=True),
    ):
        pass

    assert kept.is_dir()
