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
    with pytest.raises(InvalidSettings, match=r"^(These settings have to change:|fluxa:.*$)") as caught:
        parse_settings(sections)
    heading, *lines = str(caught.value).splitlines()
    assert bool(lines) == heading.startswith("These"), "one complaint is the message, several are a list"
    return [line.strip() for line in lines] or [heading]


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
    known = "max_receive_count, retention_days, dead_letter_retention_days, encryption, deletion_protection"

    assert [f"fluxa:queue.batchsize: Extra inputs are not permitted; known here: {known}"] == refusal(
        queue={"batchsize": 3}
    )


def test_a_section_that_does_not_exist_is_refused_by_its_name():
    with pytest.raises(InvalidSettings, match=r"fluxa:quueue: Extra inputs are not permitted; known here: api, ingest"):
        loaded({"fluxa:quueue": {"max_receive_count": 3}})


@pytest.mark.parametrize("value", ["three", 3, ["three"]])
def test_a_section_that_is_no_mapping_is_refused(value):
    (line,) = refusal(queue=value)

    assert line.startswith("fluxa:queue: must be keys and values; known here: max_receive_count, retention_days,")


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
        ("network", "mode", "private", "Input should be 'vpc' or 'public'"),
        ("network", "egress", "open", "Input should be 'endpoints' or 'nat'"),
        ("network", "availability_zones", 4, "Input should be less than or equal to 3"),
        ("network", "cidr", "8.8.0.0/16", "must be a private network between /16 and /24, got '8.8.0.0/16'"),
        ("network", "cidr", "10.0.0.0/25", "must be a private network between /16 and /24, got '10.0.0.0/25'"),
        (
            "network",
            "cidr",
            "10.0.0.1/16",
            "must be an IPv4 network such as `10.20.0.0/16`: 10.0.0.1/16 has host bits set",
        ),
        ("secrets", "backend", "vault", "Input should be 'ssm', 'secretsmanager' or 'iam'"),
        ("secrets", "rotation_days", 366, "Input should be less than or equal to 365"),
        ("api", "auth", "oauth", "Input should be 'api_key', 'iam' or 'none'"),
        ("api", "waf_requests_per_5_minutes", 9, "Input should be greater than or equal to 10"),
        ("query", "provisioned_concurrency", -1, "Input should be greater than or equal to 0"),
        (
            "alarms",
            "sns_topic_arns",
            [f"arn:aws:sns:eu-central-1:123456789012:pages-{number}" for number in range(5)],
            "Tuple should have at most 4 items after validation, not 5",
        ),
        ("alarms", "free_storage_percent", 51, "Input should be less than or equal to 50"),
        ("alarms", "api_p99_ms", 29_001, "Input should be less than or equal to 29000"),
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


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("alarms", "email", ["nobody"]),
        ("alarms", "sns_topic_arns", ["arn:aws:sqs:eu-central-1:123456789012:pages"]),
        ("api", "domain_name", "Events.example.com"),
        ("api", "domain_name", "events"),
        ("api", "certificate_arn", "arn:aws:iam::123456789012:server-certificate/x"),
        ("api", "hosted_zone_id", "example.com"),
        ("functions", "code_signing_config_arn", "csc-0123456789abcdefg"),
    ],
)
def test_a_name_of_another_kind_is_refused(section, key, value):
    lines = refusal(**{section: {key: value}})

    assert lines[0].startswith(f"fluxa:{section}.{key}")
    assert "String should match pattern" in lines[0]


def test_a_network_that_may_connect_is_written_as_one():
    (line,) = refusal(network={"allowed_cidrs": ["203.0.113.7/24"]})

    assert line.startswith("fluxa:network.allowed_cidrs.0: must be an IPv4 network such as `203.0.113.0/24`")


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
            {"storage": {"archive_after_days": None}, "database": {"retention_days": 25}},
            (
                "fluxa:database.retention_days (25) must exceed queue.retention_days + "
                "queue.dead_letter_retention_days + 7 days for replay (25), or a message outlives its payload: "
                "raise database.retention_days to 26 or lower a retention."
            ),
        ),
        (
            {"database": {"retention_days": 30}},
            (
                "fluxa:database.retention_days (30) must exceed storage.archive_after_days (30), or nothing is ever "
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
            {"database": {"read_replica": True}, "query": {"max_concurrency": 53}},
            (
                "fluxa:query.max_concurrency (53) + 10 for administration come to 63 connections, above 62, which is "
                "80% of what database.instance_class db.t4g.micro allows (78): "
                "lower a concurrency or choose a larger database.instance_class."
            ),
        ),
        (
            {"database": {"read_replica": True, "backup_retention_days": 0}},
            (
                "fluxa:database.read_replica is true while database.backup_retention_days is 0, and RDS makes replicas "
                "from backups only: raise database.backup_retention_days to 1 or set database.read_replica to false."
            ),
        ),
        (
            {"database": {"proxy": True}},
            (
                "fluxa:database.proxy is true while secrets.backend is ssm, and RDS Proxy reads passwords from Secrets "
                "Manager only: set secrets.backend to secretsmanager or iam, or database.proxy to false."
            ),
        ),
        (
            {"secrets": {"backend": "iam"}, "database": {"require_tls": False, "deletion_protection": False}},
            (
                "fluxa:secrets.backend is iam while database.require_tls is false, and RDS takes tokens over TLS only: "
                "set database.require_tls to true or choose another secrets.backend."
            ),
        ),
        (
            {"network": {"mode": "public", "allowed_cidrs": ["203.0.113.0/24"]}},
            (
                "fluxa:network.mode is public, which puts the database on the internet, while "
                "database.deletion_protection is true, as for a stack that is kept: set network.mode to vpc, or "
                "database.deletion_protection to false if the stack may be thrown away."
            ),
        ),
        (
            {"network": {"mode": "public"}, "database": {"deletion_protection": False}},
            (
                "fluxa:network.mode is public while network.allowed_cidrs is empty, so nobody could connect: name the "
                "networks that may, in network.allowed_cidrs, or set network.mode to vpc."
            ),
        ),
        (
            {
                "network": {"mode": "public", "allowed_cidrs": ["203.0.113.0/24"]},
                "database": {"deletion_protection": False, "require_tls": False},
            },
            (
                "fluxa:network.mode is public while database.require_tls is false, which shows passwords and events to "
                "everybody on the way: set database.require_tls to true or network.mode to vpc."
            ),
        ),
        (
            {
                "network": {"mode": "public", "allowed_cidrs": ["203.0.113.0/24"]},
                "database": {"deletion_protection": False, "read_replica": True},
            },
            (
                "fluxa:database.read_replica is true while network.mode is public, and it lives in private networks "
                "only: set database.read_replica to false or network.mode to vpc."
            ),
        ),
        (
            {
                "network": {"mode": "public", "allowed_cidrs": ["203.0.113.0/24"], "egress": "nat"},
                "database": {"deletion_protection": False},
            },
            (
                "fluxa:network.egress is nat while network.mode is public, where functions are outside the network and "
                "need no way out of it: remove network.egress or set network.mode to vpc."
            ),
        ),
        (
            {"network": {"allowed_cidrs": ["203.0.113.0/24"]}},
            (
                "fluxa:network.allowed_cidrs is set while network.mode is vpc, where nobody outside can connect: "
                "remove network.allowed_cidrs or set network.mode to public."
            ),
        ),
        (
            {"api": {"auth": "none"}},
            (
                "fluxa:api.auth is none, which lets anybody read and write events, while database.deletion_protection "
                "is true, as for a stack that is kept: set api.auth to api_key or iam, or "
                "database.deletion_protection to false."
            ),
        ),
        (
            {"api": {"auth": "iam", "quota_per_day": 5}},
            (
                "fluxa:api.quota_per_day counts by API key while api.auth is iam, which has none: "
                "set api.auth to api_key or remove api.quota_per_day."
            ),
        ),
        (
            {"api": {"domain_name": "events.example.com"}},
            (
                "fluxa:api.domain_name is set while api.certificate_arn is not, and a name without a certificate "
                "cannot be served: set api.certificate_arn or remove api.domain_name."
            ),
        ),
        (
            {"api": {"hosted_zone_id": "Z0123"}},
            (
                "fluxa:api.hosted_zone_id is set while api.domain_name is not, so nothing would use it: "
                "set api.domain_name or remove api.hosted_zone_id."
            ),
        ),
        (
            {"ingest": {"max_concurrency": 2, "provisioned_concurrency": 3}},
            (
                "fluxa:ingest.provisioned_concurrency (3) must not exceed ingest.max_concurrency (2), or environments "
                "are paid for that may never run: raise ingest.max_concurrency or lower ingest.provisioned_concurrency."
            ),
        ),
        (
            {"processing": {"reserved_concurrency": 9}},
            (
                "fluxa:processing.max_concurrency (10) must not exceed processing.reserved_concurrency (9), or "
                "throttled deliveries use up queue.max_receive_count: "
                "raise processing.reserved_concurrency or lower processing.max_concurrency."
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
        {"database": {"retention_days": 31}},
        {"database": {"read_replica": True}, "query": {"max_concurrency": 52}},
        {"database": {"proxy": True}, "secrets": {"backend": "iam"}, "processing": {"max_concurrency": 1_000}},
        {"network": {"mode": "public", "allowed_cidrs": ["0.0.0.0/0"]}, "database": {"deletion_protection": False}},
        {"api": {"auth": "none"}, "database": {"deletion_protection": False}},
        {"ingest": {"provisioned_concurrency": 3}},
        {"processing": {"reserved_concurrency": 10, "provisioned_concurrency": 10}},
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
