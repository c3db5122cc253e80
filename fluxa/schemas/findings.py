"""What speaks against publishing a registry."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One reason not to publish the registry as it is."""

    path: str
    """The schema's file, or the upcaster's."""
    place: str
    rule: str
    message: str
    against: str | None = None
    """What it was compared with; None when the file itself is not valid."""

    def __str__(self) -> str:
        if self.against is None:
            return self.message
        return f"{self.path}: {self.place or 'the schema'}: {self.message} (rule {self.rule})"
