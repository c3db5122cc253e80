"""The processor: takes events off the queue and stores each exactly once, together with what your handlers do.

Handlers import from here: `from functions.processor import Event, on`.
"""

from functions.processor.event import Event
from functions.processor.registry import on

__all__ = ["Event", "on"]
