"""Payloads against the schema of their type, through the whole of `POST /events`, in each mode."""

import json
import subprocess
import sys

import pytest

from functions.common.metrics import Metrics
from functions.common.names import Service
from functions.common.schema_versions import SCHEMAS_FOLDER
from functions.common.uploads import UploadReference
from functions.ingest.accept import Acceptor
from functions.ingest.handler import handle
from functions.ingest.schemas import SchemaGate, Schemas
from functions.ingest.wiring import Ingest
from tests.support.ingest_fakes import NOW, FakePayloads, FakeQueue, FakeUploads, a_request

ITEM = {"sku": "A-1", "quantity": 1}
ORDER = {"order_id": "o-1", "items": [ITEM]}


class World:
    """An ingest function that holds payloads to the schemas of a folder."""

    def __init__(self, mode, folder=SCHEMAS_FOLDER):
        self.queue = FakeQueue()
        self.uploads = FakeUploads()
        self.lines = []
        metrics = Metrics(service=Service.INGEST, stack="test", write=self.lines.append)
        self.app = Ingest(
            acceptor=Acceptor(
                queue=self.queue,
                payloads=FakePayloads(),
                uploads=self.uploads,
                clock=lambda: NOW,
                inline_limit_bytes=262_144,
                gate=SchemaGate(mode=mode, schemas=Schemas(folder), metrics=metrics),
            ),
            metrics=metrics,
        )

    def post(self, payload, event_type="order.created", **fields):
        request = a_request({"type": event_type, "payload": payload, **fields})
        answer = handle(request, self.app, within_seconds=5.0)
        return answer["statusCode"], json.loads(answer["body"])

    def post_batch(self, *payloads, event_type="order.created"):
        events = [{"type": event_type, "payload": payload} for payload in payloads]
        answer = handle(a_request(events, path="/events/batch"), self.app, within_seconds=5.0)
        return json.loads(answer["body"])["items"]

    def problems(self, payload, **fields):
        status, document = self.post(payload, **fields)
        assert (422, []) == (status, self.queue.sent)
        return document["code"], {item["field"]: item["message"] for item in document["errors"]}


@pytest.fixture
def versions(tmp_path):
    """Writes schemas of the type `thing` by version; returns the folder."""

    def write(**schemas):
        (tmp_path / "thing").mkdir()
        for version, schema in schemas.items():
            (tmp_path / "thing" / f"{version.strip('v').replace('_', '.')}.json").write_text(json.dumps(schema))
        return tmp_path

    return write


def post_against(folder, schema, payload):
    (folder / "thing").mkdir()
    (folder / "thing" / "1.json").write_text(json.dumps(schema))
    return World("enforce", folder).post(payload, "thing")


UPLOAD = UploadReference(upload_id="0193589e-8c3c-7c3e-9a64-6b0f0c3a1f52", sha256="ab" * 32, bytes=20_000_000)


def post_uploaded(mode, **fields):
    world = World(mode)
    world.uploads.made.append(UPLOAD)
    return world, *world.post(None, payload_ref=UPLOAD.document(), **fields)


def test_an_uploaded_payload_that_nobody_has_read_passes_no_schema():
    world, status, document = post_uploaded("enforce")

    assert (422, "schema_unchecked", []) == (status, document["code"], world.queue.sent)
    assert ["payload_ref"] == [item["field"] for item in document["errors"]]


def test_a_wrong_version_is_said_of_an_uploaded_payload_too():
    _, status, document = post_uploaded("enforce", schema_version="99")

    assert (422, "unknown_schema_version") == (status, document["code"])


def test_an_uploaded_payload_of_a_type_without_a_schema_is_accepted():
    assert 202 == post_uploaded("enforce", event_type="report.created")[1]


def test_a_warning_about_an_uploaded_payload_has_a_reason_of_its_own():
    world, status, _ = post_uploaded("warn")

    assert (202, 1) == (status, len(world.queue.sent))
    assert [1] == [
        line["SchemaViolations"] for line in map(json.loads, world.lines) if line.get("Reason") == "schema_unchecked"
    ]


def test_a_payload_that_fits_is_accepted_and_travels_unchanged():
    world = World("enforce")

    assert 202 == world.post(ORDER)[0]
    [envelope] = world.queue.envelopes()
    assert json.dumps(ORDER) == envelope.payload


def test_a_payload_of_a_batch_is_refused_without_harm_to_its_neighbours():
    world = World("enforce")

    items = world.post_batch(ORDER, {"items": []}, ORDER)
    assert [202, 422, 202] == [item["status_code"] for item in items]
    assert "schema_violated" == items[1]["error"]["code"]
    assert 2 == len(world.queue.sent)


def test_enforce_names_the_place_of_every_violation():
    payload = {"items": [{"quantity": 0}, {"sku": 7, "quantity": 1}], "colour": "red"}

    assert World("enforce").problems(payload) == (
        "schema_violated",
        {
            "payload.order_id": "Required.",
            "payload.items[0].sku": "Required.",
            "payload.items[0].quantity": "Must be at least 1.",
            "payload.items[1].sku": "Must be of type string.",
            "payload.colour": "Not in the schema, which allows nothing else.",
        },
    )


def test_a_value_is_never_repeated(tmp_path):
    secret = "hunter2-hunter2"
    rules = {"type": "number"}, {"enum": [1]}, {"const": 1}, {"pattern": "^x$"}, {"maxLength": 1}, {"not": {}}, False
    rules += ({"anyOf": [{"const": 1}]}, {"oneOf": [{"const": 1}]}, {"minLength": 99})
    every = {"properties": {f"p{number}": rule for number, rule in enumerate(rules)}}
    payload = {f"p{number}": secret for number in range(len(rules))}

    status, document = post_against(tmp_path, every, payload)

    assert (422, len(rules)) == (status, len(document["errors"]))
    assert secret not in json.dumps(document)


def test_at_most_twenty_violations_are_named():
    _, named = World("enforce").problems({"order_id": "o", "items": [{"sku": "A", "quantity": 0}] * 100})

    assert 20 == len(named)


@pytest.mark.parametrize("form", ["structured", "binary"])
def test_a_cloudevent_is_held_to_the_same_schema_and_its_data_named(form):
    world = World("enforce")
    attributes = {"specversion": "1.0", "id": "e-1", "source": "/shop", "type": "order.created"}
    if form == "structured":
        kind = {"Content-Type": "application/cloudevents+json"}
        request = a_request({**attributes, "data": {**ORDER, "items": []}}, headers=kind)
    else:
        headers = {f"ce-{name}": value for name, value in attributes.items()}
        request = a_request({**ORDER, "items": []}, headers=headers)

    answer = handle(request, world.app, within_seconds=5.0)

    assert 422 == answer["statusCode"]
    assert [{"field": "data.items", "message": "Must have at least 1 items."}] == json.loads(answer["body"])["errors"]


def test_an_absent_payload_is_null_to_its_schema():
    answer = handle(a_request({"type": "order.created"}), World("enforce").app, within_seconds=5.0)

    assert [("payload", "Must be of type object.")] == [
        (item["field"], item["message"]) for item in json.loads(answer["body"])["errors"]
    ]


def test_an_idempotency_key_changes_nothing_about_the_check():
    answer = handle(
        a_request({"type": "order.created", "payload": {}}, headers={"Idempotency-Key": "k"}),
        World("enforce").app,
        within_seconds=5.0,
    )

    assert 422 == answer["statusCode"]


@pytest.mark.parametrize("mode", ["warn", "enforce"])
@pytest.mark.parametrize("event_type", ["order.cancelled", "..", "../schemas/order.created", "order.created/", "Ω"])
def test_a_type_without_a_schema_passes(mode, event_type):
    assert 202 == World(mode).post({"anything": 1}, event_type)[0]


def test_the_event_picks_the_version_and_the_highest_stands_in(versions):
    folder = versions(v1={"type": "string"}, v2={"type": "number"}, v10={"type": "boolean"})
    cases = {None: True, "1": "text", "2": 2, "10": False}

    for version, payload in cases.items():
        fields = {} if version is None else {"schema_version": version}
        assert 202 == World("enforce", folder).post(payload, "thing", **fields)[0]
        assert 422 == World("enforce", folder).post([], "thing", **fields)[0]


def test_an_unknown_version_of_a_known_type_is_refused_with_those_there_are(versions):
    folder = versions(v1={}, v1_1={})

    assert World("enforce", folder).problems(1, event_type="thing", schema_version="../1") == (
        "unknown_schema_version",
        {"schema_version": "There is 1.1, 1."},
    )


def test_warn_accepts_counts_and_logs_the_places(caplog, capsys):
    world = World("warn")

    assert 202 == world.post({"order_id": "o-1", "items": [{"quantity": 1, "sku": "hunter2" * 50}]})[0]

    figures = [json.loads(line) for line in world.lines]
    assert {"schema_violated"} == {
        line["Reason"] for line in figures if "SchemaViolations" in line and "Reason" in line
    }
    assert 1 == len(world.queue.sent)
    logged = capsys.readouterr().out + caplog.text
    assert "payload.items[0].sku" in logged
    assert "hunter2" not in logged


def test_a_payload_that_fits_is_not_counted_in_warn():
    world = World("warn")

    world.post(ORDER)

    assert not any("SchemaViolations" in line for line in world.lines)


def test_a_pattern_made_to_run_for_ever_does_not(tmp_path):
    status, _ = post_against(tmp_path, {"pattern": "^(a+)+$"}, "a" * 50_000 + "!")

    assert 422 == status


def test_the_validator_is_not_loaded_before_an_event_has_a_schema():
    program = "import sys; import functions.ingest.handler; sys.exit('jsonschema_rs' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", program], check=False)

    assert 0 == done.returncode


@pytest.mark.parametrize("number", ["1e308", "9" * 300, "0.1", "-0.0", "12345678901234567890"])
def test_any_number_that_json_takes_is_checked_without_failing(number, versions):
    folder = versions(v1={"type": "number"})
    request = a_request(f'{{"type": "thing", "payload": {number}}}')

    assert 202 == handle(request, World("enforce", folder).app, within_seconds=5.0)["statusCode"]
