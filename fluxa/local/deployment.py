"""Deploys the Pulumi program, the one that `pulumi up` runs, to the platform's emulator and PostgreSQL."""

import gc
import importlib
import pkgutil
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

import components
from fluxa.errors import OperatorError
from fluxa.local.emulator import Emulator
from fluxa.local.outputs import PlatformOutputs
from fluxa.local.postgres import PostgresServer

STACK = "local"
"""The stack that a local platform runs: `Pulumi.local.yaml` holds its settings."""

HEALTH_TIMEOUT_SECONDS = 20.0
"""From deployment to the first healthy answer: every function starts cold."""

_POLL_SECONDS = 0.1


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


def deploy(
    project_dir: Path, emulator: Emulator, postgres: PostgresServer, stack_dir: Path, overrides: Mapping[str, Any]
) -> PlatformOutputs:
    """Run the program and return what it brought about.

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
        recording = run_program(project_dir, STACK, provider, overrides=overrides)
    except (pulumi.RunError, BundleError) as error:
        raise DeploymentRefused(str(error)) from error
    (instance,) = recording.of_type("aws:rds/instance:Instance")
    return PlatformOutputs(
        database_url=_owners_url(postgres, instance.inputs),
        aws_endpoint_url=emulator.endpoint_url,
        region=emulator.region,
        access_key_id=emulator.access_key_id,
        secret_access_key=emulator.secret_access_key,
        **{name: recording.outputs[name] for name in _FROM_THE_STACK},
    )


_FROM_THE_STACK = ("api_url", "api_key", "queue_url", "dead_letter_queue_url", "payload_bucket", "functions")
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
    emulator.client("lambda").invoke(FunctionName=outputs.functions["processor"], Payload=b'{"Records": []}')


def log_groups(emulator: Emulator, outputs: PlatformOutputs) -> list[str]:
    """Return the log group of each deployed function."""
    configurations = (
        emulator.client("lambda").get_function_configuration(FunctionName=name) for name in outputs.functions.values()
    )
    return [configuration["LoggingConfig"]["LogGroup"] for configuration in configurations]


def _owners_url(server: PostgresServer, instance: Mapping[str, Any]) -> str:
    """Return a URL with the rights that the functions have, so that what is created through it is theirs to use."""
    owner = replace(server, user=instance["username"], password=instance["passwordWo"])
    return owner.url(instance["dbName"])
