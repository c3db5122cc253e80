"""ProcessingUnit: the function that takes batches from the queue and stores each event once."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import lambda_

from components.database import EventDatabase
from components.function_unit import FunctionPlatform, FunctionUnit, FunctionUnitArgs
from components.messaging import EventQueue
from components.network import PrivateNetwork
from components.settings import ProcessingSettings
from components.storage import PayloadBucket
from functions.common.names import Service


@dataclass(frozen=True, kw_only=True)
class ProcessingUnitArgs:
    """What processing depends on."""

    settings: ProcessingSettings
    platform: FunctionPlatform
    network: PrivateNetwork
    database: EventDatabase
    queue: EventQueue
    payloads: PayloadBucket
    after: Sequence[pulumi.Resource]
    """What must be done before the first event is taken: the migrations."""


class ProcessingUnit(pulumi.ComponentResource):
    """The processor and the mapping that feeds it."""

    function: FunctionUnit

    def __init__(self, name: str, args: ProcessingUnitArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:processing:ProcessingUnit", name, None, opts)
        settings = args.settings
        self.function = FunctionUnit(
            name,
            FunctionUnitArgs(
                service=Service.PROCESSOR,
                platform=args.platform,
                memory_mb=settings.memory_mb,
                timeout_seconds=settings.timeout_seconds,
                environment={
                    **args.database.environment(),
                    "QUEUE_URL": args.queue.url,
                    "DEAD_LETTER_QUEUE_URL": args.queue.dead_letter_url,
                    "MAX_RECEIVE_COUNT": str(args.queue.max_receive_count),
                    "PAYLOAD_BUCKET": args.payloads.name,
                },
                statements=(
                    args.queue.consume_statement(),
                    args.queue.dead_letter_statement(),
                    args.payloads.read_statement(),
                    args.payloads.find_statement(),
                    args.database.password_statement(),
                ),
                placement=args.network.functions,
                after=args.after,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        lambda_.EventSourceMapping(
            f"{name}-feed",
            event_source_arn=args.queue.arn,
            function_name=self.function.arn,
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
