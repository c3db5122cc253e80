"""One whole platform on this machine: PostgreSQL, the emulator, the stack deployed to it, and the metrics bridge.

Nothing of it dies with a supervisor that is killed by force: children that end with their parent (PDEATHSIG) would take
the messages that wait in the queues with them. They live on instead, and the next start stops them in good order.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from fluxa.errors import OperatorError
from fluxa.local import deployment, emulator, postgres, processes, state
from fluxa.local.database_watch import DatabaseWatch
from fluxa.local.emulator import Emulator
from fluxa.local.metrics_bridge import MetricsBridge
from fluxa.local.outputs import PlatformOutputs
from fluxa.local.postgres import PostgresServer
from fluxa.local.project import DEFAULT_STATE_DIR, PROJECT_DIR
from fluxa.local.steps import NoSteps, Steps

T = TypeVar("T")

CHECK_SECONDS = 0.25
"""How often a waiting platform looks whether its services still run."""

CUT_SHORT_SECONDS = 1.0
"""For a start that is interrupted to notice; nothing is in the queues yet that would have to be written down."""


class ServiceDied(OperatorError):
    """A service of the running platform has stopped by itself."""


class LocalPlatform:
    """A platform that runs inside a `with` block and is gone after it.

    Args:
        project_dir: The clone whose program is deployed.
        state_dir: Where everything is kept that must outlive the platform.
        overrides: Dotted settings laid over the stack's, such as `{"processing.handlers": "examples"}`.
        profile: Another stack of the project, such as `prod`, whose settings hold where the local one says nothing.
            The same state may be used under one and the other: what outlives a platform is the same in all.
        report: Is told about each step.
        reset: Forget every event first.
        record_calls: Write down what functions ask of AWS; see `fluxa.local.calls`.

    Raises on entering:
        OperatorError: what the person who starts it can put right; nothing is left running.
    """

    def __init__(
        self,
        project_dir: Path = PROJECT_DIR,
        state_dir: Path = DEFAULT_STATE_DIR,
        overrides: Mapping[str, Any] | None = None,
        *,
        profile: str | None = None,
        report: Steps | None = None,
        reset: bool = False,
        record_calls: bool = False,
    ) -> None:
        self._project_dir = project_dir
        self.state_dir = state_dir.resolve()
        self._overrides = overrides or {}
        self._report = report or NoSteps()
        self._profile = profile
        self._reset = reset
        self._record_calls = record_calls
        self._closing = ExitStack()
        self._outputs: PlatformOutputs | None = None
        self._postgres: PostgresServer | None = None
        self._emulator: Emulator | None = None

    @property
    def outputs(self) -> PlatformOutputs:
        return _running(self._outputs)

    @property
    def postgres(self) -> PostgresServer:
        return _running(self._postgres)

    @property
    def emulator(self) -> Emulator:
        return _running(self._emulator)

    def __enter__(self) -> Self:
        self._closing.enter_context(state.claimed(self.state_dir))
        # Entered before anything runs, so that an interruption at any moment finds what there is.
        self._closing.callback(stop_everything, self.state_dir)
        try:
            self._start()
        except BaseException:
            self._closing.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    @contextmanager
    def without_database(self) -> Iterator[None]:
        """Stop PostgreSQL for the length of the block: a rehearsal of the day it goes away."""
        server = self.postgres
        postgres.stop(server)
        try:
            yield
        finally:
            self._postgres = postgres.start(server.data_dir, port=server.port)

    def check(self) -> None:
        """Return if the emulator runs.

        Raises:
            ServiceDied: it does not; the sentence says what that means for events.
        """
        if self.emulator.process.poll() is not None:
            raise ServiceDied(
                "The AWS emulator has stopped by itself, and events that waited in its queues are lost: see "
                f"{emulator.log_of(self.state_dir)}, then start again."
            )

    def wait(self, say: Callable[[str], None]) -> None:
        """Stay up until a signal's exception ends it; a database that goes away is waited for.

        Args:
            say: Is told, in a sentence, what the operator should know.

        Raises:
            ServiceDied: a service has stopped that nothing can go on without.
        """
        watch = DatabaseWatch(self.postgres, say=say)
        while True:
            self.check()
            self._postgres = watch.look()
            time.sleep(CHECK_SECONDS)

    def _start(self) -> None:
        # First: a profile that does not exist should cost neither time nor, with `reset`, events.
        deployment.check(self._project_dir, self._overrides, profile=self._profile)
        if self._reset:
            stop_everything(self.state_dir)
            state.reset(self.state_dir)
        self._start_services()
        with self._report.step("Stack deployed"):
            self._outputs = deployment.deploy(
                self._project_dir,
                self.emulator,
                self.postgres,
                state.stack_dir(self.state_dir),
                self._overrides,
                profile=self._profile,
            )
        with self._report.step("API healthy"):
            deployment.warm_up(self.emulator, self.outputs)
            deployment.await_health(self.outputs)
        bridge = MetricsBridge(self.emulator, deployment.log_groups(self.emulator, self.outputs))
        bridge.start()
        self._closing.callback(bridge.stop)

    def _start_services(self) -> None:
        pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="start")
        starting_postgres, starting_emulator = pool.submit(self._start_postgres), pool.submit(self._start_emulator)
        both: list[Future[Any]] = [starting_postgres, starting_emulator]
        pool.shutdown(wait=False)
        try:
            deployment.load()
            # When one fails the other is waited for, so that nothing starts after we have cleaned up.
            failures = [failure for future in both if (failure := future.exception())]
        except KeyboardInterrupt:
            _cut_short(both)
            raise
        except Exception:
            wait(both)
            raise
        if starting_postgres.exception() is None:
            self._postgres = starting_postgres.result()
            # The server of that moment: it may have been replaced by then.
            self._closing.callback(lambda: postgres.stop(self.postgres))
        if starting_emulator.exception() is None:
            self._emulator = starting_emulator.result()
            self._closing.callback(emulator.stop, self._emulator)
        for failure in failures:
            raise failure

    def _start_postgres(self) -> PostgresServer:
        with self._report.step("PostgreSQL"):
            return postgres.start(state.postgres_dir(self.state_dir))

    def _start_emulator(self) -> Emulator:
        with self._report.step("AWS emulator"):
            return emulator.start(self.state_dir, record_calls=self._record_calls)


def stop_everything(state_dir: Path) -> None:
    """Stop every service that runs on a state folder, whoever started it."""
    emulator.stop_orphans(state_dir)
    postgres.stop_orphans(state.postgres_dir(state_dir))


def _cut_short(starting: Sequence[Future[Any]]) -> None:
    """End the threads that start services by killing what they wait for: an installer, `initdb`, the services."""
    deadline = time.monotonic() + CUT_SHORT_SECONDS
    while not all(future.done() for future in starting) and time.monotonic() < deadline:
        processes.kill_descendants()
        time.sleep(0.01)


def _running(value: T | None) -> T:
    if value is None:
        raise RuntimeError("the platform is not running: use it inside its `with` block")
    return value
