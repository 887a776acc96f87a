"""OMOP tables of a live database, copied once into Parquet beside the run; from then on they are files like others.

A database is read through ADBC, which hands over Arrow in batches (DuckDB files by DuckDB itself, which does the same), and through SQLAlchemy
where there is no ADBC driver for it. Only the columns that are read are asked for, as text; memory holds one batch. Nothing is written to a database.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

import msgspec

from linewise.errors import LinewiseError

from .tables import COLUMNS, TABLES, VOCABULARY

_ROWS = 50_000
_DRIVERS = {"sqlite": "adbc_driver_sqlite", "postgresql": "adbc_driver_postgresql"}
_OWN = ("schema", "vocabulary")
"""Parameters of the address that are ours: where the tables are, and where `concept` is if it is elsewhere."""

Found = dict[tuple[str, str], list[str]]
"""The columns of each table, by schema and name as the database spells them."""


@dataclass(frozen=True)
class Address:
    """Where a database is. `plain` is the address without our own parameters; it may hold a password and is never shown."""

    kind: str
    plain: str
    schema: str | None
    vocabulary: str | None

    @property
    def path(self) -> str:
        """The file of a database that is one."""
        return unquote(self.plain.partition("://")[2].partition("?")[0].removeprefix("/"))


def address_of(text: str) -> Address:
    """Take an address apart: `postgresql://user@host/base?schema=cdm`, `sqlite:///omop.db`, `duckdb:////data/omop.duckdb`."""
    base, _, query = text.partition("?")
    asked = parse_qsl(query, keep_blank_values=True)
    own = {name: value for name, value in asked if name in _OWN and value}
    rest = urlencode([(name, value) for name, value in asked if name not in _OWN])
    kind = base.partition("://")[0].split("+")[0].lower()
    plain = f"{base}?{rest}" if rest else base
    return Address("postgresql" if kind == "postgres" else kind, plain, own.get("schema"), own.get("vocabulary"))


def shown(text: str) -> str:
    """An address as it may be shown: without its password. Anything else stays as it is."""
    if "://" not in text:
        return text
    text = re.sub(r"(://[^:/@?#]*):.*@", r"\1:***@", text)
    return re.sub(r"((?:password|passwd|pwd|sslpassword)=)[^&]*", r"\1***", text, flags=re.IGNORECASE)


def copied(address: str, work: Path, progress: Callable[[str], None]) -> Path:
    """The folder with the tables of a database, as Parquet; what is copied already is not copied again.

    Raises LinewiseError where the database cannot be reached, or has no table of persons.
    """
    about, folder = address_of(address), work / "database"
    folder.mkdir(parents=True, exist_ok=True)
    known, sign = folder / "from.json", shown(address)
    if not known.exists() or msgspec.json.decode(known.read_bytes()) != sign:  # another database: nothing of it is here
        for old in folder.glob("*.parquet"):
            old.unlink()
    with _quiet(address), closing(_open(about)) as database:
        tables = _tables(database, about)
        known.write_bytes(msgspec.json.encode(sign))
        for table, (schema, name, columns) in tables.items():
            target = folder / f"{table}.parquet"
            if not target.exists():
                progress(f"copying {table}")
                _copy(database.batches(schema, name, columns), list(columns.values()), target)
    return folder


def _tables(database: Any, about: Address) -> dict[str, tuple[str, str, dict[str, str]]]:
    """For each OMOP table that is there: its schema, its name, and the columns that are read, as spelled there, with their OMOP names."""
    found: Found = database.tables()
    places: dict[str, list[str]] = {}
    for schema, name in found:
        places.setdefault(name.lower(), []).append(schema)
    home = _home(places.get("person", []), about, database.default)
    if home is None:
        where = f" in the schema {about.schema}" if about.schema else ""
        raise LinewiseError(f"there is no OMOP table of persons{where}. Name the schema that holds the tables, as ?schema=cdm")
    listed = {}
    for (schema, name), columns in found.items():
        table = name.lower()
        at = about.vocabulary if table in VOCABULARY and about.vocabulary else home
        if table in TABLES and schema.lower() == at.lower():
            wanted = {column: column.lower() for column in columns if column.lower() in COLUMNS[table]}
            if wanted:
                listed[table] = (schema, name, wanted)
    return {table: listed[table] for table in TABLES if table in listed}


def _home(schemas: list[str], about: Address, default: str) -> str | None:
    """The schema with the persons: the one asked for, else the database's own, else the only one that has them."""
    if about.schema:
        return next((schema for schema in schemas if schema.lower() == about.schema.lower()), None)
    if default in schemas:
        return default
    if len(schemas) > 1:
        raise LinewiseError(
            f"several schemas hold OMOP tables ({', '.join(sorted(schemas))}); name one, as ?schema={min(schemas)}"
        )
    return schemas[0] if schemas else None


def _copy(batches: Iterator[Any], columns: list[str], target: Path) -> None:
    """Write batches of text columns as they come; the file has its name only when it is whole."""
    import pyarrow as pa  # type: ignore[import-untyped]
    from pyarrow import parquet

    schema = pa.schema([(column, pa.string()) for column in columns])
    draft = target.with_name(f".{target.name}")
    with parquet.ParquetWriter(draft, schema, compression="zstd", compression_level=1) as out:
        for batch in batches:
            arrays = [batch.column(index).cast(pa.string()) for index in range(len(columns))]
            out.write_table(pa.Table.from_arrays(arrays, schema=schema))
    draft.replace(target)


# Databases: each says which tables it has, and gives one in batches


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _question(schema: str, name: str, columns: Mapping[str, str], text: str) -> str:
    listed = ", ".join(f"CAST({_quoted(column)} AS {text}) AS {_quoted(own)}" for column, own in columns.items())
    return f"SELECT {listed} FROM {f'{_quoted(schema)}.' if schema else ''}{_quoted(name)}"


def _grouped(rows: list[tuple[Any, ...]]) -> Found:
    found: Found = {}
    for schema, table, column in rows:
        found.setdefault((str(schema), str(table)), []).append(str(column))
    return found


_COLUMNS_SQL = "SELECT table_schema, table_name, column_name FROM information_schema.columns ORDER BY 1, 2, ordinal_position"
_SQLITE_SQL = "SELECT 'main', t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type IN ('table', 'view') ORDER BY t.name, c.cid"


class _Adbc:
    """SQLite and PostgreSQL through their ADBC drivers."""

    def __init__(self, about: Address, driver: Any) -> None:
        self.sqlite = about.kind == "sqlite"
        self.default = "main"
        if self.sqlite and not Path(about.path).is_file():
            raise LinewiseError(f"{about.path}: there is no such file.")
        self.connection = driver.connect(about.path if self.sqlite else re.sub(r"^[^:]+", "postgresql", about.plain))
        if not self.sqlite:
            self.default = str(self._rows("SELECT coalesce(current_schema(), 'public')")[0][0])

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows

    def tables(self) -> Found:
        return _grouped(self._rows(_SQLITE_SQL if self.sqlite else _COLUMNS_SQL.replace("table_schema,", "table_schema::text,")))

    def batches(self, schema: str, name: str, columns: Mapping[str, str]) -> Iterator[Any]:
        with self.connection.cursor() as cursor:
            if self.sqlite:
                cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": str(_ROWS)})
            cursor.execute(_question(schema, name, columns, "TEXT"))
            batches: Any = cursor.fetch_record_batch()
            yield from batches

    def close(self) -> None:
        self.connection.close()


class _DuckDB:
    """A DuckDB file, opened for reading."""

    default = "main"

    def __init__(self, about: Address) -> None:
        import duckdb

        if not Path(about.path).is_file():
            raise LinewiseError(f"{about.path}: there is no such file.")
        self.connection = duckdb.connect(about.path, read_only=True)

    def tables(self) -> Found:
        sql = _COLUMNS_SQL.replace("ORDER BY", "WHERE table_catalog = current_database() ORDER BY")
        return _grouped(self.connection.execute(sql).fetchall())

    def batches(self, schema: str, name: str, columns: Mapping[str, str]) -> Iterator[Any]:
        batches: Any = self.connection.sql(_question(schema, name, columns, "VARCHAR")).to_arrow_reader(_ROWS)
        yield from batches

    def close(self) -> None:
        self.connection.close()


class _Alchemy:
    """Any other database, through SQLAlchemy and the driver that it finds."""

    def __init__(self, about: Address, sql: Any) -> None:
        self.sql, self.schema = sql, about.schema
        self.engine = sql.create_engine(about.plain)
        self.inspector = sql.inspect(self.engine)
        self.vocabulary = about.vocabulary
        self.default = self.inspector.default_schema_name or ""

    def tables(self) -> Found:
        wanted = [schema for schema in (self.schema, self.vocabulary) if schema]
        found: Found = {}
        schemas: list[str | None] = [*wanted] or [None]
        for schema in schemas:
            names = [*self.inspector.get_table_names(schema=schema), *self.inspector.get_view_names(schema=schema)]
            for name in names:
                if name.lower() in TABLES:
                    columns = self.inspector.get_columns(name, schema=schema)
                    found[schema or self.default, name] = [str(column["name"]) for column in columns]
        return found

    def batches(self, schema: str, name: str, columns: Mapping[str, str]) -> Iterator[Any]:
        import pyarrow as pa

        table = self.sql.table(name, *(self.sql.column(column) for column in columns), schema=schema or None)
        with self.engine.connect().execution_options(stream_results=True, yield_per=_ROWS) as connection:
            for rows in connection.execute(self.sql.select(table)).partitions():
                texts = [[None if value is None else str(value) for value in column] for column in zip(*rows, strict=True)]
                yield pa.record_batch([pa.array(column, pa.string()) for column in texts], names=list(columns.values()))

    def close(self) -> None:
        self.engine.dispose()


def _open(about: Address) -> Any:
    if about.kind == "duckdb":
        return _DuckDB(about)
    driver = _module(f"{_DRIVERS[about.kind]}.dbapi") if about.kind in _DRIVERS else None
    if driver is not None:
        return _Adbc(about, driver)
    sql = _module("sqlalchemy")
    if sql is None:
        raise LinewiseError("a live database needs the extra `omop`: pip install 'linewise[omop]'")
    return _Alchemy(about, sql)


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


@contextmanager
def _quiet(address: str) -> Iterator[None]:
    """What a driver raises, as one line for the reader, without the password."""
    try:
        yield
    except (LinewiseError, OSError, MemoryError) as fault:
        raise (LinewiseError(_hidden(str(fault), address)) if isinstance(fault, LinewiseError) else fault) from None
    except Exception as fault:  # every driver has its own
        lines = [line for line in str(fault).splitlines() if line.strip()] or [type(fault).__name__]
        raise LinewiseError(f"the database {shown(address)} cannot be read: {_hidden(lines[0], address)}") from None


def _hidden(text: str, address: str) -> str:
    """A message without the password of the address, however it got into it."""
    found = re.search(r"://[^:/@?#]*:(.*)@", address)
    secrets = [found[1], unquote(found[1])] if found else []
    secrets += [value for name, value in parse_qsl(address.partition("?")[2]) if "pass" in name.lower() or name.lower() == "pwd"]
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    return text
