"""What a recording emulator wrote is read as it was decided."""

import json
from pathlib import Path

from fluxa.local.calls import Call, file_of, read_calls


def test_calls_are_told_apart_by_role_action_resource_and_outcome(tmp_path: Path):
    file_of(tmp_path).parent.mkdir()
    line = {
        "principal": "arn:aws:sts::000000000000:assumed-role/taker/taker-function",
        "action": "sqs:SendMessage",
        "resource": "arn:aws:sqs:us-east-1:000000000000:q",
        "allowed": True,
    }
    lines = [line, line, {**line, "allowed": False}]
    file_of(tmp_path).write_text("".join(f"{json.dumps(item)}\n" for item in lines))

    sent = {"role": "taker", "action": "sqs:SendMessage", "resource": "arn:aws:sqs:us-east-1:000000000000:q"}
    assert {Call(**sent, allowed=True), Call(**sent, allowed=False)} == read_calls(tmp_path)


def test_nothing_was_asked_where_nothing_was_recorded(tmp_path: Path):
    assert set() == read_calls(tmp_path)
