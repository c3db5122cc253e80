"""`GET /health`: which build answers, and whether what it depends on does."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.common.errors import FluxaError, code_of
from functions.common.log import get_logger
from functions.query.ports import Reachable, Stopwatch

log = get_logger()


@dataclass(frozen=True, kw_only=True)
class HealthReport:
    """The health answer."""

    text: str
    failure: str | None
    """The code of the first check that failed."""


@dataclass(frozen=True, kw_only=True)
class Health:
    """Asks every dependency whether it answers. The report names no host and no account."""

    stack: str
    version: str
    settings_fingerprint: str
    checks: Mapping[str, Reachable]
    stopwatch: Stopwatch

    def report(self) -> HealthReport:
        """Check everything, one after the other; never raises."""
        results = {name: self._result(name, dependency) for name, dependency in self.checks.items()}
        failures = [result["code"] for result in results.values() if "code" in result]
        document = {
            "status": "degraded" if failures else "ok",
            "version": self.version,
            "settings_fingerprint": self.settings_fingerprint,
            "stack": self.stack,
            "checks": results,
        }
        return HealthReport(text=json.dumps(document), failure=next(iter(failures), None))

    def _result(self, name: str, dependency: Reachable) -> dict[str, Any]:
        started = self.stopwatch()
        result: dict[str, Any] = {"status": "ok"}
        try:
            dependency.check()
        except FluxaError as error:
            log.warning("health_check_failed", check=name, code=error.code, reason=error.message)
            result = {"status": "failed", "code": error.code}
        except Exception as error:
            # A bug as well: the report is there to say what is broken, whatever it is.
            log.exception("health_check_failed_unexpectedly", check=name)
            result = {"status": "failed", "code": code_of(error)}
        return result | {"milliseconds": round((self.stopwatch() - started) * 1000, 1)}
