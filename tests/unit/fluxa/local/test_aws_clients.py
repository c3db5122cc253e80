import threading

import pytest

from fluxa.local.aws_clients import AwsClients


@pytest.fixture
def clients():
    clients = AwsClients(
        endpoint_url="http://127.0.0.1:9", region="eu-west-3", access_key_id="000000000000", secret_access_key="s"
    )
    yield clients
    clients.close()


def test_the_operators_own_aws_settings_are_not_consulted(clients: AwsClients, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_PROFILE", "a-profile-that-does-not-exist")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://example.com")
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:3128")

    client = clients.get("sqs")

    assert ("http://127.0.0.1:9", "eu-west-3") == (client.meta.endpoint_url, client.meta.region_name)
    assert {} == client.meta.config.proxies
    url = clients.get("s3").generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})
    assert "000000000000" in url
    assert "AKIAREAL" not in url


def test_a_client_is_made_once_however_many_threads_ask(clients: AwsClients):
    barrier = threading.Barrier(4)
    got = []

    def ask() -> None:
        barrier.wait()
        got.append(clients.get("sqs"))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 4 == len(got)
    assert {id(got[0])} == {id(client) for client in got}
