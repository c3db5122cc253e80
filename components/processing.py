"""ProcessingUnit: the function that takes batches from the queue and stores each event once."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import lambda_

from components.function_unit import FunctionUnit, FunctionUnitArgs
from components.platform import StackPlatform
from components.settings import ProcessingSettings
from components.stores import Stores
from functions.common.names import DatabaseRole, Service

_MEMORY_PER_PAYLOAD_BYTE = 32
"""What a payload takes as text and as objects of Python, at worst: `[],` is 3 bytes, and 64 when it has been read."""

_SENT_BYTES_AT_MOST = 5 * 1024 * 1024
"""What a request holds: read by handlers whatever the memory, as before anything could be uploaded."""


@dataclass(frozen=True, kw_only=True)
class ProcessingUnitArgs:
    """What processing depends on."""

    settings: ProcessingSettings
    platform: StackPlatform
    stores: Stores
    after: Sequence[pulumi.Resource]
    """What must be done before the first event is taken: the migrations."""


class ProcessingUnit(pulumi.ComponentResource):
    """The processor and the mapping that feeds it."""

    function: FunctionUnit

    def __init__(self, name: str, args: ProcessingUnitArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:processing:ProcessingUnit", name, None, opts)
        settings = args.settings
        login = args.stores.database.login(DatabaseRole.PROCESSOR)
        self.function = FunctionUnit(
            name,
            FunctionUnitArgs(
                service=Service.PROCESSOR,
                platform=args.platform,
                memory_mb=settings.memory_mb,
                timeout_seconds=settings.timeout_seconds,
                environment={
                    **login.environment,
                    "QUEUE_URL": args.stores.queue.url,
                    "DEAD_LETTER_QUEUE_URL": args.stores.queue.dead_letter_url,
                    "MAX_RECEIVE_COUNT": str(args.stores.queue.max_receive_count),
                    "PAYLOAD_BUCKET": args.stores.payloads.name,
                    "HANDLED_BYTES_AT_MOST": str(_handled_bytes_at_most(settings.memory_mb)),
                },
                statements=(
                    *args.stores.queue.consume_statements(),
                    *args.stores.queue.dead_letter_statements(),
                    *args.stores.payloads.read_statements(),
                    *args.stores.payloads.find_statements(),
                    *login.statements,
                ),
                placement=args.stores.database.placement,
                reserved_concurrency=settings.reserved_concurrency,
                provisioned_concurrency=settings.provisioned_concurrency,
                after=args.after,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        lambda_.EventSourceMapping(
            f"{name}-feed",
            event_source_arn=args.stores.queue.arn,
            function_name=self.function.alias_arn,
            batch_size=settings.batch_size,
            maximum_batching_window_in_seconds=settings.batching_window_seconds,
            # Without this one failed message would bring its nine neighbours back.
            function_response_types=["ReportBatchItemFailures"],
            # Bounded here, not by reserved concurrency: what that throttles has already cost a receive.
            # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
            scaling_config={"maximum_concurrency": settings.max_concurrency},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*self.function.ready, *args.after]),
        )
        self.register_outputs({"function": self.function.name})


def _handled_bytes_at_most(memory_mb: int) -> int:
    """Return how large a payload may be that handlers read, so that it fits the function's memory."""
    return max(_SENT_BYTES_AT_MOST, memory_mb * 1024 * 1024 // _MEMORY_PER_PAYLOAD_BYTE)
