"""What `fluxa env` reads is there while a platform runs, and gone afterwards."""

import pytest

from fluxa.cli.env import env
from fluxa.errors import OperatorError
from fluxa.local.published import published, read_published

OUTPUTS = {
    "api_url": "http://127.0.0.1:1/v1",
    "api_key": "it's secret",
    "database_url": "postgresql://u:p@127.0.0.1:2/fluxa",
    "aws_endpoint_url": "http://127.0.0.1:1",
    "region": "us-east-1",
    "access_key_id": "test",
    "secret_access_key": "test",
}


def test_outputs_are_there_for_as_long_as_the_platform_runs(tmp_path):
    with published(tmp_path, OUTPUTS):
        assert OUTPUTS == read_published(tmp_path)
        assert "0o600" == oct((tmp_path / "platform.json").stat().st_mode & 0o777)

    with pytest.raises(OperatorError, match="No platform is running in"):
        read_published(tmp_path)


def test_a_file_that_a_killed_platform_left_is_replaced(tmp_path):
    (tmp_path / "platform.json").write_text("{")

    with pytest.raises(OperatorError, match="cannot be read"):
        read_published(tmp_path)
    with published(tmp_path, OUTPUTS):
        assert OUTPUTS == read_published(tmp_path)


def test_the_lines_can_be_evaluated_by_a_shell(tmp_path, capsys):
    with published(tmp_path, OUTPUTS):
        env(tmp_path)

    lines = capsys.readouterr().out.splitlines()
    assert "export FLUXA_API_URL=http://127.0.0.1:1/v1" in lines
    assert """export FLUXA_API_KEY='it'"'"'s secret'""" in lines
