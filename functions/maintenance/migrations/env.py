"""Alembic's entry: runs the migrations on the connection that `functions.maintenance.migrate` hands over.

There is no alembic.ini and no second way to connect; offline mode is not offered.
"""

from alembic import context

attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    on_version_apply=attributes["on_version_apply"],
    # A migration that fails takes only itself back, and one of them may leave its transaction
    # (`autocommit_block`) to build an index concurrently.
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
