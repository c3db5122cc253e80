"""The emulator's queues on `Messages`: each method here replaces the function of its name in its `services/sqs.py`.

What it answers stays the same, call by call: tests/integration/services/test_emulator_queues.py compares the two. FIFO
queues keep their lists, and the emulator's own functions.
"""

import json
import time
from typing import Any

from fluxa.local.emulator_program.messages import Messages

Queue = dict[str, Any]
Data = dict[str, Any]

REPLACED = (
    "_act_create_queue",
    "_act_delete_message",
    "_act_delete_message_batch",
    "_act_change_visibility",
    "_act_change_visibility_batch",
    "_restore_state",
    "_expire_retained",
    "_refresh_counts",
    "_collect_msgs",
    "_dlq_sweep",
    "_delete_messages_for_esm",
)


def install(sqs: Any) -> None:
    """Let the emulator's module keep the messages of its queues in a new way."""
    queues = _Queues(sqs)
    for name in REPLACED:
        original, replacement = getattr(sqs, name), getattr(queues, name)
        setattr(sqs, name, replacement)
        for action, handler in sqs._HANDLERS.items():
            if handler is original:
                sqs._HANDLERS[action] = replacement


class _Queues:
    def __init__(self, sqs: Any) -> None:
        self._sqs = sqs
        self._originals = {name: getattr(sqs, name) for name in REPLACED}

    def _act_create_queue(self, data: Data, url: str) -> Any:
        answer = self._originals["_act_create_queue"](data, url)
        self._convert(self._sqs._queues[answer["QueueUrl"]])
        return answer

    def _restore_state(self, data: Any) -> None:
        self._originals["_restore_state"](data)
        for _, queue in self._sqs._queues.all_items():
            self._convert(queue)

    def _convert(self, queue: Queue) -> None:
        if not queue["is_fifo"] and not isinstance(queue["messages"], Messages):
            queue["messages"] = Messages(queue["messages"], complete=self._sqs._ensure_msg_fields)

    def _act_delete_message(self, data: Data, url: str) -> Any:
        queue = self._sqs._get_q(data.get("QueueUrl", url), "sqs:DeleteMessage")
        if queue["is_fifo"]:
            return self._originals["_act_delete_message"](data, url)
        handle = data.get("ReceiptHandle", "")
        if not handle:
            raise self._sqs._Err("MissingParameter", "The request must contain the parameter ReceiptHandle.")
        if not queue["messages"].delete(handle):
            raise self._invalid_handle()
        return {}

    def _act_delete_message_batch(self, data: Data, url: str) -> Any:
        queue = self._sqs._get_q(data.get("QueueUrl", url), "sqs:DeleteMessage")
        if queue["is_fifo"]:
            return self._originals["_act_delete_message_batch"](data, url)
        entries = data.get("Entries", [])
        self._sqs._validate_batch_entries(entries, "DeleteMessageBatchRequestEntry")
        return self._answers(
            {entry["Id"]: queue["messages"].delete(entry.get("ReceiptHandle", "")) for entry in entries}
        )

    def _act_change_visibility(self, data: Data, url: str) -> Any:
        queue = self._sqs._get_q(data.get("QueueUrl", url), "sqs:ChangeMessageVisibility")
        if queue["is_fifo"]:
            return self._originals["_act_change_visibility"](data, url)
        if not self._hide(queue, data):
            raise self._invalid_handle()
        return {}

    def _act_change_visibility_batch(self, data: Data, url: str) -> Any:
        queue = self._sqs._get_q(data.get("QueueUrl", url), "sqs:ChangeMessageVisibility")
        if queue["is_fifo"]:
            return self._originals["_act_change_visibility_batch"](data, url)
        entries = data.get("Entries", [])
        self._sqs._validate_batch_entries(entries, "ChangeMessageVisibilityBatchRequestEntry")
        return self._answers({entry["Id"]: self._hide(queue, entry) for entry in entries})

    def _hide(self, queue: Queue, entry: Data) -> bool:
        seconds = int(entry.get("VisibilityTimeout", 30))
        found: bool = queue["messages"].hide(entry.get("ReceiptHandle", ""), time.time() + seconds)
        if found and seconds == 0:
            self._sqs.esm_wake.set()
        return found

    def _answers(self, found: dict[str, bool]) -> Data:
        error = self._invalid_handle()
        failure = {"Code": error.code, "Message": error.message, "SenderFault": True}
        return {
            "Successful": [{"Id": entry_id} for entry_id, was_there in found.items() if was_there],
            "Failed": [{"Id": entry_id, **failure} for entry_id, was_there in found.items() if not was_there],
        }

    def _invalid_handle(self) -> Any:
        return self._sqs._Err("ReceiptHandleIsInvalid", "The input receipt handle is invalid.")

    def _expire_retained(self, queue: Queue) -> None:
        if queue["is_fifo"]:
            self._originals["_expire_retained"](queue)
        else:
            queue["messages"].expire(time.time() - int(queue["attributes"].get("MessageRetentionPeriod", "345600")))

    def _refresh_counts(self, queue: Queue) -> None:
        if queue["is_fifo"]:
            self._originals["_refresh_counts"](queue)
            return
        self._expire_retained(queue)
        visible, received, delayed = queue["messages"].counts(time.time())
        queue["attributes"]["ApproximateNumberOfMessages"] = str(visible)
        queue["attributes"]["ApproximateNumberOfMessagesNotVisible"] = str(received)
        queue["attributes"]["ApproximateNumberOfMessagesDelayed"] = str(delayed)

    def _collect_msgs(self, queue: Queue, limit: int, visibility_timeout: int) -> Any:
        if queue["is_fifo"]:
            return self._originals["_collect_msgs"](queue, limit, visibility_timeout)
        return queue["messages"].receive(
            limit, now=time.time(), hidden_for=visibility_timeout, new_handle=self._sqs.new_uuid
        )

    def _dlq_sweep(self, queue: Queue) -> None:
        if queue["is_fifo"]:
            self._originals["_dlq_sweep"](queue)
            return
        # Both were checked when they were set.
        policy = json.loads(queue["attributes"].get("RedrivePolicy") or "{}")
        target = self._sqs._queue_by_arn(policy["deadLetterTargetArn"]) if policy else None
        if target is None:
            return
        now = time.time()
        for message in queue["messages"].take_out_received(int(policy["maxReceiveCount"]), now=now):
            source = {"DeadLetterQueueSourceArn": queue["attributes"]["QueueArn"]}
            moved = {"receipt_handle": None, "visible_at": now, "sys": source | message["sys"]}
            target["messages"].append(message | moved)
            self._sqs.esm_wake.set()

    def _delete_messages_for_esm(self, queue_url: str, handles: set[str]) -> None:
        queue = self._sqs._get_q(queue_url)
        if queue["is_fifo"]:
            self._originals["_delete_messages_for_esm"](queue_url, handles)
            return
        for handle in handles:
            queue["messages"].delete(handle)
