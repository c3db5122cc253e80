"""StackSettings: every size and toggle of a stack, validated before anything is created; typos are refused."""

from components.settings.connections import MAINTENANCE_CONNECTIONS
from components.settings.loading import InvalidSettings, load_settings, parse_settings
from components.settings.rules import RULES, message_lifetime_days
from components.settings.running import AlarmSettings, Architecture, FunctionsSettings, ObservabilitySettings
from components.settings.stack import StackSettings
from components.settings.stores import DatabaseSettings, NetworkSettings, SecretsSettings, StorageSettings
from components.settings.traffic import ApiSettings, IngestSettings, ProcessingSettings, QuerySettings, QueueSettings

__all__ = [
    "MAINTENANCE_CONNECTIONS",
    "RULES",
    "AlarmSettings",
    "ApiSettings",
    "Architecture",
    "DatabaseSettings",
    "FunctionsSettings",
    "IngestSettings",
    "InvalidSettings",
    "NetworkSettings",
    "ObservabilitySettings",
    "ProcessingSettings",
    "QuerySettings",
    "QueueSettings",
    "SecretsSettings",
    "StackSettings",
    "StorageSettings",
    "load_settings",
    "message_lifetime_days",
    "parse_settings",
]
