"""Run by Alembic. The connection, and with it the transaction, is that of `storage.database.upgrade_engine`."""

from alembic import context

import storage.accounts.tables  # noqa: F401 - so that its tables are known
from storage.tables import Row

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Row.metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
