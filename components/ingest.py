"""IngestUnit: the function that events are sent to. It needs no database, so it stays outside the network."""

from dataclasses import dataclass

import pulumi

from components.function_unit import FunctionUnit, FunctionUnitArgs
from components.messaging import EventQueue
from components.platform import StackPlatform
from components.settings import IngestSettings
from components.storage import PayloadBucket
from functions.common.names import Service


@dataclass(frozen=True, kw_only=True)
class IngestUnitArgs:
    """What ingest depends on."""

    settings: IngestSettings
    platform: StackPlatform
    queue: EventQueue
    payloads: PayloadBucket


class IngestUnit(pulumi.ComponentResource):
    """Takes events in: large payloads to the bucket, messages to the queue."""

    function: FunctionUnit

    def __init__(self, name: str, args: IngestUnitArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:ingest:IngestUnit", name, None, opts)
        self.function = FunctionUnit(
            name,
            FunctionUnitArgs(
                service=Service.INGEST,
                platform=args.platform,
                memory_mb=args.settings.memory_mb,
                timeout_seconds=args.settings.timeout_seconds,
                environment={
                    "QUEUE_URL": args.queue.url,
                    "PAYLOAD_BUCKET": args.payloads.name,
                    "INLINE_LIMIT_BYTES": str(args.settings.inline_limit_bytes),
                    "SCHEMA_MODE": args.settings.schema_mode,
                },
                statements=(
                    *args.queue.send_statements(),
                    *args.payloads.write_statements(),
                    *args.payloads.upload_statements(),
                ),
                reserved_concurrency=args.settings.max_concurrency,
                provisioned_concurrency=args.settings.provisioned_concurrency,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"function": self.function.name})

    def operations(self) -> dict[str, FunctionUnit]:
        """Offer what it answers, by the API's operation ids."""
        return {"acceptEvent": self.function, "acceptEvents": self.function, "createUpload": self.function}
