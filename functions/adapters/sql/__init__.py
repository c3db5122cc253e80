"""The processor's queries, each in a file of its own so that editors, linters and `psql -f` can read them."""

from pathlib import Path


def query(name: str) -> bytes:
    """Return the text of `<name>.sql`, as psycopg takes a query that was not typed into the program."""
    return Path(__file__).with_name(f"{name}.sql").read_bytes()
