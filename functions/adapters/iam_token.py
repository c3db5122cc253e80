"""Tokens that RDS takes in a password's place, from a user granted `rds_iam`."""

from functools import cached_property
from urllib.parse import urlencode

import botocore.session
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError

from functions.common.errors import SecretUnavailable

VALIDITY_SECONDS = 900
"""How long a token opens connections; those that are open stay so.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html"""

_SCHEME = "https://"


class IamToken:
    """A new token for each connection. It is signed here: nobody is asked, so there is nothing to keep."""

    def __init__(self, *, host: str, port: int, user: str) -> None:
        self._user = user
        self._endpoint = f"{host}:{port}"

    def __call__(self) -> str:
        """Return a token made now.

        botocore's RDS client makes the same one, after loading the description of all that RDS can do.

        Raises:
            SecretUnavailable: The function's own credentials are missing.
        """
        query = urlencode({"Action": "connect", "DBUser": self._user})
        request = AWSRequest("GET", f"{_SCHEME}{self._endpoint}/?{query}")
        try:
            credentials = self._session.get_credentials()
            region = self._session.get_config_variable("region")
            if credentials is None or region is None:
                raise SecretUnavailable(f"A token for {self._user} needs AWS credentials and a region; one is missing.")
            frozen = credentials.get_frozen_credentials()
        except BotoCoreError as error:
            raise SecretUnavailable(f"The credentials that sign a token for {self._user} could not be read.") from error
        SigV4QueryAuth(frozen, "rds-db", region, expires=VALIDITY_SECONDS).add_auth(request)
        return str(request.url).removeprefix(_SCHEME)

    def refresh(self) -> str:
        """Return a token made now: a refused one may have grown old while the environment was frozen."""
        return self()

    @cached_property
    def _session(self) -> botocore.session.Session:
        return botocore.session.get_session()
