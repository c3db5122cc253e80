"""Shows where each class of events ended, as a table."""

import httpx
from rich.table import Table

from fluxa.demo.run import DemoResult
from fluxa.demo.traffic import Kind


def table(result: DemoResult) -> Table:
    """Return one row for each class of events and one for the sum."""
    view = Table(title="Where every event ended", title_justify="left")
    view.add_column("events", no_wrap=True)
    for heading in ("sent", "accepted", "stored", "via S3", "retried", "dead-lettered"):
        view.add_column(heading, justify="right", no_wrap=True)
    for kind in Kind:
        view.add_row(kind.value, *(_shown(number) for number in _row(result, kind)))
    summary = result.summary()
    names = ("sent", "accepted", "stored", "via_s3", "retried", "dead_lettered")
    view.add_section()
    view.add_row("all", *(str(summary[name]) for name in names))
    return view


def _row(result: DemoResult, kind: Kind) -> list[int]:
    sent = result.of(kind)
    identities = {item.sending.identity for item in sent}
    # A duplicate is the same event as its original, which is counted in the original's row.
    own = set() if kind is Kind.DUPLICATE else identities
    evidence = result.evidence
    return [
        len(sent),
        sum(item.status == httpx.codes.ACCEPTED for item in sent),
        len(own & set(evidence.stored)),
        len(own & evidence.via_s3),
        len(own & evidence.retried),
        len(own & set(evidence.dead_letters)),
    ]


def _shown(number: int) -> str:
    return str(number) if number else "·"
