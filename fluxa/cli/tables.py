"""Tables on standard output, whole also where there is no terminal: a figure or an id that is cut off is none."""

import sys
from collections.abc import Iterable, Sequence

_WIDEST = 100_000
"""Columns when standard output is no terminal: every line as long as it needs to be, as `grep` wants it."""


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows below their column's names; None is left blank."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        # Text, because what events bring may look like markup.
        table.add_row(*(Text("" if value is None else str(value), overflow="fold") for value in row))
    console = Console(highlight=False)
    if not sys.stdout.isatty():
        console.width = _WIDEST
    console.print(table)
