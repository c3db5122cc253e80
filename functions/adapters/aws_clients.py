"""How every AWS client of ours is set up: time-outs and retries that fit inside one request."""

from botocore.config import Config

# API Gateway gives up after 29 seconds and botocore's own read time-out is 60: three tries must fit well inside.
CLIENT_CONFIG = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 3})
