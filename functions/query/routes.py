"""Which use case answers which call."""

from dataclasses import dataclass, field

from functions.common.errors import PermanentError
from functions.common.http import RETRY_AFTER_SECONDS, Request
from functions.query.find import Finder
from functions.query.health import Health
from functions.query.listing import Lister
from functions.query.parameters import read_parameters
from functions.query.timeline import Historian


class RouteNotFound(PermanentError):
    """The API routes a call to this function that it does not answer; the two were deployed apart."""

    code = "route_not_found"
    status = 404
    title = "No such call"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What goes back to the client."""

    status: int
    text: str
    """JSON."""
    headers: dict[str, str] = field(default_factory=dict)
    failure: str | None = None
    """The code of what is wrong, when the answer itself carries bad news."""


@dataclass(frozen=True, kw_only=True)
class Routes:
    """The calls of the query function."""

    finder: Finder
    historian: Historian
    lister: Lister
    health: Health

    def answer(self, request: Request) -> Answer:
        """Answer one request.

        Raises:
            FluxaError: Whatever the use case raises; RouteNotFound for a call that is none of these.
        """
        match (request.method, request.resource):
            case ("GET", "/events/{event_id}"):
                return Answer(status=200, text=self.finder.find(request.path_parameters.get("event_id", "")))
            case ("GET", "/events/{event_id}/timeline"):
                return Answer(status=200, text=self.historian.timeline(request.path_parameters.get("event_id", "")))
            case ("GET", "/events"):
                return Answer(status=200, text=self.lister.page(read_parameters(request.query)))
            case ("GET", "/health"):
                return self._health()
            case _:
                raise RouteNotFound(
                    "This function answers GET /events, GET /events/{event_id}, GET /events/{event_id}/timeline "
                    "and GET /health."
                )

    def _health(self) -> Answer:
        report = self.health.report()
        if report.failure is None:
            return Answer(status=200, text=report.text)
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        return Answer(status=503, text=report.text, headers=headers, failure=report.failure)
