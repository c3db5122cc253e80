"""Which use case answers which call."""

from dataclasses import dataclass, field

from functions.common.errors import RouteNotFound
from functions.common.http import RETRY_AFTER_SECONDS, Request
from functions.query import cloudevents
from functions.query.find import Finder
from functions.query.health import Health
from functions.query.listing import Lister
from functions.query.parameters import read_parameters
from functions.query.timeline import Historian
from functions.query.versions import read_version


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
                return self._event(request)
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

    def _event(self, request: Request) -> Answer:
        event_id, version = request.path_parameters.get("event_id", ""), read_version(request.query)
        if cloudevents.is_asked_for(request.headers):
            text = self.finder.find_cloudevent(event_id, version)
            if text is not None:
                return Answer(status=200, text=text, headers={"Content-Type": cloudevents.STRUCTURED_MODE})
        return Answer(status=200, text=self.finder.find(event_id, version))

    def _health(self) -> Answer:
        report = self.health.report()
        if report.failure is None:
            return Answer(status=200, text=report.text)
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        return Answer(status=503, text=report.text, headers=headers, failure=report.failure)
