import struct
import zipfile
from pathlib import Path

import pytest

from components.bundle import FUNCTIONS
from tests.integration.bundle.conftest import PROJECT

ELF = b"\x7fELF"
# e_machine of the ELF header, https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
MACHINES = {0x3E: "x86_64", 0xB7: "arm64"}

LIMIT_KB = {"ingest": 5_000, "processor": 11_000, "query": 11_000, "maintenance": 11_500}
"""The goal for a zip that every cold start fetches. Nobody waits for maintenance."""


def machines_in(bundle: Path) -> set[str]:
    with zipfile.ZipFile(bundle) as archive:
        contents = (archive.read(name)[:20] for name in archive.namelist())
        return {MACHINES[struct.unpack_from("<H", head, 18)[0]] for head in contents if head.startswith(ELF)}


def test_bundles_for_graviton_hold_its_machine_code_only(bundles):
    assert {function: {"arm64"} for function in FUNCTIONS} == {
        function: machines_in(bundle) for function, bundle in bundles("arm64").items()
    }


def test_bundles_for_x86_hold_its_machine_code_only(bundles):
    assert {"x86_64"} == machines_in(bundles("x86_64", "processor")["processor"])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_bundles_for_lambda_are_as_small_as_we_promise(bundles, function):
    assert LIMIT_KB[function] >= bundles("arm64")[function].stat().st_size / 1000


def test_a_bundle_holds_the_code_of_one_function(bundles):
    for function, bundle in bundles("arm64").items():
        with zipfile.ZipFile(bundle) as archive:
            ours = {name.split("/")[1] for name in archive.namelist() if name.startswith("functions/")}
        assert {"__init__.py", "__pycache__", "common", "adapters", function} == ours


def test_only_the_processor_holds_handlers_and_only_maintenance_migrations(bundles):
    names = {function: zipfile.ZipFile(bundle).namelist() for function, bundle in bundles("arm64").items()}

    assert ["processor"] == [function for function in names if "handlers/__init__.py" in names[function]]
    assert ["maintenance"] == [
        function for function in names if any("/migrations/versions/" in name for name in names[function])
    ]


def test_nothing_that_an_installer_or_this_machine_left_is_in_a_bundle(bundles):
    for bundle in bundles("arm64").values():
        with zipfile.ZipFile(bundle) as archive:
            names = archive.namelist()
            bytecode = b"".join(archive.read(name) for name in names if name.endswith(".pyc"))
        assert [] == [name for name in names if name.endswith(("/RECORD", "/INSTALLER", "/direct_url.json", "/WHEEL"))]
        assert str(PROJECT).encode() not in bytecode
        assert b"/var/task/functions/" in bytecode
