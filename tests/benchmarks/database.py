"""A PostgreSQL of the benchmark's own, with the shipped schema: started for one run, gone without a trace after it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fluxa.local import postgres
from functions.maintenance.migrate import migrate
from functions.maintenance.partitions import premake
from tests.support.postgres_fixtures import session

DATABASE = "fluxa"


@contextmanager
def a_database() -> Iterator[str]:
    """Yield the URL of a migrated, empty database on a free port.

    It is the local platform's server, which does not wait for the disk at a commit. Against a server that does, our own
    Python would be a smaller part of the whole, so this one flatters nobody.
    """
    with tempfile.TemporaryDirectory(prefix="fluxa-bench-") as folder:
        server = postgres.start(Path(folder) / "data")
        try:
            with session(server.url()) as admin:
                admin.execute(f"CREATE DATABASE {DATABASE}")
            with session(server.url(DATABASE)) as connection:
                migrate(connection)
                premake(connection)
            yield server.url(DATABASE)
        finally:
            postgres.stop(server)
