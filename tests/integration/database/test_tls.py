"""A server that cannot prove its name is not told the password, however well the rest of it looks."""

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from functions.adapters.connecting import connect
from functions.common.errors import DatabaseUnavailable
from tests.support.postgres_fixtures import KnownPassword, settings_for

SSL_REQUEST_BYTES = 8


@pytest.fixture
def impostor(tmp_path):
    """Speaks TLS as PostgreSQL does, with a certificate for the right name that it made itself."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        thread = threading.Thread(target=answer, args=(listener, own_certificate(tmp_path)))
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def own_certificate(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "impostor.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file


def answer(listener, certificate):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    connection, _ = listener.accept()
    with connection:
        connection.recv(SSL_REQUEST_BYTES)
        connection.sendall(b"S")
        with pytest.raises(ssl.SSLError, match="alert unknown ca"), context.wrap_socket(connection, server_side=True):
            pass


@pytest.mark.parametrize("tls", ["verify-full", "verify-system"])
def test_a_certificate_from_nobody_we_believe_ends_the_conversation(impostor, tls):
    settings = settings_for(f"postgresql://fluxa_query@localhost:{impostor}/fluxa").model_copy(
        update={"database_tls": tls}
    )

    with pytest.raises(DatabaseUnavailable, match="certificate verify failed"):
        connect(settings, KnownPassword("s1"))
