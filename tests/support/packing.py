"""How clients compress a body, by media type, whichever Python runs the tests."""

import gzip
import sys
from collections.abc import Callable

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["PACKERS", "zstd"]

PACKERS: dict[str, Callable[[bytes], bytes]] = {"application/gzip": gzip.compress, "application/zstd": zstd.compress}
