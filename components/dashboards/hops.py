"""One page for each hop of an event: the API and ingest, the queue, the processor, the database, and query."""

from collections.abc import Iterator

from components.dashboards.sight import HALF, Sight
from components.dashboards.widgets import Row
from components.measures import ApiMetric, QueueMetric
from functions.common.names import MetricName, Service

_PERCENTILES = ("p50", "p90", "p99")


def ingest_page(sight: Sight) -> Iterator[Row]:
    """Return the rows about the API and the function that accepts events."""
    watched = sight.watched
    yield sight.heading("API and ingest", "What clients ask for, what they get, and how long it takes.")
    yield [
        sight.lines(
            "Requests",
            ("all", watched.of_api(ApiMetric.REQUESTS, "Sum")),
            ("4xx", watched.of_api(ApiMetric.CLIENT_ERRORS, "Sum")),
            ("5xx", watched.of_api(ApiMetric.SERVER_ERRORS, "Sum")),
        ),
        sight.alarm("Answered with 5xx (%)", "api-server-errors"),
        sight.lines(
            "Latency (ms)",
            *((each, watched.of_api(ApiMetric.LATENCY, each)) for each in _PERCENTILES),
            ("p99 without the gateway", watched.of_api(ApiMetric.INTEGRATION_LATENCY, "p99")),
        ),
    ]
    yield [
        sight.lines(
            "Events",
            ("accepted", watched.ours(Service.INGEST, MetricName.EVENTS_ACCEPTED)),
            ("rejected: the client's fault", watched.ours(Service.INGEST, MetricName.EVENTS_REJECTED)),
            ("failed: to be sent again", watched.ours(Service.INGEST, MetricName.EVENTS_FAILED)),
            ("accepted against their schema", watched.ours(Service.INGEST, MetricName.SCHEMA_VIOLATIONS)),
            width=HALF,
        ),
        sight.lines(
            "Through the bucket, of those accepted",
            ("offloaded", watched.ours(Service.INGEST, MetricName.PAYLOADS_OFFLOADED)),
            ("accepted", watched.ours(Service.INGEST, MetricName.EVENTS_ACCEPTED)),
            width=HALF,
        ),
    ]
    yield sight.function(Service.INGEST)
    yield sight.problems(Service.INGEST)


def queue_page(sight: Sight) -> Iterator[Row]:
    """Return the rows about the queue and those who could not leave it."""
    watched = sight.watched
    yield sight.heading("Queue", "What waits, for how long, and what could not be stored.")
    yield [
        sight.lines(
            "Messages",
            ("waiting", watched.of_queue(QueueMetric.VISIBLE, "Maximum")),
            ("being worked on", watched.of_queue(QueueMetric.IN_FLIGHT, "Maximum")),
            ("delayed", watched.of_queue(QueueMetric.DELAYED, "Maximum")),
        ),
        sight.alarm("Oldest event (s)", "oldest-message-age"),
        sight.alarm("Events wait and none is stored (1 = yes)", "processing-stalled"),
    ]
    yield [
        sight.lines(
            "In and out",
            ("sent", watched.of_queue(QueueMetric.SENT, "Sum")),
            ("received", watched.of_queue(QueueMetric.RECEIVED, "Sum")),
            ("deleted", watched.of_queue(QueueMetric.DELETED, "Sum")),
        ),
        sight.lines("Polls that found nothing", ("empty", watched.of_queue(QueueMetric.EMPTY_RECEIVES, "Sum"))),
        sight.lines(
            "Message size (bytes)",
            *((each, watched.of_queue(QueueMetric.SIZE, each)) for each in ("Average", "Maximum")),
        ),
    ]
    yield [
        sight.alarm("Dead letters", "dead-letters-present", width=HALF),
        sight.alarm("Maintenance runs that came to nothing", "failed-runs-present", width=HALF),
    ]
    yield sight.problems(Service.PROCESSOR)


def processor_page(sight: Sight) -> Iterator[Row]:
    """Return the rows about the function that stores events."""
    watched = sight.watched
    outcomes = (
        ("stored", MetricName.EVENTS_PROCESSED),
        ("known already", MetricName.EVENTS_DUPLICATED),
        ("replayed", MetricName.EVENTS_REPLAYED),
        ("parked for good", MetricName.EVENTS_DEAD_LETTERED),
        ("back to the queue", MetricName.EVENTS_RETRIED),
    )
    yield sight.heading("Processor", "How each delivery ended, and how long events took to get into the table.")
    yield [
        sight.lines("Outcomes", *((label, watched.ours(Service.PROCESSOR, name)) for label, name in outcomes)),
        sight.alarm("Parked for good, of what was handled (%)", "permanent-failure-rate"),
        sight.lines(
            "From acceptance to the table (ms)",
            *((each, watched.ours(Service.PROCESSOR, MetricName.EVENT_LATENCY, each)) for each in _PERCENTILES),
        ),
    ]
    yield [
        sight.lines(
            "Not stored, for any reason",
            ("failed", watched.ours(Service.PROCESSOR, MetricName.EVENTS_FAILED)),
        ),
        sight.alarm("Our fault", "unexpected-failures-processor"),
        sight.alarm("Payloads that are not what was accepted", *_integrity(sight)),
    ]
    yield sight.function(Service.PROCESSOR)
    yield sight.problems(Service.PROCESSOR)


def query_page(sight: Sight) -> Iterator[Row]:
    """Return the rows about the function that answers questions."""
    watched = sight.watched
    yield sight.heading("Query", "Questions about events: how many are answered, and how quickly.")
    yield [
        sight.lines(
            "Questions",
            ("answered", watched.ours(Service.QUERY, MetricName.QUERIES_SERVED)),
            ("not answered", watched.ours(Service.QUERY, MetricName.QUERIES_FAILED)),
            width=HALF,
        ),
        sight.alarm("Our fault", "unexpected-failures-query", width=HALF),
    ]
    yield sight.function(Service.QUERY)
    yield sight.problems(Service.QUERY)


def _integrity(sight: Sight) -> list[str]:
    return [name for name in sight.specs if name.startswith("integrity-failures-")]
