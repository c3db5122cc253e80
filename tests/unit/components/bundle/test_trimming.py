from collections.abc import Callable
from pathlib import Path

import pytest

from components.bundling.errors import BundleError
from components.bundling.sources import FUNCTIONS
from components.bundling.trimming import SERVICES, kept_files

SQS = "botocore/data/sqs/2012-11-05/service-2.json.gz"
DYNAMODB = "botocore/data/dynamodb/2012-08-10/service-2.json.gz"

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path) -> Install:
    def write(*paths: str, **contents: str) -> Path:
        for path in paths:
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(contents.get(file.name, ""), encoding="utf-8")
        return tmp_path

    return write


def kept(package: Path, function: str = "ingest", services: frozenset[str] = frozenset({"sqs"})) -> set[str]:
    return {path for path, _ in kept_files([package], function, services)}


def test_only_called_services_are_described_beside_what_all_services_share(install: Install):
    package = install(SQS, DYNAMODB, "botocore/data/endpoints.json", "botocore/data/_retry.json", "botocore/cacert.pem")

    assert {SQS, "botocore/data/endpoints.json", "botocore/data/_retry.json", "botocore/cacert.pem"} == kept(package)


def test_a_service_that_botocore_does_not_know_is_refused_by_name(install: Install):
    with pytest.raises(BundleError, match=r"no service dynamodbb: correct handler-services under \[tool.fluxa\]"):
        kept(install(SQS), services=frozenset({"sqs", "dynamodbb"}))


def test_tests_stubs_scripts_and_caches_stay_at_home(install: Install):
    package = install(
        *("a/__init__.py", "a/core.so", "a/rules.json", "a/__init__.pyi", "a/py.typed", "a/core.pyx", "a/.hidden"),
        *("a/tests/test_a.py", "a/b/test/c.py", "a/__pycache__/x.cpython-311.pyc", "bin/a", ".lock", "a/testing.py"),
    )

    assert {"a/__init__.py", "a/core.so", "a/rules.json", "a/testing.py"} == kept(package)


def test_of_a_distribution_only_name_version_and_entry_points_remain(install: Install):
    metadata = "Metadata-Version: 2.4\nName: a\nVersion: 1\nAuthor: me\n\nName: not this, it is the read-me\n"
    package = install(
        *(f"a-1.dist-info/{name}" for name in ("METADATA", "RECORD", "INSTALLER", "WHEEL", "entry_points.txt")),
        "a-1.dist-info/licenses/LICENSE",
        METADATA=metadata,
    )

    contents = dict(kept_files([package], "ingest", frozenset()))
    assert {"a-1.dist-info/METADATA", "a-1.dist-info/entry_points.txt"} == set(contents)
    assert b"Metadata-Version: 2.4\nName: a\nVersion: 1\n" == contents["a-1.dist-info/METADATA"]


def test_a_users_handlers_may_import_what_our_own_code_does_not(install: Install):
    package = install("pydantic/v1/main.py", "sqlalchemy/orm/session.py", "sqlalchemy/ext/compiler.py")

    assert {"pydantic/v1/main.py", "sqlalchemy/orm/session.py", "sqlalchemy/ext/compiler.py"} == kept(
        package, "processor"
    )
    assert {"sqlalchemy/ext/compiler.py"} == kept(package, "maintenance")


def test_every_function_has_its_list_of_services():
    assert set(FUNCTIONS) == set(SERVICES)
