"""Maintenance: `{"task": "migrate"}` at every deployment, `{"task": "partitions"}` every day."""

from typing import Any

from functions.common.log import get_logger
from functions.maintenance import wiring
from functions.maintenance.tasks import Maintenance

log = get_logger()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Lambda's entry point. Raises when the task fails, which stops the deployment that asked for it."""
    return handle(event, wiring.maintenance())


def handle(event: dict[str, Any], app: Maintenance) -> dict[str, Any]:
    """Run the task that the event names and return what it did."""
    task = str(event.get("task"))
    try:
        return app.run(task)
    except Exception:
        log.exception("maintenance_failed", task=task)
        raise
    finally:
        app.metrics.flush()
