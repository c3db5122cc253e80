"""RDS instances: private, encrypted on the way, quiet about values, kept when they matter."""

from collections.abc import Iterator

from policy.model import Resource, Stack
from policy.rule import Rule
from policy.tokens import INGRESS_RULE, INSTANCE, LOG_GROUP, PARAMETER_GROUP, RDS_PROXY

MODERN_AUTHORITIES = frozenset({"rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1"})
_SILENT = "0"
_ANYWHERE = frozenset({"0.0.0.0/0", "::/0"})


def _parameters(instance: Resource, stack: Stack) -> dict[str, str]:
    groups = stack.behind(instance, "parameterGroupName", PARAMETER_GROUP)
    return {str(item["name"]): str(item["value"]) for group in groups for item in group.value("parameters", default=[])}


def _is_thrown_away(instance: Resource) -> bool:
    return not instance.value("deletionProtection", default=False) and instance.value(
        "skipFinalSnapshot", default=False
    )


def _is_private(instance: Resource, stack: Stack) -> Iterator[str]:
    if not instance.value("publiclyAccessible", default=False):
        return
    if not _is_thrown_away(instance):
        yield "has a public address and is meant to be kept: set publiclyAccessible to false"
    if any(rule.value("cidrIpv4") in _ANYWHERE for rule in stack.of_type(INGRESS_RULE)):
        yield "has a public address that anybody may connect to: allow single networks in its security group"


def _uses_current_storage(instance: Resource, _: Stack) -> Iterator[str]:
    storage = instance.value("storageType", default="gp2")
    # A replica takes its storage from its source unless it says otherwise.
    if storage != "gp3" and not instance.inputs.get("replicateSourceDb"):
        yield f"is on {storage} storage, which costs more for less: set storageType to gp3"


def _trusts_a_modern_authority(instance: Resource, _: Stack) -> Iterator[str]:
    if instance.value("caCertIdentifier") not in MODERN_AUTHORITIES:
        yield f"leaves its certificate to AWS's default: set caCertIdentifier to one of {sorted(MODERN_AUTHORITIES)}"


def _insists_on_tls(instance: Resource, stack: Stack) -> Iterator[str]:
    if _parameters(instance, stack).get("rds.force_ssl") != "1" and not _is_thrown_away(instance):
        yield "takes connections without TLS: set rds.force_ssl to 1 in its parameter group"


def _logs_no_values(instance: Resource, stack: Stack) -> Iterator[str]:
    parameters = _parameters(instance, stack)
    for name in ("log_parameter_max_length", "log_parameter_max_length_on_error"):
        if parameters.get(name) != _SILENT:
            yield f"may write events' values into its log: set {name} to 0 in its parameter group"


def _has_its_log_groups(instance: Resource, stack: Stack) -> Iterator[str]:
    identifier = instance.value("identifier")
    for export in instance.value("enabledCloudwatchLogsExports", default=[]):
        name = f"/aws/rds/instance/{identifier}/{export}"
        group = next((item for item in stack.of_type(LOG_GROUP) if item.value("name") == name), None)
        if group is None or group.urn not in instance.dependencies:
            yield f"makes the log group {name} itself, which keeps everything for ever: make it first, depend on it"


def _is_kept_whole(instance: Resource, _: Stack) -> Iterator[str]:
    if instance.inputs.get("replicateSourceDb"):
        return
    if instance.value("deletionProtection", default=False) and instance.value("skipFinalSnapshot", default=False):
        yield "is protected from deletion and yet leaves no last snapshot: set skipFinalSnapshot to false"


def _proxy_insists_on_tls(proxy: Resource, stack: Stack) -> Iterator[str]:
    is_kept = not all(_is_thrown_away(instance) for instance in stack.of_type(INSTANCE))
    if is_kept and not proxy.value("requireTls", default=False):
        yield "takes connections without TLS: set requireTls to true"
    if proxy.value("debugLogging", default=False):
        yield "writes SQL with its values into a log: set debugLogging to false"


RULES = (
    Rule(
        id="database-private",
        title="Only throw-away databases have public addresses, and never for everybody",
        why="A password is then all that stands between the internet and the events.",
        types=frozenset({INSTANCE}),
        check=_is_private,
    ),
    Rule(
        id="database-gp3",
        title="Databases are on gp3 storage",
        why="gp2's throughput depends on size and its burst runs out.",
        types=frozenset({INSTANCE}),
        check=_uses_current_storage,
    ),
    Rule(
        id="database-authority",
        title="A database's certificate comes from a current authority",
        why="Functions verify it against the bundle they carry.",
        types=frozenset({INSTANCE}),
        check=_trusts_a_modern_authority,
    ),
    Rule(
        id="database-forces-tls",
        title="Databases that are kept refuse connections without TLS",
        why="PostgreSQL takes both unless told otherwise.",
        types=frozenset({INSTANCE}),
        check=_insists_on_tls,
    ),
    Rule(
        id="database-logs-no-values",
        title="Databases log statements without their values",
        why="The values are the events.",
        types=frozenset({INSTANCE}),
        check=_logs_no_values,
    ),
    Rule(
        id="database-log-groups-first",
        title="A database's log groups are made before it",
        why="Groups that RDS makes have no retention and survive the stack.",
        types=frozenset({INSTANCE}),
        check=_has_its_log_groups,
    ),
    Rule(
        id="database-last-snapshot",
        title="A database that is protected leaves a last snapshot",
        why="Protection is lifted on purpose, and purposes err.",
        types=frozenset({INSTANCE}),
        check=_is_kept_whole,
    ),
    Rule(
        id="proxy-forces-tls",
        title="The proxy of a database that is kept insists on TLS, and no proxy logs SQL",
        why="It stands between functions and the database with everything that passes.",
        types=frozenset({RDS_PROXY}),
        check=_proxy_insists_on_tls,
    ),
)
