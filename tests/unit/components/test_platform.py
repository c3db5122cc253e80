"""What all parts of a stack share."""

import sys
import tomllib
from typing import Any

import pytest

from components.bundle import Bundler
from components.platform import StackPlatform, stack_platform
from components.settings import FunctionsSettings, parse_settings
from tests.support.pulumi_recorder import Recorder, deploy
from tests.support.stack_builders import REPOSITORY, a_key, a_naming, a_platform, an_account

KEY = "aws:kms/key:Key"


def platform_of(**sections: Any) -> tuple[StackPlatform, Recorder]:
    """Return the platform that settings make, and what was made for it."""
    found: list[StackPlatform] = []
    settings = parse_settings({"functions": {"bundles": "named"}, **sections})
    stack = deploy(lambda: found.append(stack_platform(REPOSITORY, a_naming(), an_account(), settings)))
    return found[0], stack


def test_the_platform_follows_the_settings_and_carries_the_projects_version():
    functions = {"python": "3.12", "architecture": "x86_64", "bundles": "named"}
    observability = {"log_level": "DEBUG", "log_retention_days": 30, "tracing": True}

    platform, _ = platform_of(functions=functions, observability=observability)

    version = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    settings = parse_settings({"functions": functions, "observability": observability})
    assert ("python3.12", "x86_64") == (platform.runtime(), platform.lambda_architecture())
    assert (30, True) == (platform.logs.retention_days, platform.tracing)
    assert {
        "STACK": "test",
        "LOG_LEVEL": "DEBUG",
        "FLUXA_VERSION": version,
        "SETTINGS_FINGERPRINT": settings.fingerprint(),
    } == platform.environment()


def test_bundles_come_from_the_handlers_folder_that_the_setting_names():
    platform, _ = platform_of(processing={"handlers": "my/handlers"})

    assert isinstance(platform.bundles, Bundler)
    assert ("my/handlers", False) == (str(platform.bundles.handlers), platform.bundles.build)


@pytest.mark.parametrize(
    ("machine", "expected"), [("aarch64", "arm64"), ("arm64", "arm64"), ("x86_64", "x86_64"), ("AMD64", "x86_64")]
)
def test_a_host_build_is_declared_as_what_this_machine_runs(machine, expected, monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: machine)

    platform = a_platform(functions=FunctionsSettings(architecture="host"))

    assert expected == platform.lambda_architecture()
    assert f"python3.{sys.version_info.minor}" == platform.runtime()


def test_a_stack_has_no_key_of_its_own_unless_a_setting_asks_for_one():
    platform, stack = platform_of()

    assert platform.key is None
    assert [] == stack.of_type(KEY)


@pytest.mark.parametrize(
    "sections",
    [
        {"queue": {"encryption": "kms"}},
        {"storage": {"encryption": "kms"}},
        {"database": {"encryption": "kms"}},
        {"secrets": {"encryption": "kms"}},
        {"observability": {"log_encryption": "kms"}},
        {"functions": {"environment_encryption": "kms", "bundles": "named"}},
        {"alarms": {"email": ["platform@example.com"]}},
    ],
)
def test_any_setting_that_needs_a_key_makes_the_one_key(sections):
    platform, stack = platform_of(**sections)

    assert platform.key is not None
    assert ["encryption-key"] == [item.name for item in stack.of_type(KEY)]


@pytest.mark.parametrize("kept", ["queue", "storage", "database", None])
def test_the_key_stays_for_as_long_as_any_store_does(kept):
    stores = {name: {"deletion_protection": name == kept} for name in ("queue", "storage", "database")}

    _, stack = platform_of(secrets={"encryption": "kms"}, **stores)

    assert [kept is not None] == [item.protect for item in stack.of_type(KEY)]


def test_logs_are_encrypted_with_the_key_only_where_their_own_setting_says_so():
    encrypted, _ = platform_of(observability={"log_encryption": "kms"})
    plain, _ = platform_of(queue={"encryption": "kms"})

    assert encrypted.logs.key_arn is not None
    assert plain.logs.key_arn is None


def test_the_key_is_handed_out_to_those_whose_setting_says_kms():
    answers: list[bool] = []

    def program() -> None:
        platform = a_platform(key=a_key())
        answers.extend([platform.key_for("kms") is platform.key, platform.key_for("s3") is None])

    deploy(program)
    assert [True, True] == answers
