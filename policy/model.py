"""The view that rules have of a stack: resources with their inputs, and what leads from one to another."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final


class _Unknown:
    """Stands for a value that only a deployment will know."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()


class Undecided(Exception):
    """A rule met a value that a preview cannot know; it has nothing to say about this resource."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource or component, with the provider's own (camelCase) names for its inputs."""

    urn: str
    type: str
    name: str
    inputs: Mapping[str, Any] = field(default_factory=dict, repr=False)
    custom: bool = True
    parent: str = ""
    """URN; empty for the stack itself."""
    provider: str = ""
    """URN of the explicit provider; empty for the default one."""
    dependencies: Sequence[str] = ()
    """URNs of everything that has to exist first."""
    property_dependencies: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Input → URNs of the resources whose outputs it holds."""
    protect: bool = False

    def value(self, path: str, default: Any = None) -> Any:
        """Return the input at a dotted path; what is absent or null is `default`.

        Raises:
            Undecided: It, or something in it, is unknown.
        """
        found: Any = self.inputs
        for key in path.split("."):
            if found is UNKNOWN:
                raise Undecided(path)
            found = found.get(key) if isinstance(found, Mapping) else None
            if found is None:
                return default
        if _holds_unknown(found):
            raise Undecided(path)
        return found

    def entries(self, path: str) -> Iterator[tuple[str, Any]]:
        """Yield what is known of the map at a dotted path."""
        *above, last = path.split(".")
        holder = self.value(".".join(above)) if above else self.inputs
        found = holder.get(last) if isinstance(holder, Mapping) else None
        if found is UNKNOWN:
            raise Undecided(path)
        for key, value in (found or {}).items():
            if not _holds_unknown(value):
                yield key, value

    def document(self, path: str) -> Mapping[str, Any]:
        """Return an input that is a JSON object, as text or as such; empty when it is absent."""
        found = self.value(path, default={})
        document = json.loads(found) if isinstance(found, str) and found else found
        return document if isinstance(document, Mapping) else {}

    def statements(self, path: str = "policy") -> list[Mapping[str, Any]]:
        """Return the statements of an input that is an IAM policy."""
        return listed(self.document(path).get("Statement"))


@dataclass(frozen=True)
class Stack:
    """All resources of one stack."""

    resources: Sequence[Resource]

    def of_type(self, *types: str) -> list[Resource]:
        return [resource for resource in self.resources if resource.type in types]

    def with_urn(self, urn: str) -> Resource | None:
        return next((resource for resource in self.resources if resource.urn == urn), None)

    def behind(self, resource: Resource, key: str, type_: str) -> list[Resource]:
        """Return the resources of one type that an input leads to, also through others, such as an alias."""
        reached: list[Resource] = []
        waiting, seen = list(resource.property_dependencies.get(key, ())), set[str]()
        while waiting:
            urn = waiting.pop()
            found = self.with_urn(urn)
            if urn in seen or found is None:
                continue
            seen.add(urn)
            if found.type == type_:
                reached.append(found)
            else:
                waiting.extend(other for urns in found.property_dependencies.values() for other in urns)
        return reached

    def leading_to(self, target: Resource, type_: str, key: str) -> list[Resource]:
        """Return the resources of one type that name `target` in an input."""
        return [item for item in self.of_type(type_) if target.urn in item.property_dependencies.get(key, ())]


def listed(value: Any) -> list[Any]:
    """Return what AWS lets people write as one or several, as several."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _holds_unknown(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_holds_unknown(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(_holds_unknown(item) for item in value)
    return value is UNKNOWN
