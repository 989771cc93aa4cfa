"""Runs migrations on the connection that the database service has opened.

The transaction is the service's: what fails leaves nothing behind.
"""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table=context.config.attributes["version_table"],
    on_version_apply=context.config.attributes["applied"],
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
