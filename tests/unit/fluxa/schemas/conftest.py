"""The project whose schemas a test checks."""

import os

import pytest

from tests.support.schema_project import Project


@pytest.fixture
def project(tmp_path, monkeypatch):
    # Nothing of the repository that these tests may run in, nor of a hook that runs them.
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)
