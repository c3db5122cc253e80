"""The page of alarms: what is watched, from which value on it is wrong, why, and what to do."""

from collections.abc import Iterator

from components.alarm_specs import AlarmSpec, alarm_specs, service_unhealthy
from components.measures import Formula, Metric, Watched
from components.settings import StackSettings
from functions.common.names import Dimension, Service

RETENTION_DAYS = 90
INGEST_CONCURRENCY = 100
"""Made up, as these two have no default but still have an alarm."""
MAINTENANCE_TIMEOUT_SECONDS = 300
"""Of components.maintenance, which cannot be asked without building it; a test compares the page with a stack."""

_SIGNS = {"GreaterThanThreshold": ">", "GreaterThanOrEqualToThreshold": "≥", "LessThanThreshold": "<"}
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))
_UNSAID = {Dimension.STACK.value, "Stage"}
"""Dimensions that are the same everywhere in a stack."""

_HEAD = f"""# Alarms

Generated from `components/alarm_specs/`; do not edit.

Every alarm of a stack, with the thresholds of the default settings.
Some exist only with a setting, named in the last column; \
here `database.retention_days` is {RETENTION_DAYS} and `ingest.max_concurrency` {INGEST_CONCURRENCY}.
Each tells `alarms.email` and `alarms.sns_topic_arns` when it goes off and when it is over.
Its name leads to its runbook.
Missing data is fine (`notBreaching`) unless the table says otherwise: most metrics stop when nothing happens.
"""


def alarms_page() -> str:
    """Return the page, in Markdown."""
    specs = page_specs()
    return "\n".join([_HEAD, *_worst(specs), *_table(specs), *_formulas(specs)])


def page_specs() -> tuple[AlarmSpec, ...]:
    """Return the table of a stack that has every alarm, with the defaults of everything that has one."""
    settings = StackSettings.model_validate(
        {
            "ingest": {"max_concurrency": INGEST_CONCURRENCY},
            "database": {"read_replica": True, "proxy": True, "retention_days": RETENTION_DAYS},
            "secrets": {"backend": "secretsmanager"},
            "observability": {"reconciliation": True},
        }
    )
    return alarm_specs(_everything(settings), settings)


def _everything(settings: StackSettings) -> Watched:
    return Watched(
        stack="<stack>",
        queue="the queue",
        dead_letters="the dead-letter queue",
        failed_runs="the queue of failed runs",
        api="the API",
        stage="",
        functions={service: service.value for service in Service},
        timeouts_seconds={
            Service.INGEST: settings.ingest.timeout_seconds,
            Service.PROCESSOR: settings.processing.timeout_seconds,
            Service.QUERY: settings.query.timeout_seconds,
            Service.MAINTENANCE: MAINTENANCE_TIMEOUT_SECONDS,
        },
        database="the database",
        replica="the replica",
        proxy="the proxy",
    )


def _worst(specs: tuple[AlarmSpec, ...]) -> Iterator[str]:
    worst = service_unhealthy(specs)
    yield "## To be woken by\n"
    yield f"[`{worst.name}`]({_link(worst.runbook)}) is on while any of these is:\n"
    yield from (f"- `{member}`" for member in worst.members)
    yield f"\n{worst.reason}"
    yield "Its members tell on their own too: they say where to look, and this one says that it cannot wait."
    yield "Whoever runs a pager lets it ring for this name alone.\n"


def _table(specs: tuple[AlarmSpec, ...]) -> Iterator[str]:
    yield "## All\n"
    yield "| Alarm | Means | Watches | On | Because | Only with |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for spec in specs:
        only_with = f"`{spec.only_with}`" if spec.only_with else ""
        name = f"[`{spec.name}`]({_link(spec.runbook)})"
        yield f"| {name} | {spec.reason} | {_watches(spec)} | {_condition(spec)} | {spec.because} | {only_with} |"
    yield ""


def _formulas(specs: tuple[AlarmSpec, ...]) -> Iterator[str]:
    yield "## Formulas\n"
    yield "Metric math of CloudWatch, worked out for each period.\n"
    for spec in specs:
        if isinstance(spec.watches, Formula):
            yield f"### {spec.name}\n"
            yield f"```text\n{spec.watches.expression}\n```\n"
            yield from (f"- `{id}`: {_metric(metric)}" for id, metric in spec.watches.metrics.items())
            yield ""


def _watches(spec: AlarmSpec) -> str:
    if isinstance(spec.watches, Metric):
        return _metric(spec.watches)
    return f"{spec.watches.label}: [formula](#{spec.name})"


def _metric(metric: Metric) -> str:
    owner = ", ".join(str(value) for key, value in metric.dimensions if key not in _UNSAID)
    return f"`{metric.namespace}` `{metric.name}` of {owner}, {metric.statistic}"


def _condition(spec: AlarmSpec) -> str:
    wanted = spec.datapoints or spec.evaluation_periods
    length = _duration(spec.period_seconds)
    periods = f"{wanted} of {spec.evaluation_periods} times {length}" if spec.evaluation_periods > 1 else length
    silence = ", or without data" if spec.missing_data == "breaching" else ""
    return f"{_SIGNS[spec.comparison]} {spec.threshold:,.12g} in {periods}{silence}"


def _duration(seconds: int) -> str:
    length, name = next((length, name) for length, name in _UNITS if seconds % length == 0)
    count = seconds // length
    return f"{count} {name}{'s' if count > 1 else ''}"


def _link(runbook: str) -> str:
    return f"../{runbook.removeprefix('docs/')}"
