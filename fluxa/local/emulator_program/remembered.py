"""Answers that depend on nothing but the question, and that the emulator works out anew for every message."""

from functools import lru_cache
from typing import Any

_QUESTIONS = 1_024
"""Queues and policies of one platform: some dozens."""


def install(sqs: Any, iam_evaluator: Any) -> None:
    """Let the emulator remember which queue an address names, who owns it, and what a policy says."""
    sqs._queue_ref_from_urlish = lru_cache(_QUESTIONS)(sqs._queue_ref_from_urlish)
    sqs._owner_from_queue_arn = lru_cache(_QUESTIONS)(sqs._owner_from_queue_arn)
    iam_evaluator.parse_policy_document = _remembering_texts(iam_evaluator.parse_policy_document)


def _remembering_texts(parse: Any) -> Any:
    parse_text = lru_cache(_QUESTIONS)(parse)

    def parse_policy_document(document: str | dict[str, Any]) -> Any:
        # A list of its own for each who asks.
        return list(parse_text(document)) if isinstance(document, str) else parse(document)

    return parse_policy_document
