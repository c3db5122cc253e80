"""What the driver is told, for each kind of server."""

import ssl

import pytest

from functions.adapters.connecting import Attempts
from functions.common.environment import DatabaseSettings
from tests.support.postgres_fixtures import KnownPassword, settings_for

URL = "postgresql://fluxa_query@db.internal:5432/fluxa"


def arguments(tls: str) -> dict[str, object]:
    settings: DatabaseSettings = settings_for(URL).model_copy(update={"database_tls": tls})
    return Attempts(settings, KnownPassword("s1")).arguments()


def authorities(tls: str) -> set[str]:
    """The names of whom a server's certificate may come from."""
    believed = ssl.create_default_context(cafile=str(arguments(tls)["sslrootcert"])).get_ca_certs()
    return {name for root in believed for part in root["subject"] for key, name in part if key == "commonName"}


@pytest.mark.parametrize("tls", ["verify-full", "verify-system"])
def test_with_tls_the_server_must_prove_its_name(tls):
    assert "verify-full" == arguments(tls)["sslmode"]


def test_an_instance_must_come_from_rds_own_authorities():
    names = authorities("verify-full")

    assert "Amazon RDS eu-central-1 Root CA RSA2048 G1" in names
    assert "Amazon Root CA 1" not in names


def test_a_proxy_must_come_from_amazons_public_authorities():
    assert {f"Amazon Root CA {number}" for number in (1, 2, 3, 4)} < authorities("verify-system")


def test_without_tls_none_is_asked_for():
    told = arguments("disable")

    assert ("disable", False) == (told["sslmode"], "sslrootcert" in told)


@pytest.mark.parametrize("tls", ["verify-full", "verify-system", "disable"])
def test_nothing_is_said_that_a_proxy_refuses_or_pins_a_session_for(tls):
    """RDS Proxy takes no command-line options, and pins whoever prepares statements."""
    told = arguments(tls)

    assert (False, None) == ("options" in told, told["prepare_threshold"])
