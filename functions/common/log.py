"""Structured logs: one JSON object a line on standard output, where Lambda picks it up."""

import contextlib
import logging
from collections.abc import Iterator, MutableMapping
from typing import Any

import structlog

from functions.common.names import Service

REDACTED = "[redacted]"

REDACTED_KEYS = frozenset(
    {
        "api_key",
        "authorization",
        "body",
        "cookie",
        "cursor_key",
        "headers",
        "password",
        "payload",
        "secret",
        "token",
        "user_id",
        "x-api-key",
    }
)
"""Keys whose values never reach a log, at any depth: credentials, what clients sent, and whom it is about."""


def configure(service: Service, level: str) -> None:
    """Set up logging for one function. Calling it again replaces the set-up."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
            structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
            withhold_exception_texts,
            redact,
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(service=service.value)


def get_logger() -> structlog.typing.FilteringBoundLogger:
    """Return the logger. Log facts as keys, past tense: `log.info("event_accepted", event_id=…)`."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return logger


@contextlib.contextmanager
def bound(**keys: str) -> Iterator[None]:
    """Put keys such as `correlation_id` on every line logged inside the block."""
    with structlog.contextvars.bound_contextvars(**keys):
        yield


def withhold_exception_texts(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Keep an exception's type and frames and drop its words: a bug's words often quote the value it met."""
    for exception in event.get("exception") or []:
        if isinstance(exception, dict):
            exception["exc_value"] = REDACTED
    return event


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace the values of `REDACTED_KEYS`, whatever their depth."""
    return {key: _redacted(key, value) for key, value in event.items()}


def _redacted(key: str, value: object) -> object:
    if key.lower() in REDACTED_KEYS:
        return REDACTED
    if isinstance(value, dict):
        return {inner: _redacted(str(inner), item) for inner, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted("", item) for item in value]
    return value
