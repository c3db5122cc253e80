"""The HTTP API in memory, behind a real socket: `POST /events/batch` as `openapi.yaml` has it, and pages of events."""

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

API_KEY = "key-of-the-tests"

Answer = tuple[int, dict[str, Any], dict[str, str]]


class BatchServer:
    """Takes events, and remembers how often each came; its attributes decide how it behaves."""

    def __init__(self) -> None:
        self.accepted: dict[str, dict[str, Any]] = {}
        """What was stored, by id: an id is stored once."""
        self.deliveries = 0
        """Events accepted, resent ones counted again."""
        self.requests: list[dict[str, Any]] = []
        self.conflicts: list[str] = []
        """Ids that came with two contents."""
        self.refuse: Callable[[dict[str, Any]], str | None] = lambda event: None
        """Says why an event is rejected."""
        self.fail: Callable[[dict[str, Any]], bool] = lambda event: False
        """Says whether an event fails for the moment."""
        self.troubles: list[Answer] = []
        """Answers to give to the next requests, before anything is taken."""
        self.on_batch: Callable[[], None] = lambda: None
        """Called when a batch was taken, before it is answered."""
        self.listing: Callable[[dict[str, str]], dict[str, Any] | Answer] = lambda parameters: {
            "items": [],
            "next_cursor": None,
        }
        self.events: dict[str, dict[str, Any]] = {}
        """What `GET /events/{event_id}` answers, and under `{event_id}/timeline` its timeline."""
        self.forbidden: set[str] = set()
        """Paths that are answered as a gateway does that has no such route."""
        self.lock = threading.Lock()
        self.url = ""

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> Answer:
        split = urlsplit(path)
        with self.lock:
            self.requests.append({"method": method, "path": path, "type": headers["Content-Type"], "bytes": len(body)})
            if headers["x-api-key"] != API_KEY:
                return 403, {"message": "Forbidden"}, {}
            if split.path in self.forbidden:
                return 403, {"message": "Missing Authentication Token"}, {}
            if self.troubles:
                return self.troubles.pop(0)
            if method == "GET":
                return self._get(split.path, {name: values[0] for name, values in parse_qs(split.query).items()})
            if split.path != "/v1/events/batch":
                return 404, {"detail": "No such path."}, {}
            return self.take(gzip.decompress(body) if headers["Content-Type"] == "application/gzip" else body)

    def _get(self, path: str, parameters: dict[str, str]) -> Answer:
        if path == "/v1/events":
            found = self.listing(parameters)
            return found if isinstance(found, tuple) else (200, found, {})
        event = self.events.get(path.removeprefix("/v1/events/"))
        return (404, {"detail": "No such event."}, {}) if event is None else (200, event, {})

    def take(self, body: bytes) -> Answer:
        if len(body) > 5 * 1024 * 1024:
            return 413, {"detail": "Too large."}, {}
        events = json.loads(body)
        if not 1 <= len(events) <= 500:
            return 413, {"detail": "Too many."}, {}
        items = [self._item(index, event) for index, event in enumerate(events)]
        self.on_batch()
        return 207, {"items": items}, {}

    def _item(self, index: int, event: dict[str, Any]) -> dict[str, Any]:
        event_id = event.get("event_id") or event["id"]
        item = {"index": index, "event_id": event_id}
        if reason := self.refuse(event):
            return item | {"status": "rejected", "error": {"detail": reason, "code": "invalid_event"}}
        if self.fail(event):
            return item | {"status": "failed", "error": {"detail": "Later.", "code": "queue_unavailable"}}
        if self.accepted.setdefault(event_id, event) != event:
            self.conflicts.append(event_id)
        self.deliveries += 1
        return item | {"status": "accepted"}

    def outputs(self) -> dict[str, Any]:
        """Return what Pulumi would say of a stack whose API this is."""
        return {
            "api_url": self.url,
            "api_key": API_KEY,
            "queue_url": "https://sqs.eu-central-1.amazonaws.com/123456789012/events",
            "dead_letter_queue_url": "https://sqs.eu-central-1.amazonaws.com/123456789012/dead-letters",
            "payload_bucket": "payloads",
            "functions": {"ingest": "fluxa-ingest", "processor": "fluxa-processor", "query": "fluxa-query"},
        }

    def write_outputs(self, folder: Path) -> Path:
        path = folder / "outputs.json"
        path.write_text(json.dumps(self.outputs()), encoding="utf-8")
        return path


@contextmanager
def batch_server() -> Iterator[BatchServer]:
    """Run one for the length of the block."""
    state = BatchServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Otherwise each small answer waits for the client's delayed acknowledgement.
        wbufsize = -1

        def do_POST(self) -> None:
            self._answer()

        def do_GET(self) -> None:
            self._answer()

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            status, document, headers = state.answer(self.command, self.path, self.headers, body)
            text = json.dumps(document).encode()
            self.send_response(status)
            for name, value in {
                "Content-Length": str(len(text)),
                "Content-Type": "application/json",
                **headers,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

        def handle(self) -> None:
            # A sender that was killed leaves in the middle.
            with suppress(ConnectionError):
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
