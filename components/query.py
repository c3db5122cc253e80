"""QueryUnit: the function that answers questions about events and about the platform's health."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.database import EventDatabase
from components.function_unit import FunctionPlatform, FunctionUnit, FunctionUnitArgs
from components.messaging import EventQueue
from components.network import PrivateNetwork
from components.secret_parameter import SecretParameter, SecretParameterArgs
from components.settings import QuerySettings
from components.storage import PayloadBucket
from functions.common.names import Service


@dataclass(frozen=True, kw_only=True)
class QueryUnitArgs:
    """What query depends on."""

    settings: QuerySettings
    platform: FunctionPlatform
    network: PrivateNetwork
    database: EventDatabase
    queue: EventQueue
    payloads: PayloadBucket
    after: Sequence[pulumi.Resource]
    """What must be done before the first question is answered: the migrations."""


class QueryUnit(pulumi.ComponentResource):
    """Reads the database; signs cursors, and links to payloads, of its own."""

    function: FunctionUnit

    def __init__(self, name: str, args: QueryUnitArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:query:QueryUnit", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        cursor_key = SecretParameter(
            f"{name}-cursor-key",
            SecretParameterArgs(
                path=args.platform.naming.parameter("query/cursor-key"),
                description="Key by which query signs cursors",
            ),
            child,
        )
        self.function = FunctionUnit(
            name,
            FunctionUnitArgs(
                service=Service.QUERY,
                platform=args.platform,
                memory_mb=args.settings.memory_mb,
                timeout_seconds=args.settings.timeout_seconds,
                environment={
                    **args.database.environment(),
                    "QUEUE_URL": args.queue.url,
                    "PAYLOAD_BUCKET": args.payloads.name,
                    "CURSOR_KEY_PARAMETER": cursor_key.name,
                },
                statements=(
                    args.database.password_statement(),
                    cursor_key.read_statement(),
                    # A link to a payload carries the permission of whoever signed it.
                    args.payloads.read_statement(),
                    args.queue.inspect_statement(),
                ),
                placement=args.network.functions,
                reserved_concurrency=args.settings.max_concurrency,
                after=args.after,
            ),
            child,
        )
        self.register_outputs({"function": self.function.name})

    def operations(self) -> dict[str, FunctionUnit]:
        """Offer what it answers, by the API's operation ids."""
        return dict.fromkeys(("getEvent", "listEvents", "getHealth"), self.function)
