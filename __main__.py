"""Fluxa: what `pulumi up` builds. Stores come first, because the functions are told of them."""

from pathlib import Path

import pulumi
import yaml

from components.account import open_account
from components.alarms import AlarmUnit, AlarmUnitArgs
from components.api import PublicApi, PublicApiArgs
from components.database import EventDatabase, EventDatabaseArgs
from components.ingest import IngestUnit, IngestUnitArgs
from components.maintenance import MaintenanceUnit, MaintenanceUnitArgs
from components.messaging import EventQueue, EventQueueArgs
from components.naming import Naming
from components.network import PrivateNetwork, PrivateNetworkArgs
from components.platform import function_platform
from components.processing import ProcessingUnit, ProcessingUnitArgs
from components.query import QueryUnit, QueryUnitArgs
from components.secret_parameter import read_through_endpoint
from components.settings import load_settings
from components.storage import PayloadBucket, PayloadBucketArgs

here = Path(__file__).parent
settings = load_settings(pulumi.Config())
naming = Naming(project=pulumi.get_project(), stack=pulumi.get_stack())
account = open_account(region=pulumi.Config("aws").require("region"), tags=naming.tags())
platform = function_platform(here, naming, settings)
opts = account.options()

payloads = PayloadBucket("payloads", PayloadBucketArgs(settings=settings.storage), opts)
queue = EventQueue("events", EventQueueArgs(settings=settings.queue, consumer=settings.processing), opts)
network = PrivateNetwork(
    "network",
    PrivateNetworkArgs(
        settings=settings.network,
        account=account,
        bucket_statements=payloads.inside_statements(),
        interface_statements={"sqs": queue.inside_statements(), settings.secrets.backend: (read_through_endpoint(),)},
    ),
    opts,
)
database = EventDatabase(
    "database", EventDatabaseArgs(settings=settings.database, platform=platform, network=network), opts
)

maintenance = MaintenanceUnit(
    "maintenance", MaintenanceUnitArgs(platform=platform, account=account, network=network, database=database), opts
)
ingest = IngestUnit(
    "ingest", IngestUnitArgs(settings=settings.ingest, platform=platform, queue=queue, payloads=payloads), opts
)
processor = ProcessingUnit(
    "processor",
    ProcessingUnitArgs(
        settings=settings.processing,
        platform=platform,
        network=network,
        database=database,
        queue=queue,
        payloads=payloads,
        after=[maintenance.migrated],
    ),
    opts,
)
query = QueryUnit(
    "query",
    QueryUnitArgs(
        settings=settings.query,
        platform=platform,
        network=network,
        database=database,
        queue=queue,
        payloads=payloads,
        after=[maintenance.migrated],
    ),
    opts,
)
api = PublicApi(
    "api",
    PublicApiArgs(
        settings=settings.api,
        platform=platform,
        document=yaml.safe_load((here / "openapi.yaml").read_text(encoding="utf-8")),
        operations=ingest.operations() | query.operations(),
    ),
    opts,
)

AlarmUnit("alarms", AlarmUnitArgs(settings=settings.alarms, naming=naming, account=account, queue=queue), opts)

pulumi.export("api_url", api.url)
pulumi.export("api_key", api.key)
pulumi.export("queue_url", queue.url)
pulumi.export("dead_letter_queue_url", queue.dead_letter_url)
pulumi.export("payload_bucket", payloads.name)
functions = [unit.function for unit in (ingest, processor, query, maintenance)]
pulumi.export("functions", {function.service: function.name for function in functions})
pulumi.export("database_endpoint", database.endpoint)
