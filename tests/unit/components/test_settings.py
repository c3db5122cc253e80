"""Settings: what a stack file may say, and the sentence that answers what it may not."""

import contextvars
import json

import pulumi
import pytest

from components.settings import InvalidSettings, StackSettings, load_settings, parse_settings
from components.settings.connections import MEMORY_GIB, connection_budget, max_connections
from tests.support.stack_builders import stack_file

DEFAULTS = StackSettings()


def refusal(**sections: object) -> list[str]:
    with pytest.raises(InvalidSettings, match=r"^These settings have to change:") as caught:
        parse_settings(sections)
    return [line.strip() for line in str(caught.value).splitlines()[1:]]


def loaded(values: dict[str, object]) -> StackSettings:
    """Load settings as Pulumi hands them over: text, objects as JSON."""
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}

    def load() -> StackSettings:
        pulumi.runtime.set_all_config(texts)
        return load_settings(pulumi.Config("fluxa"))

    # The runtime keeps its configuration in the context: what is set in a copy is gone with it.
    return contextvars.copy_context().run(load)


def test_a_stack_that_says_nothing_gets_safe_defaults():
    settings = parse_settings({})

    assert DEFAULTS == settings
    assert (10, 262_144, True, True, True) == (
        settings.queue.max_receive_count,
        settings.ingest.inline_limit_bytes,
        settings.database.deletion_protection,
        settings.database.require_tls,
        settings.storage.deletion_protection,
    )


def test_a_key_that_does_not_exist_is_refused_by_its_name():
    known = "max_receive_count, retention_days, dead_letter_retention_days"

    assert [f"fluxa:queue.batchsize: Extra inputs are not permitted; known here: {known}"] == refusal(
        queue={"batchsize": 3}
    )


def test_a_section_that_does_not_exist_is_refused_by_its_name():
    with pytest.raises(InvalidSettings, match=r"fluxa:quueue: Extra inputs are not permitted; known here: api, ingest"):
        loaded({"fluxa:quueue": {"max_receive_count": 3}})


@pytest.mark.parametrize("value", ["three", 3, ["three"]])
def test_a_section_that_is_no_mapping_is_refused(value):
    assert [("fluxa:queue: must be keys and values; known here: max_receive_count, retention_days, "
            "dead_letter_retention_days")] == refusal(queue=value)  # fmt: skip


def test_text_that_is_no_json_is_refused_as_a_section():
    with pytest.raises(InvalidSettings, match=r"fluxa:queue: must be keys and values"):
        loaded({"fluxa:queue": "{not json"})


def test_other_programs_keys_are_none_of_our_business():
    assert DEFAULTS == loaded({"aws:region": "eu-central-1", "pulumi:autonaming": {"pattern": "x"}})


def test_a_section_changes_only_the_keys_it_names():
    settings = loaded({"fluxa:queue": {"max_receive_count": 3}})

    assert (3, 4) == (settings.queue.max_receive_count, settings.queue.retention_days)


@pytest.mark.parametrize(
    ("section", "key", "value", "message"),
    [
        ("api", "throttle_rate_per_second", 0, "Input should be greater than or equal to 1"),
        ("api", "throttle_burst", 10_001, "Input should be less than or equal to 10000"),
        ("api", "quota_per_day", 0, "Input should be greater than or equal to 1"),
        ("ingest", "inline_limit_bytes", 1_023, "Input should be greater than or equal to 1024"),
        ("ingest", "inline_limit_bytes", 1_000_001, "Input should be less than or equal to 1000000"),
        ("ingest", "timeout_seconds", 30, "Input should be less than or equal to 29"),
        ("ingest", "memory_mb", 127, "Input should be greater than or equal to 128"),
        ("queue", "max_receive_count", 0, "Input should be greater than or equal to 1"),
        ("queue", "dead_letter_retention_days", 15, "Input should be less than or equal to 14"),
        ("processing", "batch_size", 11, "Input should be less than or equal to 10"),
        ("processing", "max_concurrency", 1, "Input should be greater than or equal to 2"),
        ("processing", "batching_window_seconds", 301, "Input should be less than or equal to 300"),
        ("processing", "timeout_seconds", 901, "Input should be less than or equal to 900"),
        ("processing", "handlers", "../x", "must be a folder below the project's, such as `handlers`, got '../x'"),
        ("processing", "handlers", "/x", "must be a folder below the project's, such as `handlers`, got '/x'"),
        ("processing", "handlers", ".", "must be a folder below the project's, such as `handlers`, got '.'"),
        ("query", "timeout_seconds", 30, "Input should be less than or equal to 29"),
        ("storage", "archive_class", "DEEP", "Input should be 'GLACIER_IR' or 'GLACIER'"),
        ("database", "engine_version", "17.2", "Input should be '15', '16' or '17'"),
        (
            "database",
            "instance_class",
            "db.huge",
            "'db.huge' is not an instance class whose memory Fluxa knows, such as `db.m7g.large`",
        ),
        ("database", "allocated_storage_gb", 19, "Input should be greater than or equal to 20"),
        ("database", "backup_retention_days", 36, "Input should be less than or equal to 35"),
        ("network", "mode", "public", "Input should be 'vpc'"),
        ("network", "availability_zones", 4, "Input should be less than or equal to 3"),
        ("network", "cidr", "8.8.0.0/16", "must be a private network between /16 and /24, got '8.8.0.0/16'"),
        ("network", "cidr", "10.0.0.0/25", "must be a private network between /16 and /24, got '10.0.0.0/25'"),
        (
            "network",
            "cidr",
            "10.0.0.1/16",
            "must be an IPv4 network such as `10.20.0.0/16`: 10.0.0.1/16 has host bits set",
        ),
        ("secrets", "backend", "vault", "Input should be 'ssm'"),
        ("observability", "log_level", "TRACE", "Input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("functions", "architecture", "mips", "Input should be 'arm64', 'x86_64' or 'host'"),
        ("functions", "python", "3.11", "Input should be '3.12', '3.13' or '3.14'"),
        ("functions", "bundles", "maybe", "Input should be 'built' or 'named'"),
    ],
)
def test_a_value_out_of_range_is_refused_by_the_keys_name(section, key, value, message):
    assert [f"fluxa:{section}.{key}: {message}"] == refusal(**{section: {key: value}})


def test_log_retention_is_one_that_cloudwatch_knows():
    (line,) = refusal(observability={"log_retention_days": 13})

    assert line.startswith("fluxa:observability.log_retention_days: Input should be 1, 3, 5, 7, 14,")


def test_an_address_without_an_at_is_no_address():
    (line,) = refusal(alarms={"email": ["nobody"]})

    assert line.startswith("fluxa:alarms.email.0: String should match pattern")


@pytest.mark.parametrize(
    ("sections", "sentence"),
    [
        (
            {"queue": {"retention_days": 13, "dead_letter_retention_days": 13}, "storage": {"archive_after_days": 40}},
            (
                "fluxa:queue.dead_letter_retention_days (13) must exceed queue.retention_days (13), or a message could "
                "expire as it is dead-lettered: raise queue.dead_letter_retention_days or lower queue.retention_days."
            ),
        ),
        (
            {"storage": {"archive_after_days": 25}},
            (
                "fluxa:storage.archive_after_days (25) must exceed queue.retention_days + "
                "queue.dead_letter_retention_days + 7 days for replay (25), or a message outlives its payload: "
                "raise storage.archive_after_days to 26 or lower a retention."
            ),
        ),
        (
            {"storage": {"archive_after_days": None, "expire_after_days": 25}},
            (
                "fluxa:storage.expire_after_days (25) must exceed queue.retention_days + "
                "queue.dead_letter_retention_days + 7 days for replay (25), or a message outlives its payload: "
                "raise storage.expire_after_days to 26 or lower a retention."
            ),
        ),
        (
            {"storage": {"expire_after_days": 30}},
            (
                "fluxa:storage.expire_after_days (30) must exceed storage.archive_after_days (30), or nothing is ever "
                "archived: raise the first, or set storage.archive_after_days to null."
            ),
        ),
        (
            {"processing": {"max_concurrency": 33}},
            (
                "fluxa:processing.max_concurrency (33) + query.max_concurrency (20) + 10 for administration come to 63 "
                "connections, above 62, which is 80% of what database.instance_class db.t4g.micro allows (78): "
                "lower a concurrency or choose a larger database.instance_class."
            ),
        ),
        (
            {"database": {"require_tls": False}},
            (
                "fluxa:database.require_tls is false, which only a throw-away database may be, "
                "while database.deletion_protection is true: set database.require_tls to true or "
                "database.deletion_protection to false."
            ),
        ),
        (
            {"database": {"multi_az": True}, "network": {"availability_zones": 1}},
            (
                "fluxa:database.multi_az is true while network.availability_zones is 1, so the functions would be lost "
                "with the zone that the database survives: raise network.availability_zones to 2 or set "
                "database.multi_az to false."
            ),
        ),
        (
            {"api": {"manage_logging_role": True, "access_logs": False}},
            (
                "fluxa:api.manage_logging_role is true while api.access_logs is false, so nothing would use the role: "
                "set api.access_logs to true or remove api.manage_logging_role."
            ),
        ),
    ],
)
def test_a_contradiction_is_refused_by_one_sentence_with_both_keys_and_the_fix(sections, sentence):
    assert [sentence] == refusal(**sections)


@pytest.mark.parametrize(
    "sections",
    [
        {"storage": {"archive_after_days": 26}},
        {"storage": {"archive_after_days": None}},
        {"storage": {"expire_after_days": 31}},
        {"processing": {"max_concurrency": 32}},
        {"database": {"require_tls": False, "deletion_protection": False}},
        {"database": {"multi_az": True}},
        {"queue": {"retention_days": 1, "dead_letter_retention_days": 2}},
    ],
)
def test_what_lies_just_inside_the_rules_is_accepted(sections):
    assert parse_settings(sections)


def test_one_refusal_names_everything_there_is_to_change():
    assert ["fluxa:storage.archive_after_days", "fluxa:database.require_tls"] == [
        line.split(" ")[0] for line in refusal(storage={"archive_after_days": 1}, database={"require_tls": False})
    ]


def test_settings_do_not_change_after_reading():
    with pytest.raises(ValueError, match=r"Instance is frozen"):
        DEFAULTS.queue.max_receive_count = 3


def test_equal_settings_have_equal_fingerprints_and_any_change_shows():
    changed = parse_settings({"queue": {"max_receive_count": 6}})

    assert DEFAULTS.fingerprint() == parse_settings({"queue": {"max_receive_count": 10}}).fingerprint()
    assert DEFAULTS.fingerprint() != changed.fingerprint()
    assert 12 == len(changed.fingerprint())


@pytest.mark.parametrize(
    ("instance_class", "expected"), [("db.t4g.micro", 78), ("db.m7g.large", 630), ("db.r7g.16xlarge", 5_000)]
)
def test_connections_follow_the_instances_memory(instance_class, expected):
    assert expected == max_connections(instance_class)
    assert int(expected * 0.8) == connection_budget(instance_class)


def test_every_known_instance_class_can_hold_a_stack_of_the_smallest_size():
    assert all(connection_budget(name) >= 2 + 1 + 10 for name in MEMORY_GIB)


def test_an_unset_section_in_a_real_file_is_the_default():
    assert "fluxa:secrets" not in stack_file("dev")
