"""The maintenance function's environment."""

from functions.common.environment import DatabaseSettings


class MaintenanceSettings(DatabaseSettings):
    """What maintenance is told: where the database is."""
