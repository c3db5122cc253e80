"""An option that takes a moment: a time, or how long ago."""

from typing import Annotated

import typer


def _moment(text: str) -> str:
    from fluxa.operate.moments import parse_moment, written

    try:
        return written(parse_moment(text))
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} {error}.") from None


def _checked(text: str) -> str:
    _moment(text)
    return text


From = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="TIME",
        callback=lambda text: text and _moment(text),
        help="Accepted then or later: a time, or 6h.",
    ),
]
To = Annotated[
    str | None,
    typer.Option("--to", metavar="TIME", callback=lambda text: text and _moment(text), help="Accepted before then."),
]
Since = Annotated[
    str,
    typer.Option("--since", metavar="TIME", callback=_moment, help="How far back: a time, or 6h.", show_default="1d"),
]
FromAsTyped = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="TIME",
        callback=lambda text: text and _checked(text),
        help="Accepted then or later: a time, or 6h.",
        show_default="the oldest",
    ),
]
"""For a command that goes on later: `6h` is another moment then, and the same words."""
ToAsTyped = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="TIME",
        callback=lambda text: text and _checked(text),
        help="Accepted before then.",
        show_default="when the command is started",
    ),
]
