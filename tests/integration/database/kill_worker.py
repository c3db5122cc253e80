"""A process that the kill test kills: takes a batch of ids from each line of its input, answers with those it stored.

Its handler dawdles between the claim and the commit.
"""

import sys
import time

from functions.adapters.event_store import PostgresEventStore
from functions.common import log
from functions.common.errors import DatabaseUnavailable
from functions.common.names import Outcome, Service
from tests.support.envelopes import a_message, a_recent_envelope
from tests.support.fakes_processor import FakeTime, Stage
from tests.support.postgres_fixtures import opened_database


def main(database_url: str) -> None:
    """Process batches until the input ends."""
    log.configure(Service.PROCESSOR, "CRITICAL")  # Standard output is for answers.
    with opened_database(database_url) as database:
        stage = Stage(store=PostgresEventStore(database), time=FakeTime(60))

        @stage.registry.on("watched")
        def note(event, connection):
            connection.execute("INSERT INTO effects VALUES (%s)", [event.event_id])
            time.sleep(0.02)

        for line in sys.stdin:
            sys.stdout.write(" ".join(_process(stage, line.split())) + "\n")
            sys.stdout.flush()


def _process(stage, ids):
    messages = [
        a_message(a_recent_envelope(event_id, type=_type_of(event_id), payload=f'"{event_id}"')) for event_id in ids
    ]
    try:
        results = stage.run(*messages)
    except DatabaseUnavailable:
        return []
    done = {Outcome.PROCESSED, Outcome.DUPLICATE}
    return [event_id for event_id, result in zip(ids, results, strict=True) if result.outcome in done]


def _type_of(event_id):
    # Every other event goes the way of a clean batch, the others through a handler.
    return "watched" if int(event_id.removeprefix("e-")) % 2 else "plain"


if __name__ == "__main__":
    main(sys.argv[1])
