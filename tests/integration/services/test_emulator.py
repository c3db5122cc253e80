"""The emulator keeps what events are made of, forgets the rest, and takes everything it started along."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from fluxa.errors import OperatorError
from fluxa.local import emulator as emulators
from fluxa.local import processes
from fluxa.local.calls import file_of, read_calls
from fluxa.local.emulator import Emulator
from tests.support.lambdas import a_function, invoke


@pytest.fixture
def state_dir(tmp_path: Path) -> Iterator[Path]:
    """A place for state; whatever runs on it is stopped after the test."""
    yield tmp_path / "state"
    emulators.stop_orphans(tmp_path / "state")


def family(state_dir: Path) -> list[psutil.Process]:
    """The emulator and the processes of its functions."""
    return processes.started_with("TMPDIR", str(state_dir / "emulator" / "tmp"))


def messages(emulator: Emulator, name: str) -> list[str]:
    sqs = emulator.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
    return [message["Body"] for message in answer.get("Messages", [])]


def send(emulator: Emulator, name: str, body: str) -> None:
    sqs = emulator.client("sqs")
    sqs.send_message(QueueUrl=sqs.create_queue(QueueName=name)["QueueUrl"], MessageBody=body)


def test_messages_and_objects_outlive_a_stop_even_on_another_port(state_dir: Path):
    first = emulators.start(state_dir)
    send(first, "waiting", "an event")
    first.client("s3").create_bucket(Bucket="payloads")
    first.client("s3").put_object(Bucket="payloads", Key="a/b.json", Body=b"{}", Metadata={"k": "v"})
    emulators.stop(first)

    with socket.create_server(("127.0.0.1", int(first.endpoint_url.rpartition(":")[2]))):
        second = emulators.start(state_dir)

    assert first.endpoint_url != second.endpoint_url
    assert ["an event"] == messages(second, "waiting")
    kept = second.client("s3").get_object(Bucket="payloads", Key="a/b.json")
    assert (b"{}", {"k": "v"}) == (kept["Body"].read(), kept["Metadata"])
    url = second.client("sqs").get_queue_url(QueueName="waiting")["QueueUrl"]
    assert url.startswith(second.endpoint_url)
    emulators.stop(second)


def test_the_address_stays_the_same(state_dir: Path):
    first = emulators.start(state_dir)
    emulators.stop(first)

    second = emulators.start(state_dir)

    assert first.endpoint_url == second.endpoint_url
    emulators.stop(second)


def test_everything_else_is_deployed_anew(state_dir: Path):
    first = emulators.start(state_dir)
    a_function(first, "old", "def handler(event, context): return 1")
    first.client("ssm").put_parameter(Name="/old", Value="v", Type="String")
    emulators.stop(first)

    second = emulators.start(state_dir)

    assert [] == second.client("lambda").list_functions()["Functions"]
    assert [] == second.client("iam").list_roles()["Roles"]
    assert [] == second.client("ssm").describe_parameters()["Parameters"]
    emulators.stop(second)


def test_only_what_is_read_back_is_written_down(state_dir: Path):
    """The logs of a busy day would take longer than there is time for the messages."""
    emulator = emulators.start(state_dir)
    send(emulator, "waiting", "an event")
    a_function(emulator, "talking", "def handler(event, context): print(1)")
    invoke(emulator, "talking")

    emulators.stop(emulator)

    assert ["sqs.json"] == sorted(path.name for path in (state_dir / "emulator" / "state").iterdir())


def test_a_queue_too_long_to_write_down_in_time_is_waited_for(state_dir: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(emulators, "FUNCTIONS_TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr(emulators, "SAVE_TIMEOUT_SECONDS", 0.0)
    first = emulators.start(state_dir)
    send(first, "waiting", "an event")
    emulators.stop(first)
    kept = state_dir / "emulator" / "state" / "sqs.json"
    document = json.loads(kept.read_text(encoding="utf-8"))
    (queue,) = document["payload"]["queues"]["data"].values()
    queue["messages"] *= 30_000
    kept.write_text(json.dumps(document), encoding="utf-8")
    started = time.time()

    emulators.stop(emulators.start(state_dir))

    assert kept.stat().st_mtime > started
    (queue,) = json.loads(kept.read_text(encoding="utf-8"))["payload"]["queues"]["data"].values()
    assert 30_000 == len(queue["messages"])


def test_messages_outlive_kill_9_of_the_platform(state_dir: Path):
    """The emulator lives on; the next start stops it in good order."""
    program = f"""
import os, pathlib, signal
from fluxa.local import emulator
running = emulator.start(pathlib.Path({str(state_dir)!r}))
sqs = running.client("sqs")
sqs.send_message(QueueUrl=sqs.create_queue(QueueName="waiting")["QueueUrl"], MessageBody="an event")
os.kill(os.getpid(), signal.SIGKILL)
"""
    outcome = subprocess.run([sys.executable, "-c", program], timeout=60, check=False)
    assert -signal.SIGKILL == outcome.returncode
    (left_behind,) = family(state_dir)

    emulator = emulators.start(state_dir)

    assert left_behind.pid not in {process.pid for process in family(state_dir)}
    assert ["an event"] == messages(emulator, "waiting")
    emulators.stop(emulator)


def test_functions_see_nothing_of_the_terminals_environment(emulator: Emulator, monkeypatch: pytest.MonkeyPatch):
    a_function(emulator, "environment", "import os\ndef handler(event, context): return dict(os.environ)")

    seen = invoke(emulator, "environment")

    assert set() == set(seen) & (set(os.environ) - {"PATH", "HOME", "LANG", "TZ", "TMPDIR"})
    assert os.environ["PATH"] != seen["PATH"]
    assert emulator.endpoint_url == seen["AWS_ENDPOINT_URL"]


def test_a_function_may_do_what_its_role_says_and_no_more(emulator: Emulator):
    sqs = emulator.client("sqs")
    urls = [sqs.create_queue(QueueName=f"rights-{name}")["QueueUrl"] for name in ("allowed", "other")]
    arn = sqs.get_queue_attributes(QueueUrl=urls[0], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    code = """
        import botocore.session

        def handler(event, context):
            sqs = botocore.session.get_session().create_client("sqs")
            try:
                sqs.send_message(QueueUrl=event, MessageBody="x")
                return "sent"
            except sqs.exceptions.ClientError as error:
                return error.response["Error"]["Code"]
    """
    a_function(emulator, "rights", code, allow=[{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn}])

    answers = [invoke(emulator, "rights", url) for url in urls]

    assert "sent" == answers[0]
    assert "AccessDenied" in answers[1]


def test_the_processes_of_a_function_share_one_copy_of_its_code(emulator: Emulator):
    code = """
        import os, pathlib, time

        def handler(event, context):
            time.sleep(1)
            return [os.getpid(), str(pathlib.Path(__file__).resolve())]
    """
    a_function(emulator, "shared", code)

    with ThreadPoolExecutor(3) as callers:
        answers = list(callers.map(lambda _: invoke(emulator, "shared"), range(3)))

    assert (3, 1) == (len({process for process, _ in answers}), len({file for _, file in answers}))


def test_it_stops_within_five_seconds_with_a_function_in_full_swing(state_dir: Path):
    emulator = emulators.start(state_dir)
    send(emulator, "waiting", "an event")
    a_function(emulator, "busy", "import time\ndef handler(event, context): time.sleep(60)")
    emulator.client("lambda").invoke(FunctionName="busy", Payload="{}", InvocationType="Event")
    deadline = time.monotonic() + 20
    while len(family(state_dir)) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    running = family(state_dir)

    started = time.monotonic()
    emulators.stop(emulator)

    assert time.monotonic() - started < 5
    assert 2 == len(running)
    assert processes.wait_until_gone(running, 0)
    assert not (state_dir / "emulator" / "tmp").exists()
    again = emulators.start(state_dir)
    assert ["an event"] == messages(again, "waiting")
    emulators.stop(again)


def test_stopping_an_emulator_that_is_gone_is_harmless(state_dir: Path):
    emulator = emulators.start(state_dir)
    emulator.process.kill()
    emulator.process.wait()

    emulators.stop(emulator)
    emulators.stop(emulator)

    assert [] == family(state_dir)


def test_two_run_side_by_side(state_dir: Path, emulator: Emulator):
    other = emulators.start(state_dir)

    assert emulator.endpoint_url != other.endpoint_url
    emulators.stop(other)
    assert emulator.process.poll() is None


def test_only_this_machine_gets_in(emulator: Emulator):
    listening = {
        connection.laddr.ip
        for connection in psutil.Process(emulator.process.pid).net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }

    assert {"127.0.0.1"} == listening


def test_a_port_that_is_asked_for_and_in_use_is_one_sentence(state_dir: Path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(OperatorError, match=rf"Port {port} is in use: choose another one for the AWS emulator"):
            emulators.start(state_dir, port=port)


@pytest.mark.parametrize("content", ["", "{", "\0\0"])
def test_damaged_messages_are_one_sentence_and_stay_as_they_are(state_dir: Path, content: str):
    kept = state_dir / "emulator" / "state" / "sqs.json"
    kept.parent.mkdir(parents=True)
    kept.write_text(content, encoding="utf-8")

    with pytest.raises(OperatorError, match=r"sqs\.json is damaged: run `fluxa dev --reset`"):
        emulators.start(state_dir)

    assert content == kept.read_text(encoding="utf-8")


def test_the_installation_happens_once(emulator: Emulator):
    marker = emulators.PROJECT_DIR / ".fluxa" / "emulator-env" / "fluxa-ready"
    before = marker.stat().st_mtime_ns

    python = emulators.emulator_environment.ensure(emulators.PROJECT_DIR)

    assert before == marker.stat().st_mtime_ns
    assert Path(sys.executable).resolve() == python.resolve()


ASKING = """
    import botocore.session
    from botocore.exceptions import ClientError

    def handler(event, context):
        sqs = botocore.session.get_session().create_client("sqs")
        try:
            sqs.send_message(QueueUrl=event["url"], MessageBody="x")
            sqs.purge_queue(QueueUrl=event["url"])
        except ClientError as error:
            print(error)
    """


def test_a_recording_emulator_writes_down_what_roles_ask_allowed_or_not(state_dir: Path):
    recording = emulators.start(state_dir, record_calls=True)
    url = recording.client("sqs").create_queue(QueueName="asked")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:000000000000:asked"
    a_function(recording, "asking", ASKING, allow=[{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn}])

    invoke(recording, "asking", {"url": url})

    emulators.stop(recording)
    assert {("asking", "sqs:SendMessage", arn, True), ("asking", "sqs:PurgeQueue", arn, False)} == {
        (call.role, call.action, call.resource, call.allowed) for call in read_calls(state_dir)
    }


def test_an_ordinary_emulator_writes_nothing_down(state_dir: Path):
    emulators.stop(emulators.start(state_dir))

    assert not file_of(state_dir).exists()
