"""How far a replay is: kept in the folder it was started in, so that the same command goes on with the same replay."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self

from fluxa.errors import OperatorError
from fluxa.operate import kept
from fluxa.operate.stored_pages import Place
from functions.common.events import parse_timestamp


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Everything up to `place` is on the main queue, and nothing of it need be sent again."""

    stack: str
    asked: Mapping[str, str]
    """What was asked for, as it was typed: `6h` means another moment each time."""
    replay_id: str
    """Within one, the processor handles no event twice; it stays the same however often the replay is stopped."""
    place: Place
    before: str
    """The moment at which the replay ends, so that it does although events come in."""
    begins: str | None = None
    """The moment of its first event."""
    sent: int = 0
    left_out: int = 0
    left_out_bytes: int = 0
    """Length of the file that lists them; what stands behind it will be written again."""

    def begun(self, received_at: str) -> Self:
        """Return the progress once the first event is known."""
        return self if self.begins is not None else replace(self, begins=received_at)

    def advance(self, place: Place, *, sent: int, left_out: int, left_out_bytes: int) -> Self:
        """Return the progress after one more page."""
        return replace(
            self,
            place=place,
            sent=self.sent + sent,
            left_out=self.left_out + left_out,
            left_out_bytes=left_out_bytes,
        )

    def check(self, path: Path, *, stack: str, asked: Mapping[str, str]) -> None:
        """Make sure that this is the progress of what is asked for now.

        Raises:
            OperatorError: It is another replay's.
        """
        again = "give this replay a --name of its own, or forget that one with --restart"
        if stack != self.stack:
            raise OperatorError(
                f"{path.name} is of a replay that was stopped on another stack ({self.stack}, not {stack}): "
                f"name that one to go on, {again}."
            )
        if dict(asked) != dict(self.asked):
            raise OperatorError(
                f"{path.name} is of a replay that was stopped and asked for something else "
                f"({_words(self.asked)}; not {_words(asked)}): repeat that to go on, {again}."
            )


@dataclass(frozen=True, kw_only=True)
class ReplayFiles:
    """Where a replay keeps what it has to remember."""

    folder: Path
    name: str | None = None
    """The operator's own name for the replay."""

    @property
    def resume(self) -> Path:
        return self.folder / f"{'fluxa-replay' if self.name is None else f'fluxa-replay-{self.name}'}.resume.json"

    def left_out(self, replay_id: str) -> Path:
        """Return where the events are listed that could not be replayed."""
        return self.folder / f"fluxa-replay-{replay_id}.left-out.jsonl"

    def take_up(
        self, begin: Callable[[], Progress], *, stack: str, asked: Mapping[str, str], restart: bool
    ) -> Progress:
        """Return the progress of a replay that was stopped, or else begin one.

        Raises:
            OperatorError: What was stopped is another one, or cannot be read.
        """
        progress = None if restart else load(self.resume)
        if progress is None:
            self.resume.unlink(missing_ok=True)
            return begin()
        progress.check(self.resume, stack=stack, asked=asked)
        return progress


def load(path: Path) -> Progress | None:
    """Return the progress that was kept, or None.

    Raises:
        OperatorError: It cannot be read.
    """
    document = kept.load(path)
    if document is None:
        return None
    try:
        return Progress(**{**document, "place": Place(**document["place"])})
    except (KeyError, TypeError):
        raise kept.unreadable(path) from None


def save(progress: Progress, path: Path) -> None:
    """Replace what is kept.

    Raises:
        OperatorError: It cannot be written.
    """
    kept.save(asdict(progress), path)


@dataclass(frozen=True, kw_only=True)
class Step:
    """What to show of a replay under way."""

    count: int
    """Events that were sent; in a rehearsal, counted."""
    reached: str
    """When the last of them was accepted."""
    fraction: float
    """How much of the time from the first event to the end is behind: how many events that is nobody knows."""
    restoring: int = 0
    """Payloads that S3 is asked for."""


Report = Callable[[Step], None]


def fraction_of(reached: str, *, begins: str, before: str) -> float:
    """Return how far a moment lies between two others, from 0 to 1."""
    start, end, now = map(parse_timestamp, (begins, before, reached))
    whole = (end - start).total_seconds()
    return min(1.0, max(0.0, (now - start).total_seconds() / whole)) if whole > 0 else 1.0


def _words(asked: Mapping[str, str]) -> str:
    return " ".join(f"{option} {value}" for option, value in sorted(asked.items())) or "no filter"
