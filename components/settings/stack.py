"""All sections together, and what they must agree on."""

import hashlib
import json
from typing import Self

from pydantic import model_validator

from components.settings import sections
from components.settings.rules import RULES
from components.settings.section import Section

FINGERPRINT_LENGTH = 12


class StackSettings(Section):
    """Every size and toggle of one stack. Two stacks with equal settings build equal resources."""

    api: sections.ApiSettings = sections.ApiSettings()
    ingest: sections.IngestSettings = sections.IngestSettings()
    queue: sections.QueueSettings = sections.QueueSettings()
    processing: sections.ProcessingSettings = sections.ProcessingSettings()
    query: sections.QuerySettings = sections.QuerySettings()
    storage: sections.StorageSettings = sections.StorageSettings()
    database: sections.DatabaseSettings = sections.DatabaseSettings()
    network: sections.NetworkSettings = sections.NetworkSettings()
    secrets: sections.SecretsSettings = sections.SecretsSettings()
    observability: sections.ObservabilitySettings = sections.ObservabilitySettings()
    alarms: sections.AlarmSettings = sections.AlarmSettings()
    functions: sections.FunctionsSettings = sections.FunctionsSettings()

    @model_validator(mode="after")
    def _sections_agree(self) -> Self:
        complaints = [sentence for rule in RULES if (sentence := rule(self))]
        if complaints:
            raise ValueError("\n".join(complaints))
        return self

    def fingerprint(self) -> str:
        """Return a short hash that changes with any setting; health answers carry it, so drift can be seen."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:FINGERPRINT_LENGTH]
