"""What all functions of a stack share."""

import tomllib

from components.platform import function_platform
from components.settings import parse_settings
from tests.support.stack_builders import REPOSITORY, a_naming


def test_the_platform_follows_the_settings_and_carries_the_projects_version():
    settings = parse_settings(
        {
            "functions": {"python": "3.12", "architecture": "x86_64", "bundles": "named"},
            "observability": {"log_level": "DEBUG", "log_retention_days": 30},
        }
    )

    platform = function_platform(REPOSITORY, a_naming(), settings)

    version = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert ("python3.12", "x86_64", 30) == (
        platform.runtime(),
        platform.lambda_architecture(),
        platform.log_retention_days,
    )
    assert {
        "STACK": "test",
        "LOG_LEVEL": "DEBUG",
        "FLUXA_VERSION": version,
        "SETTINGS_FINGERPRINT": settings.fingerprint(),
    } == platform.environment()


def test_bundles_come_from_the_handlers_folder_that_the_setting_names():
    settings = parse_settings({"processing": {"handlers": "my/handlers"}, "functions": {"bundles": "named"}})

    platform = function_platform(REPOSITORY, a_naming(), settings)

    assert ("my/handlers", False) == (str(platform.bundles.handlers), platform.bundles.build)
