"""Compressed bodies: what arrives intact, inflated already, damaged, or as a bomb."""

import base64
import gzip
import json
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest

from functions.ingest.body import BODY_LIMIT_BYTES
from functions.ingest.inflate import ZSTD_WINDOW_LOG
from tests.support.ingest_fakes import a_request
from tests.support.ingest_world import World
from tests.support.packing import zstd

PROJECT = Path(__file__).resolve().parents[4]
EVENT = b'{"type":"t","payload":{"n": 1.50}}'
PACKED = {"gzip": gzip.compress(EVENT, mtime=0), "zstd": zstd.compress(EVENT)}
MEMORY_LIMIT_BYTES = 50_000_000
BOMB_BYTES = 4_000_000_000
"""What the bombs inflate to, from a few megabytes: as much as API Gateway would let through."""


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("coding", PACKED)
def test_a_media_type_that_says_how_a_body_is_packed_is_unpacked(world: World, coding: str) -> None:
    status, _ = world.post(PACKED[coding], Content_Type=f"application/{coding}")

    assert (202, '{"n": 1.50}') == (status, world.queue.envelopes()[0].payload)


@pytest.mark.parametrize("coding", PACKED)
def test_a_content_encoding_is_undone_when_the_bytes_arrive_intact(world: World, coding: str) -> None:
    assert 202 == world.post(PACKED[coding], Content_Encoding=coding)[0]
    assert 202 == world.post(PACKED[coding], Content_Encoding=coding, Content_Type=f"application/{coding}")[0]


@pytest.mark.parametrize("coding", PACKED)
def test_a_body_that_the_gateway_has_inflated_is_taken_as_it_is(world: World, coding: str) -> None:
    """API Gateway with a minimum compression size inflates the body and keeps its Content-Encoding."""
    assert 202 == world.post(EVENT.decode(), Content_Encoding=coding)[0]


@pytest.mark.parametrize("headers", [{"Content_Encoding": "{}"}, {"Content_Type": "application/{}"}, {}])
@pytest.mark.parametrize("coding", PACKED)
def test_a_body_that_the_gateway_has_damaged_is_told_the_way_that_works(
    world: World, coding: str, headers: dict[str, str]
) -> None:
    """API Gateway replaces what is no UTF-8 in a body whose media type is not a binary one."""
    damaged = PACKED[coding].decode(errors="replace")

    status, problem = world.post(damaged, **{name: value.format(coding) for name, value in headers.items()})

    assert (400, "malformed_request") == (status, problem["code"])
    assert "Content-Type: application/gzip or application/zstd" in problem["detail"]


def test_a_cloudevent_is_known_by_its_content(world: World) -> None:
    event = {"specversion": "1.0", "id": "ce-1", "source": "/s", "type": "t", "data": 1}

    world.post(zstd.compress(json.dumps(event).encode()), Content_Type="application/zstd")

    assert ["ce-1"] == [envelope.event_id for envelope in world.queue.envelopes()]


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        (EVENT, {"Content_Type": "application/gzip"}, (400, "malformed_request", [])),
        (EVENT, {"Content_Type": "application/zstd"}, (400, "malformed_request", [])),
        (b"", {"Content_Type": "application/zstd"}, (400, "malformed_request", [])),
        (PACKED["zstd"], {"Content_Type": "application/gzip"}, (400, "malformed_request", [])),
        (PACKED["gzip"][:-4], {"Content_Type": "application/gzip"}, (400, "malformed_request", [])),
        (PACKED["zstd"][:-4], {"Content_Type": "application/zstd"}, (400, "malformed_request", [])),
        (PACKED["zstd"] * 2, {"Content_Type": "application/zstd"}, (400, "malformed_request", [])),
        (PACKED["gzip"] * 2, {"Content_Type": "application/gzip"}, (400, "malformed_request", [])),
        (gzip.compress(PACKED["gzip"], mtime=0), {"Content_Type": "application/gzip"}, (400, "malformed_json", [])),
        (PACKED["zstd"], {"Content_Type": "application/json"}, (400, "malformed_json", [])),
        (
            PACKED["gzip"],
            {"Content_Type": "application/gzip", "Content_Encoding": "zstd"},
            (415, "unsupported_media_type", []),
        ),
        (PACKED["gzip"], {"Content_Type": "application/x-brotli"}, (415, "unsupported_media_type", [])),
        (
            PACKED["gzip"],
            {"Content_Type": "application/gzip", "ce_specversion": "1.0"},
            (415, "unsupported_media_type", []),
        ),
    ],
)
def test_what_cannot_be_unpacked_is_refused(
    world: World, body: bytes, headers: dict[str, str], expected: tuple[int, str, list[str]]
) -> None:
    assert expected == world.problem(body, **headers)


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("zstd", zstd.compress)])
def test_five_mebibytes_unpacked_are_taken_and_one_byte_more_is_not(world: World, coding: str, pack: Any) -> None:
    shell = '{"type":"t","payload":""}'
    fits = (shell[:-2] + "x" * (BODY_LIMIT_BYTES - len(shell)) + shell[-2:]).encode()

    assert (413, "payload_too_large", []) == world.problem(pack(fits + b" "), Content_Type=f"application/{coding}")
    assert 202 == world.post(pack(fits), Content_Type=f"application/{coding}")[0]


def test_zstd_may_not_ask_for_more_memory_than_http_allows(world: World) -> None:
    window = {zstd.CompressionParameter.window_log: ZSTD_WINDOW_LOG + 1, zstd.CompressionParameter.content_size_flag: 0}
    packer = zstd.ZstdCompressor(options=window)
    body = packer.compress(EVENT) + packer.flush()

    assert (400, "malformed_request", []) == world.problem(body, Content_Type="application/zstd")


def gzip_bomb() -> bytes:
    """Equal blocks of zeros, made once: compressing gigabytes would take longer than the test."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packer.compress(bytes(1 << 20))
    packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + block * (BOMB_BYTES >> 20) + packer.flush() + bytes(8)


def zstd_bomb() -> bytes:
    """Blocks of one repeated byte (RFC 8878, 3.1.1.2), behind a header that names no size and an 8 MiB window."""
    window_descriptor = (ZSTD_WINDOW_LOG - 10) << 3
    block = struct.pack("<I", (128 * 1024) << 3 | 1 << 1)[:3] + b"\0"
    return b"\x28\xb5\x2f\xfd\x00" + bytes([window_descriptor]) + block * (BOMB_BYTES >> 17)


MEASURE = """
import json, resource, sys
from tests.support.ingest_world import World
from functions.ingest.handler import handle

def peak_bytes():
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024

world = World()
warm_up, bomb = json.load(sys.stdin)
assert 202 == handle(warm_up, world.app, within_seconds=5.0)["statusCode"]
before = peak_bytes()
answer = handle(bomb, world.app, within_seconds=5.0)
print(json.dumps([answer["statusCode"], peak_bytes() - before]))
"""


@pytest.mark.parametrize("path", ["/events", "/events/batch"])
@pytest.mark.parametrize(("coding", "bomb"), [("gzip", gzip_bomb), ("zstd", zstd_bomb)])
def test_a_bomb_is_refused_within_fifty_megabytes(coding: str, bomb: Any, path: str) -> None:
    """Four gigabytes in a few megabytes, in a process of its own whose memory is measured."""
    packed = {"Content-Type": f"application/{coding}"}
    requests = [a_request(PACKED[coding], headers=packed), a_request(bomb(), path=path, headers=packed)]

    done = subprocess.run(
        (sys.executable, "-c", MEASURE),
        input=json.dumps(requests),
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=True,
    )

    status, growth = json.loads(done.stdout.splitlines()[-1])
    assert 413 == status
    assert growth < MEMORY_LIMIT_BYTES


def test_the_bombs_are_real() -> None:
    """They would go off: a reader without a limit gets far beyond it."""
    beyond = 10 * BODY_LIMIT_BYTES

    assert beyond == len(zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(gzip_bomb(), beyond))
    assert beyond == len(zstd.ZstdDecompressor().decompress(zstd_bomb(), beyond))
    # And they would come through: base64 in a Lambda event of 6 MB at most.
    assert max(len(base64.b64encode(bomb())) for bomb in (gzip_bomb, zstd_bomb)) < 6_000_000
