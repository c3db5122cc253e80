"""Fluxa: what `pulumi up` builds. Stores come first, because the functions are told of them."""

from pathlib import Path

import pulumi

from components.alarms import AlarmUnit, AlarmUnitArgs
from components.api import PublicApi, PublicApiArgs
from components.dashboards import Dashboards, DashboardsArgs
from components.database import EventDatabase, EventDatabaseArgs
from components.ingest import IngestUnit, IngestUnitArgs
from components.inside_services import inside_services
from components.maintenance import MaintenanceUnit, MaintenanceUnitArgs
from components.messaging import EventQueue, EventQueueArgs
from components.network import NetworkArgs, create_network
from components.openapi_body import read_document
from components.platform import open_platform
from components.processing import ProcessingUnit, ProcessingUnitArgs
from components.query import QueryUnit, QueryUnitArgs
from components.settings import load_settings
from components.storage import PayloadBucket, PayloadBucketArgs
from components.stores import Stores
from components.watched import watch

here = Path(__file__).parent
settings = load_settings(pulumi.Config())
platform = open_platform(here, settings)
opts = platform.account.options()

payloads = PayloadBucket(
    "payloads",
    PayloadBucketArgs(settings=settings.storage, retention_days=settings.database.retention_days, platform=platform),
    opts,
)
queue = EventQueue(
    "events", EventQueueArgs(settings=settings.queue, consumer=settings.processing, platform=platform), opts
)
network = create_network(
    "network",
    NetworkArgs(
        settings=settings.network,
        platform=platform,
        proxy=settings.database.proxy,
        bucket_statements=payloads.inside_statements(),
        interface_statements=inside_services(settings, platform, queue),
    ),
    opts,
)
database = EventDatabase(
    "database",
    EventDatabaseArgs(settings=settings.database, secrets=settings.secrets, platform=platform, network=network),
    opts,
)
stores = Stores(queue=queue, payloads=payloads, database=database)

maintenance = MaintenanceUnit(
    "maintenance", MaintenanceUnitArgs(settings=settings, platform=platform, stores=stores), opts
)
ingest = IngestUnit(
    "ingest", IngestUnitArgs(settings=settings.ingest, platform=platform, queue=queue, payloads=payloads), opts
)
processor = ProcessingUnit(
    "processor",
    ProcessingUnitArgs(settings=settings.processing, platform=platform, stores=stores, after=[maintenance.migrated]),
    opts,
)
query = QueryUnit(
    "query",
    QueryUnitArgs(settings=settings.query, platform=platform, stores=stores, after=[maintenance.migrated]),
    opts,
)
api = PublicApi(
    "api",
    PublicApiArgs(
        settings=settings.api,
        platform=platform,
        document=read_document(here / "openapi.yaml"),
        operations=ingest.operations() | query.operations() | maintenance.operations(),
    ),
    opts,
)

functions = {unit.function.service: unit.function for unit in (ingest, processor, query, maintenance)}
watched = watch(platform, queue, api, database, maintenance.failed_runs, functions)
alarms = AlarmUnit("alarms", AlarmUnitArgs(settings=settings, platform=platform, watched=watched), opts)
if settings.observability.dashboards:
    Dashboards("dashboards", DashboardsArgs(platform=platform, watched=watched, alarms=alarms), opts)

pulumi.export("api_url", api.url)
if api.key is not None:
    pulumi.export("api_key", api.key)
if api.domain_target is not None:
    pulumi.export("domain_target", api.domain_target)
pulumi.export("queue_url", queue.url)
pulumi.export("dead_letter_queue_url", queue.dead_letter_url)
pulumi.export("payload_bucket", payloads.name)
pulumi.export("functions", {service: function.name for service, function in functions.items()})
pulumi.export("database_endpoint", database.endpoint)
