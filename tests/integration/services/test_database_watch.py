"""A database that goes away is waited for, and started again when nobody else does."""

from fluxa.local import postgres
from fluxa.local.database_watch import GRACE_SECONDS, DatabaseWatch


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_an_absent_database_is_started_again_after_the_grace_and_not_before(tmp_path):
    first = postgres.start(tmp_path / "data")
    said, clock = [], Clock()
    watch = DatabaseWatch(first, say=said.append, clock=clock)
    try:
        assert first is watch.look()
        postgres.stop(first)

        clock.now += 2
        assert first is watch.look()
        clock.now += GRACE_SECONDS - 1
        assert first is watch.look()
        clock.now += 2
        second = watch.look()

        assert (first.port, None) == (second.port, second.process.poll())
        assert ["PostgreSQL has stopped", "PostgreSQL is back."] == [said[0][:22], said[1]]
        assert 2 == len(said)
    finally:
        postgres.stop(watch.look())


def test_a_database_that_somebody_else_starts_is_left_alone(tmp_path):
    first = postgres.start(tmp_path / "data")
    said, clock = [], Clock()
    watch = DatabaseWatch(first, say=said.append, clock=clock)
    postgres.stop(first)
    clock.now += 2
    watch.look()

    other = postgres.start(first.data_dir, port=first.port)
    try:
        clock.now += GRACE_SECONDS + 1

        assert first is watch.look()
        assert "PostgreSQL is back." == said[-1]
        assert other.process.poll() is None
    finally:
        postgres.stop(other)
