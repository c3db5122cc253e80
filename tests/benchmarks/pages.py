"""Lists: the ten-thousandth page over the first, through everything but API Gateway's wrapping."""

from collections.abc import Callable
from typing import Any

import psycopg

from functions.adapters.postgres import Database
from functions.adapters.stored_events import PostgresStoredEvents
from functions.common.names import Service
from functions.query import cursor
from functions.query.listing import Lister
from functions.query.parameters import LIMIT_DEFAULT, ListRequest
from functions.query.ports import EventFilters, PageKey
from tests.benchmarks.effort import Effort
from tests.benchmarks.page_rows import fill
from tests.benchmarks.quiet import running_as
from tests.benchmarks.report import Report
from tests.benchmarks.timing import compare, repeated
from tests.support.postgres_fixtures import opened_database, session

PAGE = 10_000
SECRET = b"made up for this benchmark"
EVERYTHING = EventFilters()


def measure(database_url: str, effort: Effort, report: Report) -> None:
    """Add the figure of lists, and on how many events it was taken."""
    with session(database_url) as admin, opened_database(database_url) as database:
        admin.execute("TRUNCATE events, idempotency_keys CASCADE")
        rows = fill(admin, rows=effort.page_rows, seconds=effort.fill_seconds)
        # A smoke run has few events, and so ten thousand short pages.
        limit = min(LIMIT_DEFAULT, rows // (PAGE + 1))
        first = _reading(database, limit, None)
        late = _reading(database, limit, _cursor_of_page(admin, limit))
        with running_as(Service.QUERY):
            comparison = compare(repeated(late, times=3), over=repeated(first, times=3), pairs=effort.page_pairs)
    report.ratio("page_10000_vs_page_1", comparison)
    report.fact("page_rows", rows)


def _reading(database: Database, limit: int, text: str | None) -> Callable[[], str]:
    lister = Lister(events=PostgresStoredEvents(database), cursor_key=lambda: SECRET)
    request = ListRequest(filters=EVERYTHING, limit=limit, cursor=text)
    items = lister.page(request).count('"event_id"')
    if items != limit:
        raise AssertionError(f"the page has {items} events, expected {limit}")
    return lambda: lister.page(request)


def _cursor_of_page(connection: psycopg.Connection[Any], limit: int) -> str:
    """Return what a client would have in hand after reading all the pages before."""
    ((received_at, event_id),) = connection.execute(
        "SELECT received_at, event_id FROM events ORDER BY received_at DESC, event_id DESC OFFSET %s LIMIT 1",
        [(PAGE - 1) * limit - 1],
    )
    return cursor.encode(PageKey(received_at=received_at, event_id=event_id), EVERYTHING, secret=SECRET)
