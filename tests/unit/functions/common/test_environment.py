"""A function's settings come from its environment, which nothing may quote."""

import pytest
from pydantic import ValidationError

from functions.common.environment import FunctionSettings


def test_a_missing_key_is_named_and_no_value_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "very-secret-token")
    monkeypatch.delenv("STACK", raising=False)

    with pytest.raises(ValidationError, match="STACK") as refused:
        FunctionSettings.from_environment()

    assert "very-secret-token" not in str(refused.value)
