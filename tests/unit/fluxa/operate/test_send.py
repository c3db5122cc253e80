"""A file of events against a real HTTP server that keeps the batch contract."""

import io
import json
from pathlib import Path

import pytest

from fluxa.errors import OperatorError
from fluxa.operate.api import Api
from fluxa.operate.progress_file import Progress, load, resume_path
from fluxa.operate.rejected_file import rejected_path
from fluxa.operate.send import Sender
from fluxa.operate.target import Target
from tests.support.batch_server import BatchServer


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def write(file: Path, count: int, first: int = 0) -> None:
    with file.open("a", encoding="utf-8") as out:
        out.writelines(f'{{"type":"order.created","payload":{{"n":{n}}}}}\n' for n in range(first, first + count))


def send(api: Api, file: Path, *, steps: list[Progress] | None = None, **options: object) -> Progress:
    seen: list[Progress] = [] if steps is None else steps
    restart = bool(options.pop("restart", False))
    sender = Sender(api=api, **{"stack": "test", "concurrency": 2, **options})  # type: ignore[arg-type]  # options are passed on by name
    return sender.send_file(file, seen.append, restart=restart)


def rejections(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in rejected_path(file).read_text(encoding="utf-8").splitlines()]


def test_every_line_arrives_once_and_nothing_is_left_behind(server: BatchServer, api: Api, file: Path):
    write(file, 1_201)

    result = send(api, file)

    assert (1_201, 1_201, 0) == (result.line, result.accepted, result.rejected)
    assert 1_201 == len(server.accepted) == server.deliveries
    assert set(range(1_201)) == {event["payload"]["n"] for event in server.accepted.values()}
    assert [file] == list(file.parent.iterdir())


def test_a_batch_stays_within_the_apis_limits(server: BatchServer, api: Api, file: Path):
    big = "x" * 900_000
    file.write_text("".join(f'{{"type":"a","payload":"{n}{big}"}}\n' for n in range(9)), encoding="utf-8")

    send(api, file)

    assert 9 == len(server.accepted)
    assert [4, 4, 1] == sorted((request["bytes"] // 900_000 for request in server.requests), reverse=True)


def test_a_line_that_the_api_could_never_take_stops_nobody(server: BatchServer, api: Api, file: Path):
    file.write_text('{"type":"a"}\n{"payload":"' + "x" * 5_300_000 + '"}\n{"type":"b"}\n', encoding="utf-8")

    result = send(api, file)

    assert (2, 1) == (result.accepted, result.rejected)
    assert [{"line": 2, "reason": "The line has more than 5,241,856 bytes."}] == rejections(file)


def test_the_same_line_is_the_same_event_each_time_and_two_equal_lines_are_two(
    server: BatchServer, api: Api, target: Target, file: Path
):
    file.write_text('{"type":"page.viewed"}\n{"type":"page.viewed"}\n', encoding="utf-8")

    send(api, file)
    with Api(target) as again:
        send(again, file)

    assert (2, 4, []) == (len(server.accepted), server.deliveries, server.conflicts)


def test_ids_that_lines_bring_are_kept(server: BatchServer, api: Api, file: Path):
    cloud = {"specversion": "1.0", "id": "c-1", "type": "t", "source": "s"}
    file.write_text(f'{{"event_id":"mine","type":"a"}}\n{json.dumps(cloud)}\n{{}}\n', encoding="utf-8")

    send(api, file)

    assert {"mine": {"event_id": "mine", "type": "a"}, "c-1": cloud}.items() <= server.accepted.items()


def test_bad_lines_are_listed_and_all_others_sent(server: BatchServer, api: Api, file: Path):
    server.refuse = lambda event: "Out of stock." if event.get("type") == "refused" else None
    file.write_bytes(
        b'\xef\xbb\xbf{"type":"a"}\n'
        b"\n"
        b'{"type":"a","payload":{"n":1\n'
        b"[1]\n"
        b'{"type":"refused","event_id":"r-1"}\n'
        b'{"type":"\xff"}\n'
        b'{"type":"a","payload":NaN}\n'
        b'{"type":"a","event_id":"no spaces"}\n'
        b'{"type":"a","event_id":null}\n'
        b'{"specversion":"1.0","type":"a"}\r\n'
        b'{"type":"b","payload":1e999}'
    )

    result = send(api, file)

    id_rule = "event_id must be 1 to 128 characters out of A-Z a-z 0-9 . _ : -; leave it out to have one made."
    assert (2, 8, 11) == (result.accepted, result.rejected, result.line)
    assert [
        {"line": 3, "reason": "The line is not JSON: Expecting ',' delimiter at column 29."},
        {"line": 4, "reason": "The line is JSON, but not an object: an event is written in braces."},
        {"line": 5, "reason": "Out of stock.", "event_id": "r-1", "code": "invalid_event"},
        {"line": 6, "reason": "The line is not UTF-8 at byte 10."},
        {"line": 7, "reason": "The line is not JSON: NaN is no number there."},
        {"line": 8, "reason": id_rule},
        {"line": 9, "reason": id_rule},
        {"line": 10, "reason": "The CloudEvent has no id."},
    ] == rejections(file)
    assert ["a", "b"] == [event["type"] for event in server.accepted.values()]


def test_what_is_written_in_a_line_reaches_the_api_to_the_letter(server: BatchServer, api: Api):
    from fluxa.operate.lines import read_lines

    text = b'{ "type" : "a", "payload": {"a":1.0,"a":1e2, "\\u00e9": 12345678901234567890123} }\n'

    (line,) = read_lines(io.BytesIO(text), seed="s")

    assert line.event == b'{"event_id":"%s",%s' % (str(line.event_id).encode(), text.strip()[1:])


def test_events_that_failed_are_sent_again_and_their_neighbours_are_not(server: BatchServer, api: Api, file: Path):
    times: dict[int, int] = {}

    def fail(event: dict) -> bool:
        n = event["payload"]["n"]
        times[n] = times.get(n, 0) + 1
        return n % 10 == 0 and times[n] < 3

    server.fail = fail
    write(file, 40)

    result = send(api, file)

    assert (40, 40) == (result.accepted, server.deliveries)
    assert {3} == {times[n] for n in range(0, 40, 10)}
    assert {1} == {times[n] for n in range(40) if n % 10}


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_api_is_asked_again(server: BatchServer, api: Api, file: Path, status: int):
    server.troubles = [(status, {"message": "Later."}, {"Retry-After": "0"})] * 3
    write(file, 3)

    assert 3 == send(api, file).accepted
    assert 4 == len(server.requests)


def test_a_batch_that_is_refused_as_a_whole_is_divided_until_the_culprit_is_alone(
    server: BatchServer, api: Api, file: Path
):
    write(file, 8)
    take = server.take

    def batch(body: bytes):
        return (400, {"detail": "Unreadable."}, {}) if b'"n":5' in body else take(body)

    server.take = batch  # type: ignore[method-assign]  # a server of another mind

    result = send(api, file)

    assert (7, 1) == (result.accepted, result.rejected)
    assert [(6, "400 Bad Request: Unreadable.")] == [(item["line"], item["reason"]) for item in rejections(file)]


def test_an_api_that_stays_away_ends_the_run_with_what_is_acknowledged_kept(
    server: BatchServer, api: Api, target: Target, file: Path
):
    write(file, 1_500)
    server.fail = lambda event: event["payload"]["n"] == 1_100

    with pytest.raises(OperatorError, match=r"could not take 1 events in 4 attempts \(Later\)"):
        send(api, file, concurrency=1)

    kept = load(resume_path(file))
    assert kept is not None
    assert (1_000, 1_000) == (kept.line, kept.accepted)
    server.fail = lambda event: False
    with Api(target) as again:
        steps: list[Progress] = []
        assert 1_500 == send(again, file, steps=steps).accepted
    assert 1_000 == steps[0].line
    assert (1_500, []) == (len(server.accepted), server.conflicts)
    assert not resume_path(file).exists()


def test_rejections_are_listed_once_however_often_the_run_is_stopped(
    server: BatchServer, api: Api, target: Target, file: Path
):
    write(file, 1_500)
    server.refuse = lambda event: "No." if event["payload"]["n"] % 500 == 7 else None
    server.fail = lambda event: event["payload"]["n"] == 700
    with pytest.raises(OperatorError, match="could not take"):
        send(api, file, concurrency=1)
    # What a process may write between its last two steps.
    with rejected_path(file).open("a") as torn:
        torn.write('{"line": 508, "rea')
    server.fail = lambda event: False

    with Api(target) as again:
        result = send(again, file)

    assert (1_497, 3) == (result.accepted, result.rejected)
    assert [8, 508, 1008] == [item["line"] for item in rejections(file)]


@pytest.mark.parametrize("change", ["beginning", "shorter", "stack", "torn"])
def test_a_progress_that_is_not_this_files_is_refused(
    server: BatchServer, api: Api, target: Target, file: Path, change: str
):
    write(file, 3_000)
    server.fail = lambda event: event["payload"]["n"] == 2_999
    with pytest.raises(OperatorError, match="could not take"):
        send(api, file, concurrency=1)
    if change == "beginning":
        file.write_bytes(b" " + file.read_bytes())
    elif change == "shorter":
        # Behind the beginning that is compared, before the lines that were sent.
        file.write_bytes(file.read_bytes()[:70_000])
    elif change == "torn":
        resume_path(file).write_text("{")

    with Api(target) as again, pytest.raises(OperatorError, match="start over with --restart"):
        send(again, file, stack="other" if change == "stack" else "test")
    server.fail = lambda event: False
    with Api(target) as once_more:
        assert send(once_more, file, restart=True).accepted


def test_a_key_that_is_not_admitted_is_no_reason_to_try_again(server: BatchServer, api: Api, file: Path):
    write(file, 1)
    server.troubles = [(403, {"message": "Forbidden"}, {})]

    with pytest.raises(OperatorError, match=r"does not admit this key \(403 Forbidden: Forbidden\)"):
        send(api, file)

    assert 1 == len(server.requests)


def test_a_stack_without_batches_says_what_to_do(server: BatchServer, api: Api, file: Path):
    write(file, 1)
    server.troubles = [(404, {"message": "Not Found"}, {})]

    with pytest.raises(OperatorError, match="deploy the version that this command is of"):
        send(api, file)


def test_an_answer_that_leaves_an_event_out_acknowledges_nothing(server: BatchServer, api: Api, file: Path):
    write(file, 2)
    server.troubles = [(207, {"items": [{"index": 0, "status": "accepted"}]}, {})]

    with pytest.raises(OperatorError, match="did not say what became of each event"):
        send(api, file)

    assert not resume_path(file).exists()


def test_compressed_batches_travel_as_a_binary_media_type(server: BatchServer, api: Api, file: Path):
    write(file, 500)

    send(api, file, compress=True)

    (request,) = server.requests
    assert "application/gzip" == request["type"]
    assert request["bytes"] < file.stat().st_size
    assert 500 == len(server.accepted)


def test_a_pipe_is_sent_and_its_retries_are_the_same_events(server: BatchServer, api: Api, tmp_path: Path):
    # The first request is taken, and its answer lost.
    take, answers = server.take, []

    def batch(body: bytes):
        answers.append(take(body))
        return (504, {"message": "Endpoint request timed out"}, {}) if len(answers) == 1 else answers[-1]

    server.take = batch  # type: ignore[method-assign]  # a server of another mind
    stream = io.BytesIO(b'{"type":"a"}\n{"type":"a"}\nnonsense\n')

    result = Sender(api=api, stack="test").send_stream(stream, tmp_path / "rejected", lambda step: None)

    assert (2, 1) == (result.accepted, result.rejected)
    assert (2, 4) == (len(server.accepted), server.deliveries)


def test_a_file_that_is_not_there_is_named(api: Api, tmp_path: Path):
    with pytest.raises(OperatorError, match=r"none\.jsonl cannot be read: No such file or directory\."):
        send(api, tmp_path / "none.jsonl")


def test_an_empty_file_is_sent_at_once(server: BatchServer, api: Api, file: Path):
    file.write_text("\n\n")

    assert 0 == send(api, file).accepted
    assert [] == server.requests
