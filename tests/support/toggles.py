"""Every toggle of the settings with the values that build something different, and stacks that combine them."""

import functools
import random
import re
from collections.abc import Mapping
from typing import Any

from components.settings import InvalidSettings, StackSettings, parse_settings
from fluxa.local.engine import Recording, run_program
from tests.support.pairwise import Covering, Row, covering
from tests.support.stack_builders import REPOSITORY, stack_file
from tests.support.whole_stack import Memory

PRESETS = ("dev", "pr", "prod")
LEAST_STACKS = 48
SEED = 20_261_123
LONGEST_REPAIR = 25

ON_OR_OFF = (True, False)
CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/3b1c7f0e"
TOPIC = "arn:aws:sns:eu-central-1:123456789012:platform"
SIGNING = "arn:aws:lambda:eu-central-1:123456789012:code-signing-config:csc-0123456789abcdef0"


def choices(key: str, *values: Any) -> dict[str, dict[str, Any]]:
    """A toggle that is one key."""
    return {str(value): {key: value} for value in values}


def _protected(*, kept: bool) -> dict[str, Any]:
    return {f"{section}.deletion_protection": kept for section in ("queue", "storage", "database")}


TOGGLES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "preset": {preset: {} for preset in PRESETS},
    "protection": {"kept": _protected(kept=True), "thrown away": _protected(kept=False)},
    "api.auth": choices("api.auth", "api_key", "iam", "none"),
    "api.quota": choices("api.quota_per_day", None, 100_000),
    "api.waf": choices("api.waf", *ON_OR_OFF),
    "api.access_logs": choices("api.access_logs", *ON_OR_OFF),
    "api.logging_role": choices("api.manage_logging_role", *ON_OR_OFF),
    "api.name": {
        "none": {"api.domain_name": None, "api.certificate_arn": None, "api.hosted_zone_id": None},
        "elsewhere": {
            "api.domain_name": "events.example.com",
            "api.certificate_arn": CERTIFICATE,
            "api.hosted_zone_id": None,
        },
        "in Route 53": {
            "api.domain_name": "events.example.com",
            "api.certificate_arn": CERTIFICATE,
            "api.hosted_zone_id": "Z0123456789",
        },
    },
    "ingest.schema_mode": choices("ingest.schema_mode", "off", "warn", "enforce"),
    "ingest.max_concurrency": choices("ingest.max_concurrency", None, 50),
    "ingest.provisioned": choices("ingest.provisioned_concurrency", 0, 2),
    "processing.reserved": choices("processing.reserved_concurrency", None, 100),
    "processing.provisioned": choices("processing.provisioned_concurrency", 0, 2),
    "processing.window": choices("processing.batching_window_seconds", 0, 5),
    "query.provisioned": choices("query.provisioned_concurrency", 0, 2),
    "queue.encryption": choices("queue.encryption", "sqs", "kms"),
    "storage.encryption": choices("storage.encryption", "s3", "kms"),
    "storage.archive": {
        "never": {"storage.archive_after_days": None, "storage.archive_class": "GLACIER_IR"},
        "at hand": {"storage.archive_after_days": 30, "storage.archive_class": "GLACIER_IR"},
        "deep": {"storage.archive_after_days": 30, "storage.archive_class": "GLACIER"},
    },
    "storage.versioning": choices("storage.versioning", *ON_OR_OFF),
    "storage.access_logs": choices("storage.access_logs", *ON_OR_OFF),
    "database.encryption": choices("database.encryption", "aws", "kms"),
    "database.proxy": choices("database.proxy", *ON_OR_OFF),
    "database.read_replica": choices("database.read_replica", *ON_OR_OFF),
    "database.performance_insights": choices("database.performance_insights", *ON_OR_OFF),
    "database.enhanced_monitoring": choices("database.enhanced_monitoring", *ON_OR_OFF),
    "database.multi_az": choices("database.multi_az", *ON_OR_OFF),
    "database.backups": choices("database.backup_retention_days", 0, 7),
    "database.engine_version": choices("database.engine_version", "15", "16", "17"),
    "database.require_tls": choices("database.require_tls", *ON_OR_OFF),
    "database.retention": choices("database.retention_days", None, 400),
    "network": {
        "endpoints": {"network.mode": "vpc", "network.egress": "endpoints", "network.allowed_cidrs": []},
        "nat": {"network.mode": "vpc", "network.egress": "nat", "network.allowed_cidrs": []},
        "public": {
            "network.mode": "public",
            "network.egress": "endpoints",
            "network.allowed_cidrs": ["203.0.113.0/24"],
        },
    },
    "network.zones": choices("network.availability_zones", 1, 2, 3),
    "network.flow_logs": choices("network.flow_logs", *ON_OR_OFF),
    "secrets.backend": choices("secrets.backend", "ssm", "secretsmanager", "iam"),
    "secrets.encryption": choices("secrets.encryption", "aws", "kms"),
    "secrets.rotation": choices("secrets.rotation_days", 30, None),
    "observability.retention": choices("observability.log_retention_days", 14, 365),
    "observability.log_encryption": choices("observability.log_encryption", "aws", "kms"),
    "observability.tracing": choices("observability.tracing", *ON_OR_OFF),
    "observability.dashboards": choices("observability.dashboards", *ON_OR_OFF),
    "observability.reconciliation": choices("observability.reconciliation", *ON_OR_OFF),
    "alarms": {
        "nobody": {"alarms.email": [], "alarms.sns_topic_arns": []},
        "mail": {"alarms.email": ["platform@example.com"], "alarms.sns_topic_arns": []},
        "topic": {"alarms.email": [], "alarms.sns_topic_arns": [TOPIC]},
        "both": {"alarms.email": ["platform@example.com"], "alarms.sns_topic_arns": [TOPIC]},
    },
    "functions.environment_encryption": choices("functions.environment_encryption", "aws", "kms"),
    "functions.code_signing": choices("functions.code_signing_config_arn", None, SIGNING),
    "functions.python": choices("functions.python", "3.12", "3.13", "3.14"),
    "functions.architecture": choices("functions.architecture", "arm64", "x86_64"),
}
"""Toggle → value → what it sets. A value sets all its keys, so that the preset's own never show through."""


def overrides_of(row: Row) -> dict[str, Any]:
    """Return what a combination lays over its preset."""
    return {key: value for toggle, label in row.items() for key, value in TOGGLES[toggle][label].items()}


def settings_of(row: Row) -> StackSettings:
    """Return the settings of a combination.

    Raises:
        InvalidSettings: its values may not stand together.
    """
    sections: dict[str, Any] = {
        key.removeprefix("fluxa:"): dict(value) for key, value in _preset(row["preset"]).items() if "fluxa:" in key
    }
    for path, value in overrides_of(row).items():
        section, key = path.split(".")
        sections.setdefault(section, {})[key] = value
    return parse_settings(sections)


@functools.cache
def _preset(name: str) -> Mapping[str, Any]:
    return stack_file(name)


def repaired(row: Row, fixed: frozenset[str]) -> Row | None:
    """Turn toggles that a refusal names, but none that is fixed, until the settings are accepted."""
    dice = random.Random(repr(sorted(row.items())))
    current = dict(row)
    for _ in range(LONGEST_REPAIR):
        try:
            settings_of(current)
        except InvalidSettings as refusal:
            named = set(re.findall(r"[a-z_]+\.[a-z_0-9]+", str(refusal)))
            movable = [toggle for toggle in TOGGLES if toggle not in fixed and named & _keys_of(toggle)]
            if not movable:
                return None
            toggle = dice.choice(movable)
            current[toggle] = dice.choice([label for label in TOGGLES[toggle] if label != current[toggle]])
        else:
            return current
    return None


@functools.cache
def _keys_of(toggle: str) -> frozenset[str]:
    return frozenset(key for values in TOGGLES[toggle].values() for key in values)


@functools.cache
def combinations() -> Covering:
    """Return the combinations that stacks are recorded for."""
    parameters = {toggle: tuple(values) for toggle, values in TOGGLES.items()}
    return covering(parameters, repaired, rows=LEAST_STACKS, seed=SEED)


@functools.cache
def recorded_combination(number: int) -> Recording:
    """Return what one combination asks for. It is the same for every test, so nobody may change it."""
    row = combinations().rows[number]
    overrides = {**overrides_of(row), "functions.bundles": "named"}
    return run_program(REPOSITORY, row["preset"], Memory(), overrides=overrides)
