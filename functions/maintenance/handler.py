"""Maintenance: tasks such as `{"task": "migrate"}`, and the steps in which Secrets Manager rotates a password."""

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
    """Lambda's entry point. Raises when the work fails: a deployment stops, a rotation is tried again."""
    return handle(event, wiring.caretaker(), lambda: context.get_remaining_time_in_millis() / 1000)


def handle(event: dict[str, Any], app: "wiring.Caretaker", seconds_left: Callable[[], float]) -> dict[str, Any]:
    """Do what the event asks for and return what was done."""
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
