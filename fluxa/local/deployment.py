"""Deploys the Pulumi program, the one that `pulumi up` runs, to the platform's emulator and PostgreSQL."""

import gc
import importlib
import json
import pkgutil
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

import components
from fluxa.errors import OperatorError
from fluxa.local.emulator import Emulator
from fluxa.local.outputs import PlatformOutputs
from fluxa.local.postgres import PostgresServer

if TYPE_CHECKING:
    from fluxa.local.engine import Recording

STACK = "local"
"""The stack that a local platform runs: `Pulumi.local.yaml` holds its settings."""

HEALTH_TIMEOUT_SECONDS = 20.0
"""From deployment to the first healthy answer: every function starts cold."""

_POLL_SECONDS = 0.1

_NOT_HERE: Mapping[tuple[str, str, object], str] = {
    ("secrets", "backend", "iam"): (
        "secrets.backend is iam, and the local PostgreSQL takes passwords only: use ssm or secretsmanager locally, "
        "e.g. --set secrets.backend=ssm."
    ),
    ("network", "mode", "public"): (
        "network.mode is public, which goes with TLS only, and the local PostgreSQL speaks none: use vpc locally, "
        "e.g. --set network.mode=vpc."
    ),
    ("database", "require_tls", True): (
        "database.require_tls is true, and the local PostgreSQL speaks no TLS: leave it false locally, "
        "e.g. --set database.require_tls=false."
    ),
    ("api", "auth", "iam"): (
        "api.auth is iam, and the local platform calls its own API without AWS credentials: use api_key or none "
        "locally, e.g. --set api.auth=api_key."
    ),
}
"""Settings that are right on AWS and cannot be had on this machine: section, key and value to what to do."""


class DeploymentRefused(OperatorError):
    """The program or its settings do not allow a deployment; the sentence is the program's own."""


class Unhealthy(OperatorError):
    """The deployed API does not answer as it should."""


def load() -> None:
    """Import what the program will import; worth seconds, which a platform spends while its services start."""
    # Pulumi's SDK alone is a hundred thousand objects that stay for good: the collector need not look at them.
    gc.disable()
    try:
        for module in pkgutil.iter_modules(components.__path__):
            importlib.import_module(f"{components.__name__}.{module.name}")
        importlib.import_module("fluxa.local.provider.local")
        gc.freeze()
    finally:
        gc.enable()


def check(project_dir: Path, overrides: Mapping[str, Any], *, profile: str | None = None) -> None:
    """Read the configuration, and do nothing if it may be deployed here.

    Raises:
        OperatorError: it cannot be read, there is no such profile, or a setting needs AWS itself.
    """
    from fluxa.local.engine import load_configuration

    configuration = load_configuration(project_dir, STACK, overrides, profile=profile)
    for (section, key, value), sentence in _NOT_HERE.items():
        if configuration.section(section).get(key) == value:
            raise DeploymentRefused(sentence)


def deploy(
    project_dir: Path,
    emulator: Emulator,
    postgres: PostgresServer,
    stack_dir: Path,
    overrides: Mapping[str, Any],
    *,
    profile: str | None = None,
) -> PlatformOutputs:
    """Run the program and return what it brought about.

    Args:
        project_dir: The clone whose program is deployed.
        emulator: Where AWS's resources are created.
        postgres: Where the database is.
        stack_dir: Keeps what is generated.
        overrides: Dotted settings laid over the stack's.
        profile: Another stack of the project, whose settings hold where the local one says nothing.

    Raises:
        OperatorError: the settings contradict each other, or a function's bundle cannot be built.
        Exception: what the program, the emulator or PostgreSQL objected to; a bug of ours, so it keeps its traceback.
    """
    import pulumi

    from components.bundling.errors import BundleError
    from fluxa.local.engine import run_program
    from fluxa.local.provider.local import LocalProvider

    stack_dir.mkdir(mode=0o700, exist_ok=True)
    provider = LocalProvider(emulator, postgres, stack_dir)
    try:
        recording = run_program(project_dir, STACK, provider, overrides=overrides, profile=profile)
    except (pulumi.RunError, BundleError) as error:
        raise DeploymentRefused(str(error)) from error
    (stage,) = recording.of_type("aws:apigateway/stage:Stage")
    return PlatformOutputs(
        # Not the stack's output: that is a name of your own where there is one, which nobody here can look up.
        api_url=stage.outputs["invokeUrl"],
        # None where the API asks for none.
        api_key=recording.outputs.get("api_key") or "",
        database_url=_owners_url(emulator, postgres, recording),
        aws_endpoint_url=emulator.endpoint_url,
        region=emulator.region,
        access_key_id=emulator.access_key_id,
        secret_access_key=emulator.secret_access_key,
        **{name: recording.outputs[name] for name in _FROM_THE_STACK},
    )


_FROM_THE_STACK = ("queue_url", "dead_letter_queue_url", "payload_bucket", "functions")
"""Stack outputs, by the names the program exports them under."""


def await_health(outputs: PlatformOutputs) -> None:
    """Ask the API for its health until it is well.

    Raises:
        Unhealthy: it does not become well in time.
    """
    deadline = time.monotonic() + HEALTH_TIMEOUT_SECONDS
    # trust_env: a proxy in the terminal's environment would be asked for this machine.
    with httpx.Client(base_url=outputs.api_url, headers={"x-api-key": outputs.api_key}, trust_env=False) as client:
        while True:
            answer = client.get("/health", timeout=HEALTH_TIMEOUT_SECONDS)
            if answer.is_success:
                return
            if time.monotonic() > deadline:
                raise Unhealthy(f"The deployed API answers {answer.status_code} to GET /health: {answer.text[:300]}")
            time.sleep(_POLL_SECONDS)


def warm_up(emulator: Emulator, outputs: PlatformOutputs) -> None:
    """Let the processor import its code on an empty batch, so that the first event need not wait for it."""
    client, name = emulator.client("lambda"), outputs.functions["processor"]
    # By the alias that its events come through, where it has one: each version has processes of its own.
    qualifiers = [{"Qualifier": alias["Name"]} for alias in client.list_aliases(FunctionName=name)["Aliases"]]
    for qualifier in qualifiers or [{}]:
        client.invoke(FunctionName=name, Payload=b'{"Records": []}', **qualifier)


def log_groups(emulator: Emulator, outputs: PlatformOutputs) -> list[str]:
    """Return the log group of each deployed function."""
    configurations = (
        emulator.client("lambda").get_function_configuration(FunctionName=name) for name in outputs.functions.values()
    )
    return [configuration["LoggingConfig"]["LogGroup"] for configuration in configurations]


def _owners_url(emulator: Emulator, server: PostgresServer, recording: "Recording") -> str:
    """Return a URL with the database owner's rights: what is created through it is the functions' to use."""
    instances = recording.of_type("aws:rds/instance:Instance")
    (primary,) = [instance for instance in instances if not instance.inputs.get("replicateSourceDb")]
    password = primary.inputs.get("passwordWo")
    if password is None:
        (secret,) = primary.outputs["masterUserSecrets"]
        stored = emulator.client("secretsmanager").get_secret_value(SecretId=secret["secretArn"])
        password = json.loads(stored["SecretString"])["password"]
    owner = replace(server, user=primary.inputs["username"], password=password)
    return owner.url(primary.inputs["dbName"])
