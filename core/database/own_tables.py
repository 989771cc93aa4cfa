"""The service's own tables. Their prefix `db` is no plugin's name, so no plugin reaches them."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, MetaData, String, Table, Text

own = MetaData()

# Sorted and compared by bytes on both databases, so that an index serves a prefix.
_key = String(255).with_variant(String(255, collation="C"), "postgresql")
_number = BigInteger().with_variant(Integer, "sqlite")

# `expires_at` is in milliseconds since 1970; null never ends.
keys = Table(
    "db_kv",
    own,
    Column("plugin", String(64), primary_key=True),
    Column("key", _key, primary_key=True),
    Column("value", Text, nullable=False),
    Column("expires_at", BigInteger),
    Index("db_kv_expires_at", "expires_at"),
)

# First results of writes that may come twice; `at` in milliseconds since 1970.
idempotency = Table(
    "db_idempotency",
    own,
    Column("plugin", String(64), primary_key=True),
    Column("key", _key, primary_key=True),
    Column("result", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("db_idempotency_at", "at"),
)

# Every write: `at` in milliseconds since 1970, `seconds` what it took, `outcome` done or a code.
audit = Table(
    "db_audit",
    own,
    Column("id", _number, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("plugin", String(64), nullable=False),
    Column("operation", String(32), nullable=False),
    Column("table_name", String(255), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("outcome", String(32), nullable=False),
    Index("db_audit_at", "at"),
)
