"""What sections must agree on. Each rule returns the sentence that stops the preview: both keys, why, and the fix."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from components.settings.connections import ADMIN_CONNECTIONS, BUDGET_SHARE, connection_budget, max_connections

if TYPE_CHECKING:
    from components.settings.stack import StackSettings

REPLAY_MARGIN_DAYS = 7
"""Time for people to look at a dead-lettered event and replay it, counted from its last day in the queue."""


def _payloads_are_at_hand_while_messages_live(settings: "StackSettings") -> str | None:
    queue, storage = settings.queue, settings.storage
    needed = queue.retention_days + queue.dead_letter_retention_days + REPLAY_MARGIN_DAYS
    ages = {
        "storage.archive_after_days": storage.archive_after_days,
        "storage.expire_after_days": storage.expire_after_days,
    }
    for key, days in ages.items():
        if days is not None and days <= needed:
            return (
                f"{key} ({days}) must exceed queue.retention_days + queue.dead_letter_retention_days "
                f"+ {REPLAY_MARGIN_DAYS} days for replay ({needed}), or a message outlives its payload: "
                f"raise {key} to {needed + 1} or lower a retention."
            )
    return None


def _archive_before_expiry(settings: "StackSettings") -> str | None:
    storage = settings.storage
    if storage.archive_after_days is None or storage.expire_after_days is None:
        return None
    if storage.expire_after_days > storage.archive_after_days:
        return None
    return (
        f"storage.expire_after_days ({storage.expire_after_days}) must exceed storage.archive_after_days "
        f"({storage.archive_after_days}), or nothing is ever archived: "
        f"raise the first, or set storage.archive_after_days to null."
    )


def _connections_fit_the_instance(settings: "StackSettings") -> str | None:
    processing, query = settings.processing.max_concurrency, settings.query.max_concurrency
    instance_class = settings.database.instance_class
    planned, budget = processing + query + ADMIN_CONNECTIONS, connection_budget(instance_class)
    if planned <= budget:
        return None
    return (
        f"processing.max_concurrency ({processing}) + query.max_concurrency ({query}) + {ADMIN_CONNECTIONS} for "
        f"administration come to {planned} connections, above {budget}, which is {BUDGET_SHARE:.0%} of what "
        f"database.instance_class {instance_class} allows ({max_connections(instance_class)}): "
        f"lower a concurrency or choose a larger database.instance_class."
    )


def _kept_databases_speak_tls(settings: "StackSettings") -> str | None:
    if settings.database.require_tls or not settings.database.deletion_protection:
        return None
    return (
        "database.require_tls is false, which only a throw-away database may be, while database.deletion_protection "
        "is true: set database.require_tls to true or database.deletion_protection to false."
    )


def _fail_over_has_somewhere_to_go(settings: "StackSettings") -> str | None:
    if not settings.database.multi_az or settings.network.availability_zones > 1:
        return None
    return (
        "database.multi_az is true while network.availability_zones is 1, so the functions would be lost with the "
        "zone that the database survives: raise network.availability_zones to 2 or set database.multi_az to false."
    )


RULES: tuple[Callable[["StackSettings"], str | None], ...] = (
    _payloads_are_at_hand_while_messages_live,
    _archive_before_expiry,
    _connections_fit_the_instance,
    _kept_databases_speak_tls,
    _fail_over_has_somewhere_to_go,
)
"""Every rule is asked, so that one preview shows everything there is to change."""
