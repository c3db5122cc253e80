"""Two kinds of failure, told to the processor the way any handler tells it."""

from psycopg import Connection

from functions.common.errors import PermanentError, TransientError
from functions.processor import Event, on


class CardDeclined(PermanentError):
    """Trying again cannot help."""

    code = "card_declined"


class WarehouseBusy(TransientError):
    """Trying again will help."""

    code = "warehouse_busy"


@on("payment.declined")
def decline(event: Event, _connection: Connection) -> None:
    """Refuse every event of this type."""
    raise CardDeclined(f"The card of {event.event_id} was declined.")


@on("stock.reserved")
def reserve_at_the_second_attempt(event: Event, connection: Connection) -> None:
    """Fail once for each event, then succeed."""
    row = connection.execute(
        "SELECT jsonb_array_length(errors) FROM idempotency_keys WHERE event_id = %s", [event.event_id]
    ).fetchone()
    if row is None or row[0] == 0:
        raise WarehouseBusy("The warehouse does not answer.")
