"""What sections must agree on. Each rule returns the sentence that stops the preview: both keys, why, and the fix."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from components.settings.connections import ADMIN_CONNECTIONS, BUDGET_SHARE, connection_budget, max_connections

if TYPE_CHECKING:
    from components.settings.stack import StackSettings

REPLAY_MARGIN_DAYS = 7
"""Time for people to look at a dead-lettered event and replay it, counted from its last day in the queue."""


def message_lifetime_days(settings: "StackSettings") -> int:
    """Return how long a message may need its payload: in the queue, among the dead letters, and until its replay."""
    return settings.queue.retention_days + settings.queue.dead_letter_retention_days + REPLAY_MARGIN_DAYS


def _nothing_goes_while_messages_need_it(settings: "StackSettings") -> str | None:
    """Payloads and events stay for as long as a message about them may: among the dead letters too."""
    needed = message_lifetime_days(settings)
    ages = {
        "storage.archive_after_days": settings.storage.archive_after_days,
        "database.retention_days": settings.database.retention_days,
    }
    for key, days in ages.items():
        if days is not None and days <= needed:
            return (
                f"{key} ({days}) must exceed queue.retention_days + queue.dead_letter_retention_days "
                f"+ {REPLAY_MARGIN_DAYS} days for replay ({needed}), or a message outlives its payload: "
                f"raise {key} to {needed + 1} or lower a retention."
            )
    return None


def _archive_before_removal(settings: "StackSettings") -> str | None:
    """Payloads are archived before they are removed, or not at all."""
    archive, retention = settings.storage.archive_after_days, settings.database.retention_days
    if archive is None or retention is None or retention > archive:
        return None
    return (
        f"database.retention_days ({retention}) must exceed storage.archive_after_days ({archive}), "
        f"or nothing is ever archived: raise the first, or set storage.archive_after_days to null."
    )


def _connections_fit_the_instances(settings: "StackSettings") -> str | None:
    """Functions that connect to an instance directly leave a fifth of its connections to others."""
    database, processing, query = settings.database, settings.processing.max_concurrency, settings.query.max_concurrency
    # Behind a proxy functions wait for a connection instead of being refused one; query reads past it from a replica.
    instance = {} if database.proxy else {"processing.max_concurrency": processing}
    replica = {"query.max_concurrency": query} if database.read_replica else {}
    if not database.proxy and not database.read_replica:
        instance["query.max_concurrency"] = query
    budget = connection_budget(database.instance_class)
    for wanted in (instance, replica):
        planned = sum(wanted.values()) + ADMIN_CONNECTIONS
        if wanted and planned > budget:
            terms = " + ".join(f"{key} ({number})" for key, number in wanted.items())
            return (
                f"{terms} + {ADMIN_CONNECTIONS} for administration come to {planned} connections, above {budget}, "
                f"which is {BUDGET_SHARE:.0%} of what database.instance_class {database.instance_class} allows "
                f"({max_connections(database.instance_class)}): "
                f"lower a concurrency or choose a larger database.instance_class."
            )
    return None


def _kept_databases_speak_tls(settings: "StackSettings") -> str | None:
    """Only a database that may be thrown away takes connections without TLS."""
    if settings.database.require_tls or not settings.database.deletion_protection:
        return None
    return (
        "database.require_tls is false, which only a throw-away database may be, while database.deletion_protection "
        "is true: set database.require_tls to true or database.deletion_protection to false."
    )


def _fail_over_has_somewhere_to_go(settings: "StackSettings") -> str | None:
    """A database in two zones has functions in two zones."""
    if not settings.database.multi_az or settings.network.availability_zones > 1:
        return None
    return (
        "database.multi_az is true while network.availability_zones is 1, so the functions would be lost with the "
        "zone that the database survives: raise network.availability_zones to 2 or set database.multi_az to false."
    )


def _the_internet_is_for_throw_away_stacks(settings: "StackSettings") -> str | None:
    """A public database may be thrown away, says who may connect, speaks TLS, and has no proxy or replica."""
    if settings.network.mode != "public":
        return None
    return next(_objections_to_public(settings), None)


def _objections_to_public(settings: "StackSettings") -> Iterator[str]:
    database = settings.database
    if database.deletion_protection:
        yield (
            "network.mode is public, which puts the database on the internet, while database.deletion_protection is "
            "true, as for a stack that is kept: set network.mode to vpc, or database.deletion_protection to false if "
            "the stack may be thrown away."
        )
    if not settings.network.allowed_cidrs:
        yield (
            "network.mode is public while network.allowed_cidrs is empty, so nobody could connect: name the networks "
            "that may, in network.allowed_cidrs, or set network.mode to vpc."
        )
    if not database.require_tls:
        yield (
            "network.mode is public while database.require_tls is false, which shows passwords and events to everybody "
            "on the way: set database.require_tls to true or network.mode to vpc."
        )
    for key, chosen in (("database.proxy", database.proxy), ("database.read_replica", database.read_replica)):
        if chosen:
            yield (
                f"{key} is true while network.mode is public, and it lives in private networks only: "
                f"set {key} to false or network.mode to vpc."
            )
    if settings.network.egress == "nat":
        yield (
            "network.egress is nat while network.mode is public, where functions are outside the network and need no "
            "way out of it: remove network.egress or set network.mode to vpc."
        )


def _the_proxy_can_read_the_passwords(settings: "StackSettings") -> str | None:
    """RDS Proxy reads passwords from Secrets Manager, or uses IAM."""
    if not settings.database.proxy or settings.secrets.backend != "ssm":
        return None
    # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-setup.html
    return (
        "database.proxy is true while secrets.backend is ssm, and RDS Proxy reads passwords from Secrets Manager only: "
        "set secrets.backend to secretsmanager or iam, or database.proxy to false."
    )


def _tokens_travel_encrypted(settings: "StackSettings") -> str | None:
    """IAM tokens travel over TLS."""
    if settings.secrets.backend != "iam" or settings.database.require_tls:
        return None
    return (
        "secrets.backend is iam while database.require_tls is false, and RDS takes tokens over TLS only: "
        "set database.require_tls to true or choose another secrets.backend."
    )


def _kept_events_are_not_open_to_everybody(settings: "StackSettings") -> str | None:
    """Only an API whose events may be thrown away is open to everybody."""
    if settings.api.auth != "none" or not settings.database.deletion_protection:
        return None
    return (
        "api.auth is none, which lets anybody read and write events, while database.deletion_protection is true, as "
        "for a stack that is kept: set api.auth to api_key or iam, or database.deletion_protection to false."
    )


RULES: tuple[Callable[["StackSettings"], str | None], ...] = (
    _nothing_goes_while_messages_need_it,
    _archive_before_removal,
    _connections_fit_the_instances,
    _kept_databases_speak_tls,
    _fail_over_has_somewhere_to_go,
    _the_internet_is_for_throw_away_stacks,
    _the_proxy_can_read_the_passwords,
    _tokens_travel_encrypted,
    _kept_events_are_not_open_to_everybody,
)
"""Every rule is asked, so that one preview shows everything there is to change."""
