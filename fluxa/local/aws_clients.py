"""boto3 clients of the emulator, made once each and kept apart from the operator's own AWS settings."""

import threading
from typing import Any


class AwsClients:
    """The clients that speak to one emulator with one identity; usable from any thread."""

    def __init__(self, *, endpoint_url: str, region: str, access_key_id: str, secret_access_key: str) -> None:
        self._connection = {
            "endpoint_url": endpoint_url,
            "region_name": region,
            "aws_access_key_id": access_key_id,
            "aws_secret_access_key": secret_access_key,
        }
        self._clients: dict[str, Any] = {}
        # One for all clients: it keeps the descriptions of services and regions that each of them needs.
        self._session: Any = None
        # Making a client is not thread-safe, using one is.
        self._making = threading.Lock()

    def get(self, service: str) -> Any:
        with self._making:
            if service not in self._clients:
                self._clients[service] = self._make(service)
            return self._clients[service]

    def close(self) -> None:
        """Close every open connection."""
        with self._making:
            for client in self._clients.values():
                client.close()

    def _make(self, service: str) -> Any:
        from botocore.config import Config

        if self._session is None:
            self._session = _session()
        return self._session.client(
            service,
            config=Config(
                # A proxy in the terminal's environment would be asked for this machine.
                proxies={},
                connect_timeout=5,
                read_timeout=60,
                max_pool_connections=32,
                retries={"mode": "standard", "total_max_attempts": 2},
                s3={"addressing_style": "path"},
            ),
            **self._connection,
        )


def _session() -> Any:
    """Return a session that looks at none of the operator's AWS settings.

    They are for a real account: with them consulted, a mistyped profile would stop the local platform.
    """
    import boto3
    import botocore.session

    settings = botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": (None, None, "/dev/null", None),
            "credentials_file": (None, None, "/dev/null", None),
        }
    )
    return boto3.Session(botocore_session=settings)
