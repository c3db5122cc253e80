"""Logs and metrics are written in full, as in Lambda, to where nobody reads them."""

import contextlib
import gc
import os
from collections.abc import Iterator

from functions.common import log
from functions.common.names import Service


@contextlib.contextmanager
def running_as(service: Service) -> Iterator[None]:
    """Set this process up as Lambda would for one function."""
    log.configure(service, "INFO")
    # What the benchmark itself has loaded is far more than a function has, and must not be searched for garbage.
    gc.collect()
    gc.freeze()
    try:
        with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
            yield
    finally:
        gc.unfreeze()
