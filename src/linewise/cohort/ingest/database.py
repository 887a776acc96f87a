"""OMOP tables of a live database, copied once into Parquet beside the run; from then on they are files like others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

from linewise.errors import LinewiseError

from .omop import TABLES

_ROWS = 200_000


def copied(address: str, work: Path, progress: Callable[[str], None]) -> Path:
    """The folder with the tables of a database, by its SQLAlchemy address; what is copied already is not copied again.

    Raises LinewiseError where the database cannot be reached or has no table of persons.
    """
    try:
        import sqlalchemy as sql
    except ImportError:
        raise LinewiseError("a database needs SQLAlchemy: pip install 'linewise[omop]'") from None
    folder = work / "database"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        engine = sql.create_engine(address)
        names = {name.lower(): name for name in sql.inspect(engine).get_table_names()}
    except sql.exc.SQLAlchemyError as fault:
        raise LinewiseError(f"the database cannot be read: {str(fault).splitlines()[0]}") from None
    if "person" not in names:
        raise LinewiseError("there is no OMOP table of persons in this database.")
    with engine.connect().execution_options(stream_results=True) as connection:
        for table in TABLES:
            target = folder / f"{table}.parquet"
            if table in names and not target.exists():
                progress(f"copying {table}")
                found = connection.execute(sql.text(f'SELECT * FROM "{names[table]}"'))
                parts = []
                for rows in iter(lambda found=found: found.fetchmany(_ROWS), []):  # type: ignore[misc]
                    parts.append(
                        pl.DataFrame(
                            [tuple(row) for row in rows], schema=list(found.keys()), orient="row", infer_schema_length=None
                        )
                    )
                whole = (
                    pl.concat(parts, how="vertical_relaxed")
                    if parts
                    else pl.DataFrame(schema=dict.fromkeys(found.keys(), pl.String))
                )
                draft = folder / f".{table}.parquet"
                whole.write_parquet(draft)
                draft.replace(target)
    return folder
