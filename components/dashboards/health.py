"""The first page: is the platform healthy? Every other page is for finding out why it is not."""

from collections.abc import Iterator

from components.dashboards.sight import HALF, Sight
from components.dashboards.widgets import Line, Row, alarm_status, latest, totals
from components.measures import ApiMetric, QueueMetric
from functions.common.names import MetricName, Service

_ALARMS_HEIGHT = 8
_DELIVERED = (MetricName.EVENTS_PROCESSED, MetricName.EVENTS_DUPLICATED, MetricName.EVENTS_DEAD_LETTERED)


def health_page(sight: Sight) -> Iterator[Row]:
    """Return its rows, from the answer down to the reasons."""
    watched = sight.watched
    yield sight.heading("Is it healthy?", "Alarms first, then events on their way through, then what they need.")
    yield [alarm_status("Alarms", list(sight.alarm_arns.values()), height=_ALARMS_HEIGHT)]
    accepted = watched.ours(Service.INGEST, MetricName.EVENTS_ACCEPTED)
    delivered = [Line(shows=watched.ours(Service.PROCESSOR, name), label=name.value) for name in _DELIVERED]
    yield [
        totals(
            "Events in this time range",
            [Line(shows=accepted, label=MetricName.EVENTS_ACCEPTED.value), *delivered],
            region=sight.region,
            width=HALF,
        ),
        latest(
            "Waiting now",
            [
                Line(shows=watched.of_queue(QueueMetric.VISIBLE, "Maximum"), label="in the queue"),
                Line(shows=watched.of_queue(QueueMetric.OLDEST_AGE, "Maximum"), label="for seconds"),
                Line(shows=watched.of_dead_letters(QueueMetric.VISIBLE, "Maximum"), label="dead letters"),
            ],
            region=sight.region,
            width=HALF,
        ),
    ]
    yield [
        sight.graph(
            "Accepted, and what became of it", [Line(shows=accepted, label="accepted"), *delivered], width=HALF
        ),
        sight.lines(
            "From acceptance to the table (ms)",
            *(
                (statistic, watched.ours(Service.PROCESSOR, MetricName.EVENT_LATENCY, statistic))
                for statistic in ("p50", "p99")
            ),
            width=HALF,
        ),
    ]
    yield [
        sight.alarm("Oldest event in the queue (s)", "oldest-message-age"),
        sight.alarm("Events wait and none is stored (1 = yes)", "processing-stalled"),
        sight.alarm("Dead letters", "dead-letters-present"),
    ]
    yield [
        sight.lines("Requests", ("requests", watched.of_api(ApiMetric.REQUESTS, "Sum"))),
        sight.alarm("Answered with 5xx (%)", "api-server-errors"),
        sight.alarm("Slowest hundredth of requests (ms)", "api-latency-p99"),
    ]
    yield [
        sight.alarm("Database: processor (%)", "database-cpu-high", "database-cpu-high-replica"),
        sight.alarm("Database: connections", "database-connections-high", "database-connections-high-replica"),
        sight.alarm("Database: free storage (bytes)", "database-storage-low", "database-storage-low-replica"),
    ]
    yield sight.problems(*Service)
