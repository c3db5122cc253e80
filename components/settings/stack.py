"""All sections together, and what they must agree on."""

import hashlib
import json
from typing import Self

from pydantic import model_validator

from components.settings import running, stores, traffic
from components.settings.rules import RULES
from components.settings.section import Section

FINGERPRINT_LENGTH = 12


class StackSettings(Section):
    """Every size and toggle of one stack. Two stacks with equal settings build equal resources."""

    api: traffic.ApiSettings = traffic.ApiSettings()
    ingest: traffic.IngestSettings = traffic.IngestSettings()
    queue: traffic.QueueSettings = traffic.QueueSettings()
    processing: traffic.ProcessingSettings = traffic.ProcessingSettings()
    query: traffic.QuerySettings = traffic.QuerySettings()
    storage: stores.StorageSettings = stores.StorageSettings()
    database: stores.DatabaseSettings = stores.DatabaseSettings()
    network: stores.NetworkSettings = stores.NetworkSettings()
    secrets: stores.SecretsSettings = stores.SecretsSettings()
    observability: running.ObservabilitySettings = running.ObservabilitySettings()
    alarms: running.AlarmSettings = running.AlarmSettings()
    functions: running.FunctionsSettings = running.FunctionsSettings()

    @model_validator(mode="after")
    def _sections_agree(self) -> Self:
        complaints = [sentence for rule in RULES if (sentence := rule(self))]
        if complaints:
            raise ValueError("\n".join(complaints))
        return self

    def uses_own_key(self) -> bool:
        """Tell whether anything is to be encrypted with a key of the stack's own.

        Alarm topics need one: CloudWatch may not publish through AWS's key for SNS.
        """
        choices = (
            self.queue.encryption,
            self.storage.encryption,
            self.database.encryption,
            self.secrets.encryption,
            self.observability.log_encryption,
            self.functions.environment_encryption,
        )
        return "kms" in choices or bool(self.alarms.email)

    def keeps_anything(self) -> bool:
        """Tell whether any store refuses to be destroyed: the key that it may be encrypted with has to as well."""
        return any(store.deletion_protection for store in (self.queue, self.storage, self.database))

    def fingerprint(self) -> str:
        """Return a short hash that changes with any setting; health answers carry it, so drift can be seen."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:FINGERPRINT_LENGTH]
