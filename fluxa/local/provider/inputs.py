"""A resource's inputs, read one by one, so that what nobody read can be named: silence is impossible."""

from collections.abc import Iterator, Mapping
from typing import Any


class MissingInput(LookupError):
    """A resource lacks an input that the local provider cannot do without."""


class Inputs:
    """The inputs of a resource, or of one object within them; remembers which were read."""

    def __init__(self, values: Mapping[str, Any], *, path: str = "") -> None:
        self._values = values
        self._path = path
        self._read: set[str] = set()
        self._nested: list[Inputs] = []

    def require(self, name: str) -> Any:
        """Return an input that must be set.

        Raises:
            MissingInput: it is not.
        """
        self._read.add(name)
        if name not in self._values:
            raise MissingInput(self._place(name))
        return self._values[name]

    def get(self, name: str, default: Any = None) -> Any:
        """Return an input, or `default` when it is not set."""
        self._read.add(name)
        return self._values.get(name, default)

    def section(self, name: str) -> "Inputs":
        """Return an object to be read key by key; empty when it is not set."""
        return self._nest(name, self.get(name) or {})

    def sections(self, name: str) -> list["Inputs"]:
        """Return a list of objects, each to be read key by key."""
        return [self._nest(f"{name}[{index}]", item) for index, item in enumerate(self.get(name) or [])]

    def renamed(self, names: Mapping[str, str]) -> dict[str, Any]:
        """Return the inputs that are set under the names AWS's API gives them."""
        values = {theirs: self.get(ours) for ours, theirs in names.items()}
        return {theirs: value for theirs, value in values.items() if value is not None}

    def unread(self) -> Iterator[str]:
        """Name every input that was set and never read, as `vpcConfig.subnetIds`."""
        for name in self._values:
            if name not in self._read:
                yield self._place(name)
        for nested in self._nested:
            yield from nested.unread()

    def __bool__(self) -> bool:
        return bool(self._values)

    def _nest(self, name: str, values: Mapping[str, Any]) -> "Inputs":
        nested = Inputs(values, path=self._place(name))
        self._nested.append(nested)
        return nested

    def _place(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name
