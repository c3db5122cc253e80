"""Your code: what happens with an event, besides being stored.

Put modules into this folder; each is imported when the processor starts. A handler is a function:

    from functions.common.errors import PermanentError
    from functions.processor import Event, on

    @on("order.created")
    def reserve_stock(event: Event, connection) -> None:
        if event.payload["quantity"] < 1:
            raise PermanentError("An order needs a quantity.")
        connection.execute("UPDATE stock SET left = left - %s", [event.payload["quantity"]])

It runs inside the event's own transaction: its SQL is committed together with the event, or not at all, and so happens
exactly once. Anything that is not SQL on `connection` may happen more than once, since a delivery can be repeated.

- It returns: the event is stored.
- It raises `PermanentError`, or PostgreSQL refuses its data: the event goes to the dead-letter queue, with the reason.
- It raises `TransientError`: the event is tried again later.
- It raises anything else: that is a bug; the event is tried again, and an alarm goes off.

`@on("order.created", schema=OrderCreated)` gives the handler its payload as a pydantic model, the third argument.
docs/howto/handlers.md has a worked example.

Several handlers for one type run in the order they were imported, in one transaction. A type without handlers is simply
stored. Packages that handlers import belong into the dependency group `handlers` in pyproject.toml.
The setting `processing.handlers` names this folder; another stack may name another one.
"""
