import json

from fluxa.local.outputs import PlatformOutputs

OUTPUTS = PlatformOutputs(
    api_url="http://127.0.0.1:1/v1",
    api_key="key-s3cret",
    database_url="postgresql://u:db-s3cret@127.0.0.1:2/fluxa",
    aws_endpoint_url="http://127.0.0.1:1",
    region="us-east-1",
    access_key_id="000000000000",
    secret_access_key="aws-s3cret",
    queue_url="http://127.0.0.1:1/q",
    dead_letter_queue_url="http://127.0.0.1:1/d",
    payload_bucket="b",
    functions={"ingest": "ingest-1"},
)


def test_scripts_find_every_value_under_its_promised_key():
    assert {
        "api_url",
        "api_key",
        "database_url",
        "aws_endpoint_url",
        "region",
        "access_key_id",
        "secret_access_key",
        "queue_url",
        "dead_letter_queue_url",
        "payload_bucket",
        "functions",
    } == set(json.loads(json.dumps(OUTPUTS.document())))


def test_no_secret_is_in_what_a_traceback_or_log_would_show():
    assert "s3cret" not in repr(OUTPUTS)
