"""The parameter group: what PostgreSQL itself insists on, and what it says in its log."""

import pulumi
from pulumi_aws import rds

from components.settings import DatabaseSettings

_SLOW_STATEMENT_MS = 1_000
_IDLE_IN_TRANSACTION_MS = 60_000
"""A frozen or lost function would hold its row locks until TCP gives up on it. The application's roles have shorter
time-outs of their own; this one is for everybody else, people with a console among them."""


def create_parameters(name: str, settings: DatabaseSettings, opts: pulumi.ResourceOptions) -> rds.ParameterGroup:
    """Create the group of the engine's major version. A replica uses it as well."""
    parameters = {
        "rds.force_ssl": "1" if settings.require_tls else "0",
        "idle_in_transaction_session_timeout": str(_IDLE_IN_TRANSACTION_MS),
        "log_statement": "ddl",
        "log_min_duration_statement": str(_SLOW_STATEMENT_MS),
        "log_lock_waits": "1",
        # Bound values are events: slow or failing statements are logged without them, and errors without their
        # DETAIL line, which quotes the row that was refused.
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        "log_error_verbosity": "terse",
    }
    return rds.ParameterGroup(
        f"{name}-parameters",
        family=f"postgres{settings.engine_version}",
        parameters=[{"name": key, "value": value} for key, value in parameters.items()],
        opts=opts,
    )
