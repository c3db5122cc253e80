import socket
from pathlib import Path

import pytest

from fluxa.local import ports


@pytest.fixture
def taken_port():
    with socket.create_server((ports.LOOPBACK, 0)) as server:
        yield server.getsockname()[1]


def test_the_preferred_port_is_taken_when_it_is_free(taken_port: int):
    free = ports.find_free()

    assert free == ports.find_free(free)
    assert taken_port != ports.find_free(taken_port)


def test_a_port_with_a_server_is_not_free(taken_port: int):
    assert not ports.is_free(taken_port)


def test_a_port_is_remembered_from_one_start_to_the_next(tmp_path: Path):
    record = tmp_path / "port"

    assert ports.last_used(record) is None
    ports.remember(record, 4711)
    assert 4711 == ports.last_used(record)


@pytest.mark.parametrize("content", ["", "x", "99999999", "-1", "0"])
def test_a_damaged_record_is_no_port(tmp_path: Path, content: str):
    record = tmp_path / "port"
    record.write_text(content, encoding="utf-8")

    assert ports.last_used(record) is None
