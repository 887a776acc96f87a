"""The store: one database, asked through SQLAlchemy, so that several workers share what they must. Every method is one transaction."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.resources import files
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from linewise.errors import LinewiseError

from . import tables
from .keys import Keys, hashed, keys_of
from .settings import Settings

__all__ = ["SQLAlchemyError", "Store", "open_store"]
_DAY = 86_400.0


class Store:
    """One database with the key of the house."""

    def __init__(self, engine: sa.Engine, keys: Keys) -> None:
        self.engine, self.keys = engine, keys

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        with self.engine.begin() as connection:
            yield connection

    def close(self) -> None:
        self.engine.dispose()

    def ready(self) -> bool:
        """Whether the database answers and has the tables of this version."""
        try:
            with self.begin() as connection:
                connection.execute(sa.select(tables.audit_head.c.number)).first()
                return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() == newest()
        except SQLAlchemyError:
            return False

    # Once, and no more

    def first_time(self, *what: str, until: float) -> bool:
        """Whether this was never seen before; from now on it was. What has expired is forgotten."""
        try:
            with self.begin() as connection:
                connection.execute(tables.seen.insert().values(what=hashed(*what), until=until))
        except IntegrityError:
            return False
        return True

    def allowed(self, who: str, most: int) -> bool:
        """Count one call of somebody in this minute, and say whether it is within the limit."""
        minute = int(time.time() // 60)
        insert = self._insert(tables.rates).values(who=hashed(who), minute=minute, count=1)
        upsert = insert.on_conflict_do_update(
            index_elements=["who", "minute"], set_={"count": tables.rates.c.count + 1}
        ).returning(tables.rates.c.count)
        with self.begin() as connection:
            return int(connection.execute(upsert).scalar_one()) <= most

    def counted(self, who: str) -> int:
        """How many calls of somebody were counted in this minute."""
        one = tables.rates.c
        query = sa.select(one.count).where(one.who == hashed(who), one.minute == int(time.time() // 60))
        with self.begin() as connection:
            return int(connection.execute(query).scalar() or 0)

    def _insert(self, table: sa.Table) -> Any:
        return postgresql.insert(table) if self.engine.dialect.name == "postgresql" else sqlite.insert(table)

    # Kept, encrypted, until a day

    def keep(self, kind: str, name: str, data: bytes, seconds: float, patient: str = "") -> None:
        """Keep something under the hash of a name; what was there is replaced. With `patient`, it goes when that patient is erased."""
        key, about = hashed(name), self.keys.name(patient) if patient else ""
        locked = self.keys.lock(data, f"{kind}/{key}")
        insert = self._insert(tables.kept).values(kind=kind, name=key, data=locked, until=time.time() + seconds, patient=about)
        upsert = insert.on_conflict_do_update(
            index_elements=["kind", "name"], set_={"data": insert.excluded.data, "until": insert.excluded.until, "patient": about}
        )
        with self.begin() as connection:
            connection.execute(upsert)

    def keep_new(self, kind: str, name: str, data: bytes, seconds: float) -> bool:
        """Keep something where nothing stands under that name yet, or something whose day has passed; whether it did."""
        key, one = hashed(name), tables.kept.c
        row = {
            "kind": kind,
            "name": key,
            "data": self.keys.lock(data, f"{kind}/{key}"),
            "until": time.time() + seconds,
            "patient": "",
        }
        try:
            with self.begin() as connection:
                connection.execute(tables.kept.delete().where(one.kind == kind, one.name == key, one.until <= time.time()))
                connection.execute(tables.kept.insert().values(**row))
        except IntegrityError:
            return False
        return True

    def renew(self, kind: str, name: str, data: bytes) -> bool:
        """Replace what is kept under a name and has not reached its day, which stays the same; whether there was something."""
        one, key = tables.kept.c, hashed(name)
        change = tables.kept.update().where(one.kind == kind, one.name == key, one.until > time.time())
        with self.begin() as connection:
            return connection.execute(change.values(data=self.keys.lock(data, f"{kind}/{key}"))).rowcount > 0

    def kept(self, kind: str, name: str) -> bytes | None:
        """What is kept under a name; None where there is nothing, or its day has passed."""
        one = tables.kept.c
        query = sa.select(one.data).where(one.kind == kind, one.name == hashed(name), one.until > time.time())
        with self.begin() as connection:
            found = connection.execute(query).scalar()
        return self.keys.unlock(bytes(found), f"{kind}/{hashed(name)}") if found is not None else None

    def take(self, kind: str, name: str) -> bytes | None:
        """What is kept under a name, once: whoever takes it first has it."""
        one, key = tables.kept.c, hashed(name)
        with self.begin() as connection:
            row = connection.execute(
                tables.kept.delete().where(one.kind == kind, one.name == key).returning(one.data, one.until)
            ).first()
        if row is None or row[1] <= time.time():
            return None
        return self.keys.unlock(bytes(row[0]), f"{kind}/{key}")

    def drop(self, kind: str, name: str) -> None:
        one = tables.kept.c
        with self.begin() as connection:
            connection.execute(tables.kept.delete().where(one.kind == kind, one.name == hashed(name)))

    def beginning(self, kind: str, prefix: str) -> list[tuple[str, bytes]]:
        """What is kept under hashed names that begin so: the hash, and the data."""
        one = tables.kept.c
        query = sa.select(one.name, one.data).where(
            one.kind == kind, one.name.startswith(prefix, autoescape=True), one.until > time.time()
        )
        with self.begin() as connection:
            rows = connection.execute(query.limit(10)).all()
        found = [(str(row[0]), self.keys.unlock(bytes(row[1]), f"{kind}/{row[0]}")) for row in rows]
        return [(name, data) for name, data in found if data is not None]

    def drop_hashed(self, kind: str, name: str) -> None:
        one = tables.kept.c
        with self.begin() as connection:
            connection.execute(tables.kept.delete().where(one.kind == kind, one.name == name))

    # People who sign in

    def add_user(self, name: str, hash_: str, role: str) -> None:
        """Add somebody, or give them a new password and role; their sessions end."""
        insert = self._insert(tables.users).values(name=name, hash=hash_, role=role, made=time.time())
        upsert = insert.on_conflict_do_update(index_elements=["name"], set_={"hash": hash_, "role": role})
        with self.begin() as connection:
            connection.execute(upsert)
            connection.execute(tables.sessions.delete().where(tables.sessions.c.name == name))

    def remove_user(self, name: str) -> bool:
        with self.begin() as connection:
            connection.execute(tables.sessions.delete().where(tables.sessions.c.name == name))
            return connection.execute(tables.users.delete().where(tables.users.c.name == name)).rowcount > 0

    def user(self, name: str) -> tuple[str, str] | None:
        """The hash of the password and the role."""
        one = tables.users.c
        with self.begin() as connection:
            row = connection.execute(sa.select(one.hash, one.role).where(one.name == name)).first()
        return (row[0], row[1]) if row else None

    def open_session(self, token: str, name: str, role: str, seconds: float) -> None:
        row = {"token": hashed(token), "name": name, "role": role, "until": time.time() + seconds}
        with self.begin() as connection:
            connection.execute(tables.sessions.insert().values(**row))

    def session(self, token: str) -> tuple[str, str] | None:
        """Name and role of an open session."""
        one = tables.sessions.c
        query = sa.select(one.name, one.role).where(one.token == hashed(token), one.until > time.time())
        with self.begin() as connection:
            row = connection.execute(query).first()
        return (row[0], row[1]) if row else None

    def close_session(self, token: str) -> None:
        with self.begin() as connection:
            connection.execute(tables.sessions.delete().where(tables.sessions.c.token == hashed(token)))

    # What came back about cards

    def add_feedback(self, rows: list[dict[str, Any]]) -> int:
        """Keep feedback; what is repeated is kept once. Returns how many were new."""
        fresh = 0
        with self.begin() as connection:
            for row in rows:
                insert = self._insert(tables.feedback).values(**row, received=time.time())
                fresh += max(connection.execute(insert.on_conflict_do_nothing()).rowcount, 0)
        return fresh

    def feedback(self) -> list[dict[str, Any]]:
        """How often cards of each service were accepted or overridden, and for which reason."""
        one = tables.feedback.c
        groups = (one.hospital, one.service, one.outcome, one.reason)
        query = sa.select(*groups, sa.func.count().label("count")).group_by(*groups).order_by(*groups)
        with self.begin() as connection:
            return [dict(row._mapping) for row in connection.execute(query)]

    # Decisions of a board

    def add_decision(self, id_: str, patient: str, at: str, by: str, data: bytes) -> None:
        """Keep a decision; one that is sent again under the same id is kept once."""
        row = {"id": id_, "patient": self.keys.name(patient), "at": at, "by": by, "data": self.keys.lock(data, f"decision/{id_}")}
        with self.begin() as connection:
            connection.execute(self._insert(tables.decisions).values(**row).on_conflict_do_nothing())

    def decisions(self, patient: str | None = None) -> list[dict[str, Any]]:
        """The decisions that are kept, of one patient or of all, the earliest first; the `data` of each decrypted."""
        one = tables.decisions.c
        query = sa.select(one.id, one.at, one.by, one.data).order_by(one.at, one.id)
        if patient is not None:
            query = query.where(one.patient == self.keys.name(patient))
        with self.begin() as connection:
            rows = connection.execute(query).all()
        return [{"id": r[0], "at": r[1], "by": r[2], "data": self.keys.unlock(bytes(r[3]), f"decision/{r[0]}")} for r in rows]

    # Retention and erasure

    def forget_old(self) -> int:
        """Delete what has reached its day. Returns how many rows went."""
        now = time.time()
        with self.begin() as connection:
            found = 0
            for table in (tables.kept, tables.seen, tables.sessions):
                found += connection.execute(table.delete().where(table.c.until <= now)).rowcount
            found += connection.execute(tables.rates.delete().where(tables.rates.c.minute < now // 60 - 5)).rowcount
        return found

    def erase(self, patient: str) -> int:
        """Delete what is kept about a patient; the audit trail, which holds no clinical content, stays."""
        with self.begin() as connection:
            name = self.keys.name(patient)
            return sum(
                connection.execute(one.delete().where(one.c.patient == name)).rowcount for one in (tables.decisions, tables.kept)
            )


def open_store(settings: Settings) -> Store:
    """The store of the settings, brought up to this version. Raises LinewiseError where it cannot be reached."""
    address = settings.store
    if address.startswith("postgresql://"):
        address = "postgresql+psycopg://" + address.removeprefix("postgresql://")
    if address.startswith("sqlite:///"):
        place = address.removeprefix("sqlite:///")
        if place and place != ":memory:":
            Path(place).parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError):  # it names patients: only its owner may read it, and what SQLite puts beside it
                os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        engine = _engine(address)
        store = Store(engine, keys_of(settings))
        migrate(engine)
    except (SQLAlchemyError, ImportError, OSError) as fault:
        kind = type(getattr(fault, "orig", None) or fault).__name__
        raise LinewiseError(
            f"the store cannot be opened ({kind}). Is the database running, and `store` of the settings right?"
        ) from None
    return store


def _engine(address: str) -> sa.Engine:
    if not address.startswith("sqlite"):
        return sa.create_engine(address, pool_pre_ping=True, pool_size=8, max_overflow=8, pool_timeout=10, hide_parameters=True)
    memory = address in ("sqlite://", "sqlite:///:memory:")
    pool: dict[str, Any] = {"poolclass": sa.StaticPool} if memory else {}
    engine = sa.create_engine(address, connect_args={"timeout": 5, "check_same_thread": False}, hide_parameters=True, **pool)

    @sa.event.listens_for(engine, "connect")
    def _connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # we say ourselves when a transaction begins
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")

    @sa.event.listens_for(engine, "begin")
    def _begun(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # a writer waits its turn; it never fails in the middle

    return engine


def _alembic() -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(files("linewise.clinic") / "migrations"))
    return config


def newest() -> str | None:
    """The name of the newest migration."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_alembic()).get_current_head()


def migrate(engine: sa.Engine) -> None:
    """Bring the tables up to this version; workers that start together wait for each other."""
    from alembic import command

    config = _alembic()
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(7581)"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if connection.execute(sa.select(tables.audit_head.c.number)).first() is None:
            connection.execute(tables.audit_head.insert().values(one=1, number=0, hash=""))
