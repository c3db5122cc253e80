"""QueryUnit: the function that answers questions about events and about the platform's health."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.function_unit import FunctionUnit, FunctionUnitArgs
from components.platform import StackPlatform
from components.settings import QuerySettings
from components.stores import Stores
from functions.common.names import DatabaseRole, Service


@dataclass(frozen=True, kw_only=True)
class QueryUnitArgs:
    """What query depends on."""

    settings: QuerySettings
    platform: StackPlatform
    stores: Stores
    after: Sequence[pulumi.Resource]
    """What must be done before the first question is answered: the migrations."""


class QueryUnit(pulumi.ComponentResource):
    """Reads the database; signs cursors, and links to payloads, of its own."""

    function: FunctionUnit

    def __init__(self, name: str, args: QueryUnitArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:query:QueryUnit", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        login = args.stores.database.login(DatabaseRole.QUERY)
        cursor_key = args.stores.database.secret_store.secret(
            f"{name}-cursor-key",
            "query/cursor-key",
            "Key by which query signs cursors",
            child,
            secret_field="key",  # noqa: S106 - the field's name
        )
        self.function = FunctionUnit(
            name,
            FunctionUnitArgs(
                service=Service.QUERY,
                platform=args.platform,
                memory_mb=args.settings.memory_mb,
                timeout_seconds=args.settings.timeout_seconds,
                environment={
                    **login.environment,
                    "QUEUE_URL": args.stores.queue.url,
                    "PAYLOAD_BUCKET": args.stores.payloads.name,
                    "CURSOR_KEY_BACKEND": cursor_key.backend,
                    "CURSOR_KEY_SECRET": cursor_key.reference,
                },
                statements=(
                    *login.statements,
                    *cursor_key.read_statements(),
                    # A link to a payload carries the permission of whoever signed it.
                    *args.stores.payloads.read_statements(),
                    *args.stores.queue.inspect_statements(),
                ),
                placement=args.stores.database.placement,
                reserved_concurrency=args.settings.max_concurrency,
                provisioned_concurrency=args.settings.provisioned_concurrency,
                after=args.after,
            ),
            child,
        )
        self.register_outputs({"function": self.function.name})

    def operations(self) -> dict[str, FunctionUnit]:
        """Offer what it answers, by the API's operation ids."""
        return dict.fromkeys(("getEvent", "getTimeline", "listEvents", "getHealth"), self.function)
