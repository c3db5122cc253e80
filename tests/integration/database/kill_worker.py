"""A process that the kill tests kill: takes a batch of ids from each line of its input, answers with those it handled.

An id stands for the event, and with `@` and the time it was received at for a replay of it.
Its handler dawdles between the effect and the commit; with `--dawdle` it says so, and goes on for ever.
"""

import sys
import time
from datetime import datetime

from functions.adapters.event_store import PostgresEventStore
from functions.common import log
from functions.common.errors import DatabaseUnavailable
from functions.common.names import Outcome, Service
from tests.support.envelopes import a_message, a_recent_envelope, a_replay
from tests.support.fakes_processor import FakeTime, Stage
from tests.support.postgres_fixtures import opened_database


def main(database_url: str, *, dawdle: bool) -> None:
    """Process batches until the input ends."""
    log.configure(Service.PROCESSOR, "CRITICAL")  # Standard output is for answers.
    with opened_database(database_url) as database:
        stage = Stage(store=PostgresEventStore(database), time=FakeTime(60))

        @stage.registry.on("watched", replay=True)
        def note(event, connection):
            connection.execute("INSERT INTO effects VALUES (%s)", [event.event_id])
            if dawdle:
                sys.stdout.write("effect\n")
                sys.stdout.flush()
            time.sleep(60 if dawdle else 0.02)

        for line in sys.stdin:
            sys.stdout.write(" ".join(_process(stage, line.split())) + "\n")
            sys.stdout.flush()


def _process(stage, ids):
    try:
        results = stage.run(*map(_message, ids))
    except DatabaseUnavailable:
        return []
    done = {Outcome.PROCESSED, Outcome.DUPLICATE}
    return [one for one, result in zip(ids, results, strict=True) if result.outcome in done]


def _message(one):
    event_id, _, received_at = one.partition("@")
    envelope = a_recent_envelope(event_id, type=_type_of(event_id), payload=f'"{event_id}"')
    if not received_at:
        return a_message(envelope)
    return a_message(a_replay(envelope, received_at=datetime.fromisoformat(received_at)))


def _type_of(event_id):
    # Every other event goes the way of a clean batch, the others through a handler.
    return "watched" if int(event_id.removeprefix("e-")) % 2 else "plain"


if __name__ == "__main__":
    main(sys.argv[1], dawdle="--dawdle" in sys.argv)
