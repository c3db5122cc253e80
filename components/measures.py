"""What CloudWatch measures of a stack, each metric under one name: alarms watch and dashboards draw these values."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import pulumi

from functions.common.names import METRICS_NAMESPACE, Dimension, MetricName, Service

Dimensions = tuple[tuple[str, pulumi.Input[str]], ...]


class QueueMetric(StrEnum):
    """What SQS says of a queue.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    """

    OLDEST_AGE = "ApproximateAgeOfOldestMessage"
    """In seconds. Leaves out what was received more than three times, so it can fall while nothing is stored."""
    VISIBLE = "ApproximateNumberOfMessagesVisible"
    IN_FLIGHT = "ApproximateNumberOfMessagesNotVisible"
    DELAYED = "ApproximateNumberOfMessagesDelayed"
    SENT = "NumberOfMessagesSent"
    """Leaves out what SQS moves by itself: worthless for a dead-letter queue."""
    RECEIVED = "NumberOfMessagesReceived"
    DELETED = "NumberOfMessagesDeleted"
    EMPTY_RECEIVES = "NumberOfEmptyReceives"
    SIZE = "SentMessageSize"


class FunctionMetric(StrEnum):
    """What Lambda says of a function.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    """

    INVOCATIONS = "Invocations"
    ERRORS = "Errors"
    """Invocations that raised. A batch whose messages all fail is not one: the processor reports them and returns."""
    THROTTLES = "Throttles"
    DURATION = "Duration"
    """In milliseconds."""
    CONCURRENT = "ConcurrentExecutions"


class ApiMetric(StrEnum):
    """What API Gateway says of a stage.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
    """

    REQUESTS = "Count"
    CLIENT_ERRORS = "4XXError"
    SERVER_ERRORS = "5XXError"
    LATENCY = "Latency"
    """In milliseconds, from the request's arrival to the answer's departure."""
    INTEGRATION_LATENCY = "IntegrationLatency"


class DatabaseMetric(StrEnum):
    """What RDS says of an instance.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-metrics.html
    """

    CPU = "CPUUtilization"
    CONNECTIONS = "DatabaseConnections"
    FREE_STORAGE = "FreeStorageSpace"
    """In bytes."""
    FREE_MEMORY = "FreeableMemory"
    READ_LATENCY = "ReadLatency"
    WRITE_LATENCY = "WriteLatency"
    READS = "ReadIOPS"
    WRITES = "WriteIOPS"
    WAITING_IO = "DiskQueueDepth"
    REPLICA_LAG = "ReplicaLag"
    """In seconds since the last transaction that was replayed: it grows while nobody writes."""


class ProxyMetric(StrEnum):
    """What RDS says of a proxy.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy.monitoring.html
    """

    BORROW_LATENCY = "DatabaseConnectionsBorrowLatency"
    """In microseconds."""
    CLIENTS = "ClientConnections"
    PINNED = "DatabaseConnectionsCurrentlySessionPinned"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric, put together by one statistic: `Sum`, `Maximum`, …, or a percentile such as `p99`."""

    namespace: str
    name: str
    dimensions: Dimensions
    statistic: str

    @property
    def is_percentile(self) -> bool:
        """Whether the API takes the statistic as an extended one."""
        return self.statistic.startswith("p")


@dataclass(frozen=True, kw_only=True)
class Formula:
    """One figure out of several metrics.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
    """

    expression: str
    metrics: Mapping[str, Metric]
    """By the names that the expression uses."""
    label: str


@dataclass(frozen=True, kw_only=True)
class Watched:
    """The names by which CloudWatch knows the parts of a stack."""

    stack: str
    queue: pulumi.Input[str]
    dead_letters: pulumi.Input[str]
    failed_runs: pulumi.Input[str]
    """The queue of maintenance's runs that came to nothing."""
    api: pulumi.Input[str]
    stage: pulumi.Input[str]
    functions: Mapping[Service, pulumi.Input[str]]
    timeouts_seconds: Mapping[Service, int]
    database: pulumi.Input[str]
    replica: pulumi.Input[str] | None = None
    proxy: pulumi.Input[str] | None = None

    def ours(self, service: Service, name: MetricName, statistic: str = "Sum", *, reason: str | None = None) -> Metric:
        """Return what a function says about itself; of one reason only, where one is given."""
        dimensions: Dimensions = ((Dimension.STACK.value, self.stack), (Dimension.SERVICE.value, service.value))
        if reason is not None:
            dimensions = (*dimensions, (Dimension.REASON.value, reason))
        return Metric(namespace=METRICS_NAMESPACE, name=name.value, dimensions=dimensions, statistic=statistic)

    def of_queue(self, name: QueueMetric, statistic: str) -> Metric:
        return _of_queue(self.queue, name, statistic)

    def of_dead_letters(self, name: QueueMetric, statistic: str) -> Metric:
        return _of_queue(self.dead_letters, name, statistic)

    def of_failed_runs(self, name: QueueMetric, statistic: str) -> Metric:
        return _of_queue(self.failed_runs, name, statistic)

    def of_function(self, service: Service, name: FunctionMetric, statistic: str) -> Metric:
        dimensions = (("FunctionName", self.functions[service]),)
        return Metric(namespace="AWS/Lambda", name=name.value, dimensions=dimensions, statistic=statistic)

    def of_api(self, name: ApiMetric, statistic: str) -> Metric:
        dimensions = (("ApiName", self.api), ("Stage", self.stage))
        return Metric(namespace="AWS/ApiGateway", name=name.value, dimensions=dimensions, statistic=statistic)

    def instances(self) -> dict[str, pulumi.Input[str]]:
        """Return the database's instances by what sets their alarms' names apart: nothing for the first."""
        return {"": self.database} if self.replica is None else {"": self.database, "-replica": self.replica}


def of_instance(instance: pulumi.Input[str], name: DatabaseMetric, statistic: str) -> Metric:
    """Return a metric of one database instance."""
    dimensions = (("DBInstanceIdentifier", instance),)
    return Metric(namespace="AWS/RDS", name=name.value, dimensions=dimensions, statistic=statistic)


def of_proxy(proxy: pulumi.Input[str], name: ProxyMetric, statistic: str) -> Metric:
    """Return a metric of RDS Proxy."""
    return Metric(namespace="AWS/RDS", name=name.value, dimensions=(("ProxyName", proxy),), statistic=statistic)


def _of_queue(queue: pulumi.Input[str], name: QueueMetric, statistic: str) -> Metric:
    return Metric(namespace="AWS/SQS", name=name.value, dimensions=(("QueueName", queue),), statistic=statistic)
