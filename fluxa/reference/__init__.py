"""Reference pages that are generated from the code they describe; a test compares them with what is in the repository.

`python -m fluxa.reference`, or `make reference`, writes them anew.
"""

from collections.abc import Callable, Mapping

from fluxa.reference.alarms_page import alarms_page
from fluxa.reference.settings_page import settings_page
from fluxa.reference.stack_schema import stack_schema_text

PAGES: Mapping[str, Callable[[], str]] = {
    "docs/reference/alarms.md": alarms_page,
    "docs/reference/settings.md": settings_page,
    "docs/reference/stack.schema.json": stack_schema_text,
}
"""File, from the project's folder → what writes it."""
