"""A live OMOP database is read through ADBC, or SQLAlchemy, as its tables would be from files; its password is never shown."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest

from linewise.bulk import database
from linewise.bulk.database import address_of, copied, shown
from linewise.errors import LinewiseError

from .postgres import server

SECRET = "a b@c:d/e"  # what makes an address hard to take apart
PERSONS = [(1, 8532, 1960, None), (2, 8507, 1955, "x, 'y'\n\"z\"")]
DAYS = [(number, 1 + number % 2, f"2024-01-{1 + number % 28:02d}", 1.5 * number) for number in range(1, 120_001)]


def quiet(text: str) -> None:
    del text


def fill(execute, many, upper: bool = False, schema: str = "") -> None:
    """The tables of a small OMOP database, some of them with capital letters and with columns that nobody reads."""
    name = (lambda text: f'"{text.upper()}"') if upper else (lambda text: text)
    person, measurement = (f"{schema}{name(table)}" for table in ("person", "measurement"))
    listed = ", ".join(f"{name(column)} {kind}" for column, kind in (
        ("person_id", "BIGINT"), ("gender_concept_id", "INTEGER"), ("year_of_birth", "INTEGER"), ("person_source_value", "TEXT")))  # fmt: skip
    execute(f"CREATE TABLE {person} ({listed})")
    many(f"INSERT INTO {person} VALUES ({{}})", PERSONS)
    listed = ", ".join(f"{name(column)} {kind}" for column, kind in (
        ("measurement_id", "BIGINT"), ("person_id", "BIGINT"), ("measurement_date", "DATE"), ("value_as_number", "NUMERIC")))  # fmt: skip
    execute(f"CREATE TABLE {measurement} ({listed})")
    many(f"INSERT INTO {measurement} VALUES ({{}})", DAYS)
    execute(f"CREATE TABLE {schema}{name('note')} (note_id INTEGER)")


def check(folder: Path) -> None:
    persons = pl.read_parquet(folder / "person.parquet")
    assert persons.columns == ["person_id", "gender_concept_id", "year_of_birth"]
    assert sorted(persons.rows()) == [("1", "8532", "1960"), ("2", "8507", "1955")]
    days = pl.read_parquet(folder / "measurement.parquet")
    assert days.height == len(DAYS)
    assert days["measurement_date"].to_list() == [day for _, _, day, _ in DAYS]
    assert days["value_as_number"].cast(pl.Float64).to_list() == [number for *_, number in DAYS]
    assert not (folder / "note.parquet").exists()


def sqlite_at(path: Path, upper: bool = False) -> Path:
    with sqlite3.connect(path) as base:
        fill(base.execute, lambda sql, rows: base.executemany(sql.format(", ".join("?" * len(rows[0]))), rows), upper)
    base.close()
    return path


@pytest.mark.parametrize("upper", [False, True])
def test_sqlite_is_copied_through_adbc(tmp_path: Path, upper: bool) -> None:
    pytest.importorskip("adbc_driver_sqlite", reason="the ADBC driver for SQLite is not installed (extra `omop`)")
    path = sqlite_at(tmp_path / "omop base.db", upper)
    check(copied(f"sqlite:///{path}", tmp_path / "work", quiet))


def test_sqlite_is_copied_through_sqlalchemy_where_there_is_no_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sqlalchemy", reason="SQLAlchemy is not installed (extra `omop`)")
    monkeypatch.setattr(database, "_DRIVERS", {})
    path = sqlite_at(tmp_path / "omop.db", upper=True)
    check(copied(f"sqlite:///{path}", tmp_path / "work", quiet))


def test_a_duckdb_file_is_copied(tmp_path: Path) -> None:
    path = tmp_path / "omop.duckdb"
    with duckdb.connect(path) as base:
        base.execute("CREATE SCHEMA cdm")
        frame = pl.DataFrame(DAYS, schema=["a", "b", "c", "d"], orient="row").to_arrow()
        base.register("days", frame)

        def many(sql: str, rows: list) -> None:
            if rows is DAYS:
                base.execute(f"{sql.split(' VALUES')[0]} SELECT * FROM days ORDER BY a")
            else:
                base.executemany(sql.format(", ".join("?" * len(rows[0]))), rows)

        fill(base.execute, many, schema="cdm.")
    check(copied(f"duckdb:///{path}", tmp_path / "one", quiet))  # the only schema with persons
    check(copied(f"duckdb:///{path}?schema=CDM", tmp_path / "two", quiet))
    with pytest.raises(LinewiseError, match="no OMOP table of persons in the schema other"):
        copied(f"duckdb:///{path}?schema=other", tmp_path / "three", quiet)


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    dbapi = pytest.importorskip(
        "adbc_driver_postgresql.dbapi", reason="the ADBC driver for PostgreSQL is not installed (extra `omop`)"
    )
    plain = "secret-7"
    with server(plain) as address:
        base = dbapi.connect(f"{address}/postgres", autocommit=True)

        def execute(sql: str) -> None:
            with base.cursor() as cursor:
                cursor.execute(sql)

        def many(sql: str, rows: list) -> None:
            texts = [
                ", ".join("NULL" if cell is None else f"'{str(cell).replace(chr(39), chr(39) * 2)}'" for cell in row)
                for row in rows
            ]
            for start in range(0, len(texts), 10_000):
                execute(sql.format("), (".join(texts[start : start + 10_000])))

        for schema in ("cdm", "other"):
            execute(f"CREATE SCHEMA {schema}")
            fill(execute, many, schema=f"{schema}.", upper=schema == "other")
        execute("CREATE SCHEMA small")
        execute("CREATE TABLE small.person AS SELECT * FROM cdm.person")
        execute("CREATE TABLE small.measurement AS SELECT * FROM cdm.measurement WHERE measurement_id < 100")
        execute("CREATE SCHEMA empty")
        execute("CREATE TABLE empty.person (person_id BIGINT)")
        execute("CREATE SCHEMA words")
        execute("CREATE TABLE words.concept (concept_id INTEGER, concept_code TEXT, vocabulary_id TEXT)")
        execute("INSERT INTO words.concept VALUES (1, '718-7', 'LOINC')")
        base.close()
        yield f"{address}/postgres"


def test_postgresql_is_copied_through_adbc(postgres: str, tmp_path: Path) -> None:
    check(copied(f"{postgres}?schema=cdm", tmp_path / "one", quiet))
    check(
        copied(f"{postgres.replace('postgresql:', 'postgres+psycopg:')}?schema=other&connect_timeout=5", tmp_path / "two", quiet)
    )


def test_a_vocabulary_may_stand_in_a_schema_of_its_own(postgres: str, tmp_path: Path) -> None:
    folder = copied(f"{postgres}?schema=cdm&vocabulary=words", tmp_path, quiet)
    found = pl.read_parquet(folder / "concept.parquet").select("concept_id", "vocabulary_id", "concept_code")
    assert found.rows() == [("1", "LOINC", "718-7")]


def test_several_schemas_are_asked_about(postgres: str, tmp_path: Path) -> None:
    with pytest.raises(LinewiseError, match=r"several schemas hold OMOP tables \(cdm, empty, other, small\)"):
        copied(postgres, tmp_path, quiet)


def test_a_password_is_never_shown(postgres: str, tmp_path: Path) -> None:
    wrong = postgres.replace("secret-7", "wrong-8")
    with pytest.raises(LinewiseError) as told:
        copied(wrong, tmp_path, quiet)
    assert "wrong-8" not in str(told.value)
    assert "omop:***@127.0.0.1" in str(told.value)
    copied(f"{postgres}?schema=cdm", tmp_path, quiet)
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"secret-7" in path.read_bytes()]


def asked_about(address: str, out: Path) -> subprocess.CompletedProcess[str]:
    """A question about a database, as a command of its own: the one that is answered fastest, as all read the database in one way."""
    command = [sys.executable, "-m", "linewise.cli", "cohort", "lines", address, "--out", str(out)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_shows_no_password_either(postgres: str, tmp_path: Path) -> None:
    done = asked_about(f"{postgres}?schema=small", tmp_path / "out")
    assert done.returncode == 0 and (tmp_path / "out" / "report.html").exists(), done.stderr
    assert "secret-7" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("postgresql://u:p%40ss@h:5432/b?schema=cdm&sslmode=require", "postgresql://u:***@h:5432/b?schema=cdm&sslmode=require"),
        (f"postgresql://u:{SECRET}@h/b", "postgresql://u:***@h/b"),
        ("postgresql://h/b?user=u&password=geheim&schema=x", "postgresql://h/b?user=u&password=***&schema=x"),
        ("postgresql://u@h/b", "postgresql://u@h/b"),
        ("duckdb:////data/a b.duckdb", "duckdb:////data/a b.duckdb"),
        ("a folder: not an address", "a folder: not an address"),
    ],
)
def test_addresses_as_they_are_shown(address: str, plain: str) -> None:
    assert shown(address) == plain


def test_addresses_are_taken_apart() -> None:
    found = address_of("postgresql+psycopg://u@h/b?sslmode=require&schema=cdm&vocabulary=v")
    assert (found.kind, found.plain, found.schema, found.vocabulary) == (
        "postgresql",
        "postgresql+psycopg://u@h/b?sslmode=require",
        "cdm",
        "v",
    )
    assert address_of("sqlite:///omop.db").path == "omop.db"
    assert address_of("sqlite:////data/omop.db?schema=main").path == "/data/omop.db"


def test_a_file_that_is_not_there_is_told_and_not_made(tmp_path: Path) -> None:
    for kind in ("sqlite", "duckdb"):
        with pytest.raises(LinewiseError, match="there is no such file"):
            copied(f"{kind}:///{tmp_path / 'none.db'}", tmp_path / "work", quiet)
        assert not (tmp_path / "none.db").exists()


def test_another_database_in_the_same_folder_is_copied_anew(tmp_path: Path) -> None:
    pytest.importorskip("adbc_driver_sqlite", reason="the ADBC driver for SQLite is not installed (extra `omop`)")
    one = sqlite_at(tmp_path / "one.db")
    check(copied(f"sqlite:///{one}", tmp_path / "work", quiet))
    told: list[str] = []
    copied(f"sqlite:///{one}", tmp_path / "work", told.append)
    assert told == []  # what is copied already is not copied again
    with sqlite3.connect(tmp_path / "two.db") as base:
        base.execute("CREATE TABLE person (person_id INTEGER)")
        base.execute("INSERT INTO person VALUES (7)")
    folder = copied(f"sqlite:///{tmp_path / 'two.db'}", tmp_path / "work", told.append)
    assert pl.read_parquet(folder / "person.parquet").rows() == [("7",)]
    assert [path.name for path in folder.glob("*.parquet")] == ["person.parquet"]


def test_nobody_in_a_database_is_told_without_its_password(postgres: str, tmp_path: Path) -> None:
    done = asked_about(f"{postgres}?schema=empty", tmp_path / "out")
    assert done.returncode != 0
    assert "no record of a person was found here" in done.stderr
    assert "***" in done.stderr and "secret-7" not in done.stdout + done.stderr


def test_whatever_a_driver_says_its_message_holds_no_password() -> None:
    hidden = database._hidden
    assert hidden("cannot log in with p@ss", "postgresql://u:p%40ss@h/b") == "cannot log in with ***"
    assert hidden("no: password=geheim", "postgresql://h/b?password=geheim&schema=x") == "no: password=***"
    assert hidden("nothing to hide", "sqlite:///omop.db") == "nothing to hide"


def test_tables_come_in_batches(tmp_path: Path) -> None:
    pytest.importorskip("adbc_driver_sqlite", reason="the ADBC driver for SQLite is not installed (extra `omop`)")
    from pyarrow import parquet

    folder = copied(f"sqlite:///{sqlite_at(tmp_path / 'omop.db')}", tmp_path / "work", quiet)
    groups = parquet.ParquetFile(folder / "measurement.parquet")
    assert [groups.metadata.row_group(number).num_rows for number in range(groups.num_row_groups)] == [50_000, 50_000, 20_000]
