"""Runs a whole Pulumi program inside this process, without the Pulumi CLI: `run_program`.

It does what the CLI's Python host does: configures the SDK's runtime, starts an event loop, and executes the
project's `__main__.py` inside a stack. All knowledge of the SDK's internals is in this package, so that a new
version of the SDK has one place to break (tests/unit/fluxa/engine is the canary).
"""

import asyncio
import contextvars
import os
import runpy
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import settings as pulumi_settings

from fluxa.local.engine.config import Configuration, load_configuration
from fluxa.local.engine.monitor import EngineLog, EngineMonitor
from fluxa.local.engine.registration import Provider, Recording, in_order

PARALLEL_CALLS = 16
"""How many resources may be under way at once, as with the CLI's default on a small machine."""

ORGANIZATION = "organization"
"""What `pulumi.get_organization()` answers; the CLI says the same for a self-managed backend."""

_RUNTIME_SETTINGS = (
    "rpc_manager",
    "outputs",
    "lock",
    "monitor",
    "engine",
    "organization",
    "project",
    "root_directory",
    "stack",
    "parallel",
    "dry_run",
    "legacy_apply_enabled",
    "monitor_features",
    "package_refs",
    "base_providers_by_ref",
    "callbacks",
)
"""Every value the SDK's runtime keeps per run."""

_running = threading.Lock()


def run_program(
    project_dir: Path,
    stack: str,
    provider: Provider,
    *,
    preview: bool = False,
    overrides: Mapping[str, Any] | None = None,
    profile: str | None = None,
) -> Recording:
    """Run the project's `__main__.py` for one stack and return everything it registered.

    Not thread-safe: the working directory, `sys.path` and `sys.modules` belong to the process, so one program runs at
    a time; run several in several processes. Must be called from ordinary code, not from inside an event loop.

    Modules of the project are imported again on the next run, unless the project is importable anyway (installed, or
    on `sys.path`): those stay loaded like every other library.

    Args:
        project_dir: The folder with `Pulumi.yaml` and `__main__.py`.
        stack: The stack whose `Pulumi.<stack>.yaml` configures the run.
        provider: Answers every registration and look-up.
        preview: Tell the program that this is a preview: outputs the provider leaves out are unknown, not absent.
        overrides: Dotted settings laid over the stack's file; see `load_configuration`.
        profile: Another stack whose file lies below this one's.

    Raises:
        UnknownStack: the stack has no file.
        InvalidConfiguration: the configuration cannot be read.
        RuntimeError: another program runs in this process.
        Exception: whatever the program, a transform or the provider raised, unchanged.
    """
    project_dir = project_dir.resolve()
    configuration = load_configuration(project_dir, stack, overrides or {}, profile=profile)
    monitor = EngineMonitor(
        provider, project=configuration.project, stack=stack, project_dir=project_dir, preview=preview
    )
    log = EngineLog()
    if not _running.acquire(blocking=False):
        raise RuntimeError("another Pulumi program is running in this process; only one can")
    try:
        with _undisturbed_runtime(), _inside(project_dir):
            _execute(configuration, stack, monitor, log, project_dir=project_dir, preview=preview)
    except Exception as error:
        # The program sees a failed resource as an error in whatever used it; the first failure is the one to tell.
        if monitor.failure is None or monitor.failure is error:
            raise
        raise monitor.failure from None
    finally:
        _running.release()
    return Recording(
        project=configuration.project,
        stack=stack,
        registrations=in_order(monitor.registrations),
        outputs=monitor.outputs,
        secret_outputs=monitor.secret_outputs,
        invocations=monitor.invocations,
        logs=log.lines,
    )


def _execute(
    configuration: Configuration,
    stack: str,
    monitor: EngineMonitor,
    log: EngineLog,
    *,
    project_dir: Path,
    preview: bool,
) -> None:
    # An empty context: nothing of an earlier run, or of a test's mocks, is in it.
    context = contextvars.Context()
    context.run(pulumi.runtime.set_all_config, dict(configuration.values), list(configuration.secret_keys))
    context.run(
        _configure_runtime,
        project=configuration.project,
        stack=stack,
        monitor=monitor,
        engine=log,
        organization=ORGANIZATION,
        parallel=PARALLEL_CALLS,
        dry_run=preview,
        root_directory=str(project_dir),
    )
    # With a factory the runner leaves the thread's own event loop alone, which tests on Pulumi's mocks rely on.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        loop = runner.get_loop()
        loop.set_default_executor(ThreadPoolExecutor(max_workers=PARALLEL_CALLS, thread_name_prefix="pulumi"))
        # A failed program leaves tasks that nobody awaits; their errors are consequences of the one that is raised.
        loop.set_exception_handler(lambda _loop, _context: None)
        runner.run(pulumi.runtime.run_in_stack(lambda: _run_main(project_dir)), context=context)


def _configure_runtime(**settings: Any) -> None:
    pulumi.runtime.configure(pulumi_settings.Settings(**settings))


def _run_main(project_dir: Path) -> None:
    runpy.run_path(str(project_dir), run_name="__main__")


@contextmanager
def _undisturbed_runtime() -> Iterator[None]:
    """Leave the SDK's runtime as it was: the first value set in a new context also becomes everyone's default."""
    settings = pulumi_settings.SETTINGS

    def read() -> dict[str, Any]:
        return {name: getattr(settings, name) for name in _RUNTIME_SETTINGS}

    def write(values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            setattr(settings, name, value)

    before = contextvars.Context().run(read)
    try:
        yield
    finally:
        contextvars.Context().run(write, before)


@contextmanager
def _inside(project_dir: Path) -> Iterator[None]:
    """Stand in the project's folder as the CLI does, and forget its modules unless they are importable anyway."""
    directory, path, modules = Path.cwd(), list(sys.path), set(sys.modules)
    importable = any(Path(entry or ".").resolve() == project_dir for entry in path)
    os.chdir(project_dir)
    try:
        yield
    finally:
        os.chdir(directory)
        sys.path[:] = path
        if not importable:
            for name in set(sys.modules) - modules:
                if _belongs_to(sys.modules[name], project_dir):
                    del sys.modules[name]


def _belongs_to(module: Any, project_dir: Path) -> bool:
    file = getattr(module, "__file__", None)
    if not file:
        return False
    path = Path(file)
    # A virtual environment often stands inside the project; its packages are not the project's.
    return path.is_relative_to(project_dir) and "site-packages" not in path.parts
