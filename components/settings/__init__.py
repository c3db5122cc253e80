"""StackSettings: every size and toggle of a stack, validated before anything is created; typos are refused."""

from components.settings.loading import InvalidSettings, load_settings, parse_settings
from components.settings.sections import (
    AlarmSettings,
    ApiSettings,
    Architecture,
    DatabaseSettings,
    FunctionsSettings,
    IngestSettings,
    NetworkSettings,
    ObservabilitySettings,
    ProcessingSettings,
    QuerySettings,
    QueueSettings,
    SecretsSettings,
    StorageSettings,
)
from components.settings.stack import StackSettings

__all__ = [
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
    "parse_settings",
]
