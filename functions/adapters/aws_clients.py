"""How every AWS client of ours is set up, and how it names what went wrong."""

from pathlib import Path

import botocore
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

# API Gateway gives up after 29 seconds and botocore's own read time-out is 60: three tries must fit well inside.
CLIENT_CONFIG = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 3})

PUBLIC_AUTHORITIES = Path(botocore.__file__).with_name("cacert.pem")
"""The certificate authorities that botocore believes, Amazon's public ones among them, as one file."""


def error_code(error: BotoCoreError | ClientError) -> str:
    """Return AWS's code for an error, such as `AccessDenied`, or the client's own when AWS did not answer."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "unknown"))
    return type(error).__name__
