"""The API of `openapi_example`, with two functions behind it."""

from collections.abc import Callable, Mapping
from typing import Any

from components.api import PublicApi, PublicApiArgs
from components.function_unit import FunctionUnit, FunctionUnitArgs
from components.settings import ApiSettings
from functions.common.names import Service
from tests.support.openapi_example import DOCUMENT
from tests.support.pulumi_recorder import Recorder, deploy
from tests.support.stack_builders import a_platform

DOMAIN = {
    "domain_name": "events.example.com",
    "certificate_arn": "arn:aws:acm:eu-central-1:123456789012:certificate/made-up",
}


def a_function(name: str, service: Service) -> FunctionUnit:
    """Only inside `deploy`."""
    args = FunctionUnitArgs(service=service, platform=a_platform(), memory_mb=512, timeout_seconds=10)
    return FunctionUnit(name, args)


def api_with(
    document: Mapping[str, Any] = DOCUMENT,
    *,
    tracing: bool = False,
    then: Callable[[PublicApi], object] | None = None,
    **settings: Any,
) -> Recorder:
    """Deploy the API, and hand it to `then` while it is being built."""

    def program() -> None:
        operations = {
            "makeThing": a_function("make", Service.INGEST),
            "readThing": a_function("read", Service.QUERY),
        }
        args = PublicApiArgs(
            settings=ApiSettings(**settings),
            platform=a_platform(tracing=tracing),
            document=document,
            operations=operations,
        )
        api = PublicApi("api", args)
        if then is not None:
            then(api)

    return deploy(program)
