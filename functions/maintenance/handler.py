"""Maintenance: tasks such as `{"task": "migrate"}`, the API's calls about erasures, and the steps of a rotation."""

from collections.abc import Callable
from typing import Any, Protocol

from functions.common.log import get_logger
from functions.maintenance import wiring

log = get_logger()


class LambdaContext(Protocol):
    """What we use of Lambda's context object."""

    def get_remaining_time_in_millis(self) -> int:
        """Return milliseconds until this invocation is cut off."""


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda's entry point. Raises when the work fails: a deployment stops, a rotation is tried again.

    Only the API's calls are answered whatever happens.
    """
    return handle(event, wiring.caretaker(), lambda: context.get_remaining_time_in_millis() / 1000)


def handle(event: dict[str, Any], app: "wiring.Caretaker", seconds_left: Callable[[], float]) -> dict[str, Any]:
    """Do what the event asks for and return what was done."""
    if "httpMethod" in event:
        try:
            return app.erasure_calls.answer(event, seconds_left)
        finally:
            app.metrics.flush()
    # Secrets Manager's event has no other mark, and no task of ours has a step.
    is_rotation = "Step" in event
    work = str(event.get("Step" if is_rotation else "task"))
    try:
        if is_rotation:
            return app.rotation.run(
                work, secret=str(event.get("SecretId")), version=str(event.get("ClientRequestToken"))
            )
        return app.maintenance.run(work, seconds_left)
    except Exception:
        log.exception("maintenance_failed", task=work)
        raise
    finally:
        app.metrics.flush()
