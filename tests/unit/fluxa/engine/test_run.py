"""The engine runs a whole Pulumi program in this process, and leaves the process as it was."""

import asyncio
import contextvars
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pulumi.runtime import settings as pulumi_settings

from fluxa.local.engine import STACK_TYPE, ResourceRequest, run_program
from tests.support.pulumi_project import CHAINED, EchoProvider, a_project


def test_the_program_sees_its_stack_and_project(tmp_path: Path):
    program = """
        import pulumi
        pulumi.export("where", f"{pulumi.get_project()}/{pulumi.get_stack()}/{pulumi.runtime.is_dry_run()}")
        """

    recording = run_program(a_project(tmp_path, program), "dev", EchoProvider(), preview=True)

    assert {"where": "shop/dev/True"} == recording.outputs
    assert [STACK_TYPE] == [registration.type for registration in recording.registrations]


def test_look_ups_are_answered_by_the_provider(tmp_path: Path):
    project = a_project(
        tmp_path,
        """
        import pulumi
        import pulumi_aws as aws
        pulumi.export("account", aws.get_caller_identity_output().account_id)
        """,
    )
    provider = EchoProvider(lookups={"aws:index/getCallerIdentity:getCallerIdentity": {"accountId": "42"}})

    recording = run_program(project, "dev", provider)

    assert {"account": "42"} == recording.outputs
    assert ["aws:index/getCallerIdentity:getCallerIdentity"] == [call.token for call in recording.invocations]


def test_what_the_program_logs_is_kept(tmp_path: Path):
    project = a_project(tmp_path, "import pulumi\npulumi.warn('nearly full')\npulumi.info('hello')")

    assert ["warning: nearly full", "info: hello"] == run_program(project, "dev", EchoProvider()).logs


def test_an_async_program_runs_to_its_end(tmp_path: Path):
    project = a_project(
        tmp_path,
        """
        import asyncio
        import pulumi

        async def main():
            await asyncio.sleep(0)
            return {"answer": 42}

        pulumi.run(main)
        """,
    )

    assert {"answer": 42} == run_program(project, "dev", EchoProvider()).outputs


def test_a_run_leaves_the_process_as_it_was(tmp_path: Path):
    project = a_project(
        tmp_path,
        "import os, pulumi, shop_parts\npulumi.export('cwd', os.getcwd())",
        files={"shop_parts.py": "COLOUR = 'red'\n"},
    )
    # In a new context, as every thread has one, the SDK's settings are the ones it falls back to.
    fallback = contextvars.Context().run(pulumi_settings.get_monitor)
    directory, path = Path.cwd(), list(sys.path)

    recording = run_program(project, "dev", EchoProvider())

    assert {"cwd": str(project)} == recording.outputs
    assert directory == Path.cwd()
    assert path == sys.path
    assert "shop_parts" not in sys.modules
    assert fallback is contextvars.Context().run(pulumi_settings.get_monitor)


def test_a_changed_module_is_read_again(tmp_path: Path):
    project = a_project(
        tmp_path,
        "import pulumi, shop_parts\npulumi.export('colour', shop_parts.COLOUR)",
        files={"shop_parts.py": "COLOUR = 'red'\n"},
    )
    first = run_program(project, "dev", EchoProvider())
    (project / "shop_parts.py").write_text("COLOUR = 'green'\n")

    second = run_program(project, "dev", EchoProvider())

    assert ["red", "green"] == [first.outputs["colour"], second.outputs["colour"]]


def test_modules_of_a_project_that_is_importable_anyway_stay_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Importing a library twice gives two of each class, and `isinstance` fails between them."""
    project = a_project(tmp_path, "import shop_parts", files={"shop_parts.py": "class Part: ...\n"})
    monkeypatch.syspath_prepend(project)

    run_program(project, "dev", EchoProvider())
    part = sys.modules["shop_parts"].Part
    run_program(project, "dev", EchoProvider())

    assert part is sys.modules.pop("shop_parts").Part


def test_only_one_program_runs_at_a_time(tmp_path: Path):
    inner = a_project(tmp_path / "inner", "")
    project = a_project(tmp_path / "outer", "import pulumi_aws as aws\naws.sqs.Queue('q')")

    def run_another(request: ResourceRequest) -> Exception | None:
        run_program(inner, "dev", EchoProvider())
        return None

    with pytest.raises(RuntimeError, match="another Pulumi program is running"):
        run_program(project, "dev", EchoProvider(refuse=run_another))


def test_the_threads_own_event_loop_is_left_alone(tmp_path: Path):
    """Component tests run Pulumi's mocks on that loop, in the same process."""
    project = a_project(tmp_path, CHAINED)

    def run() -> bool:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            run_program(project, "dev", EchoProvider())
            return loop is asyncio.get_event_loop() and not loop.is_closed()
        finally:
            loop.close()

    # In a thread of its own: setting a loop cannot be undone for the thread that runs all other tests.
    with ThreadPoolExecutor(max_workers=1) as executor:
        assert executor.submit(run).result()
