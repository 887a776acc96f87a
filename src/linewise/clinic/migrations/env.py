"""Alembic asks here for the connection; the server hands it over."""

from __future__ import annotations

from alembic import context

from linewise.clinic.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
