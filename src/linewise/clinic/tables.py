"""The tables of the clinic's store, as SQLAlchemy knows them; `migrations/` makes them."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

users = sa.Table(
    "users",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("hash", sa.String(256), nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("made", sa.Float, nullable=False),
)
sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("token", sa.String(64), primary_key=True),  # its hash
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("until", sa.Float, nullable=False),
)
seen = sa.Table(
    "seen",
    metadata,
    sa.Column("what", sa.String(64), primary_key=True),  # the hash of issuer and jti, or of a state that was used
    sa.Column("until", sa.Float, nullable=False, index=True),
)
rates = sa.Table(
    "rates",
    metadata,
    sa.Column("who", sa.String(64), primary_key=True),
    sa.Column("minute", sa.Integer, primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
)
kept = sa.Table(  # launches, charts, answers, keys: encrypted, each with the day on which it goes
    "kept",
    metadata,
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("until", sa.Float, nullable=False, index=True),
    sa.Column(
        "patient", sa.String(64), nullable=False, index=True
    ),  # whom it is about: the hash of the id under the key of the house
)
feedback = sa.Table(
    "feedback",
    metadata,
    sa.Column("hospital", sa.String(128), primary_key=True),
    sa.Column("card", sa.String(64), primary_key=True),
    sa.Column("at", sa.String(64), primary_key=True),
    sa.Column("outcome", sa.String(16), primary_key=True),
    sa.Column("service", sa.String(64), nullable=False),
    sa.Column("suggestions", sa.Text, nullable=False),
    sa.Column("reason", sa.String(256), nullable=False),
    sa.Column("commented", sa.Boolean, nullable=False),
    sa.Column("received", sa.Float, nullable=False),
)
decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("patient", sa.String(64), nullable=False, index=True),  # its hash under the key of the house
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
audit = sa.Table(
    "audit",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("id", sa.String(64), nullable=False, unique=True),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("before", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)
audit_head = sa.Table(  # the end of the chain: a trail whose last rows were cut off does not reach it
    "audit_head",
    metadata,
    sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)
