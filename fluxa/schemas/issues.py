"""What a comparison of schemas finds."""

from dataclasses import dataclass

from components.bundling.schemas import pointed

Place = tuple[str | int, ...]
"""Where in a schema: the keywords, names and numbers that lead there."""


@dataclass(frozen=True)
class Issue:
    """One reason why a schema may refuse what another one accepts."""

    place: Place
    rule: str
    """A stable word for machines, such as `type_narrowed`."""
    message: str

    def __str__(self) -> str:
        return f"{pointed(self.place) or 'the schema'}: {self.message} (rule {self.rule})"
