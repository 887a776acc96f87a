"""The files of OMOP tables, as Parquet: text files are parsed once, as they are written in the wild, and keep the numbers of their lines.

Comma, semicolon or tab, quoted fields with line breaks, a byte-order mark, gzip, UTF-16, NULL as a word: a header tells the rest. Lines that do not fit
the header are counted and kept. A Parquet file stays where it is.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import duckdb
import msgspec

from linewise.files import opened

from .faults import Faults
from .tables import COLUMNS, TABLES, VOCABULARY

ENDINGS = (".parquet", ".csv", ".csv.gz", ".tsv", ".tsv.gz")
_NULLS = ["", "NULL", "null", "\\N", "NA", "NaN"]
_SAMPLE = 1 << 20
_UNFIT = "a line that does not fit the header"
_COPY = "from.json"
"""Stands in a folder of tables that were copied from a database: their rows are told by their keys."""


@dataclass(frozen=True)
class Part:
    """One file of a table. `name` is what it is called in reports; `path` the Parquet file with its rows.

    `lines` tells where rows stand: from row n (from 0) on, so much is added to the row's number to get its line. Rows of a database have none.
    """

    table: str
    name: str
    path: Path
    columns: dict[str, str]  # in lower case, with their types in DuckDB
    lines: tuple[tuple[int, int], ...] = ((0, 1),)
    keyed: bool = False


def files_of(path: Path) -> dict[str, list[Path]]:
    """The files of each OMOP table in a folder: one of its name, or those in a folder of its name. Parquet is preferred to text."""
    if not path.is_dir():
        return {}
    found: dict[str, list[Path]] = {}
    places = [
        path,
        *(inner for inner in sorted(path.iterdir()) if inner.is_dir() and inner.name.lower() in ("vocabulary", "vocab")),
    ]
    for place in places:
        for file in sorted(place.iterdir(), key=lambda file: (_rank(file), file.name)):
            table = file.name.lower().split(".")[0]
            if table not in TABLES or table in found or (place != path and table not in VOCABULARY):
                continue
            if file.is_dir():
                listed = [inner for inner in sorted(file.iterdir()) if inner.is_file() and _rank(inner) < len(ENDINGS)]
                if listed:
                    found[table] = listed
            elif _rank(file) < len(ENDINGS):
                found[table] = [file]
    return found


def _rank(file: Path) -> int:
    name = file.name.lower()
    return next((number for number, ending in enumerate(ENDINGS) if name.endswith(ending)), len(ENDINGS))


class Staging:
    """Makes files readable, in a folder of the run. What is done there already is not done again."""

    def __init__(self, folder: Path, faults: Faults, memory: str, threads: int) -> None:
        self.folder, self.faults = folder, faults
        folder.mkdir(parents=True, exist_ok=True)
        # The order of the lines is kept: it tells their numbers.
        self.database = duckdb.connect(config={"memory_limit": memory, "temp_directory": str(folder), "threads": threads})

    def parts(self, table: str, files: list[Path]) -> list[Part]:
        """The files of a table that can be read."""
        found = [
            self._part(table, file, f"{file.parent.name} {file.name}" if file.parent.name.lower() == table else file.name)
            for file in files
        ]
        return [part for part in found if part is not None]

    def _part(self, table: str, file: Path, name: str) -> Part | None:
        if _rank(file) > 0:
            return self._text(table, file, name)
        try:
            columns = self._columns(file)
        except duckdb.Error as fault:
            self._unusable(name, f"not a Parquet file: {str(fault).splitlines()[0]}")
            return None
        copied = (file.parent / _COPY).exists()
        return Part(table, f"{table} (key)" if copied else name, file, columns, keyed=copied)

    def _columns(self, file: Path) -> dict[str, str]:
        rows = self.database.execute(f"DESCRIBE SELECT * FROM read_parquet({quoted(str(file))})").fetchall()
        return {str(row[0]).lower(): str(row[1]) for row in rows}

    def _unusable(self, name: str, text: str) -> None:
        self.faults.count("a file that cannot be read")
        self.faults.keep(name, None, "a file that cannot be read", text)

    # Text

    def _text(self, table: str, file: Path, name: str) -> Part | None:
        stat = file.stat()
        state = [str(file), stat.st_size, stat.st_mtime_ns]
        target = self.folder / f"{name}.parquet"
        told = target.with_suffix(".json")
        done = msgspec.json.decode(told.read_bytes()) if target.exists() and told.exists() else {}
        if done.get("state") != state:
            form = form_of(file)
            if form is None:
                self.faults.count("an empty file")
                self.faults.keep(name, None, "an empty file", table)
                return None
            if not set(form.names) & COLUMNS[table]:
                self._unusable(name, f"its first line names no column of {table}: {', '.join(form.names)}")
                return None
            try:
                lines, bad = self._copy(table, file, form, target)
            except duckdb.Error as fault:
                self._unusable(name, str(fault).splitlines()[0])
                return None
            done = {"state": state, "lines": lines, "bad": bad}
            told.write_bytes(msgspec.json.encode(done))
        self.faults.count(_UNFIT, len(done["bad"]))
        for line, text in done["bad"]:
            self.faults.keep(name, line, _UNFIT, text)
        return Part(table, name, target, self._columns(target), tuple((row, plus) for row, plus in done["lines"]))

    def _copy(
        self, table: str, file: Path, form: Form, target: Path
    ) -> tuple[tuple[tuple[int, int], ...], list[tuple[int, str]]]:
        """Parse a file; where its rows stand, and the lines that do not fit, with what is wrong with them."""
        columns = ", ".join(f"{quoted(column)}: 'VARCHAR'" for column in form.names)
        wanted = ", ".join(f'"{column}"' for column in form.names if column in COLUMNS[table])
        sql = self.database
        sql.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
        source = (
            f"read_csv({quoted(str(file))}, auto_detect=false, header=true, columns={{{columns}}}, delim={quoted(form.delimiter)}, "
            f"quote={quoted(form.quote)}, escape={quoted(form.quote)}, nullstr={_NULLS}, encoding='{form.encoding}', ignore_errors=true, "
            f"store_rejects=true, rejects_limit=0, max_line_size=20000000)"
        )
        draft = target.with_name(f".{target.name}")
        sql.execute(f"COPY (SELECT {wanted} FROM {source}) TO {quoted(str(draft))} (FORMAT parquet, COMPRESSION snappy)")
        found = sql.execute(
            "SELECT DISTINCT ON (line) line, error_type, coalesce(csv_line, '') FROM reject_errors ORDER BY line"
        ).fetchall()
        bad = [(int(line), f"{str(what).lower()}: {text}") for line, what, text in found]
        draft.replace(target)
        rows = sql.execute(f"SELECT count(*) FROM read_parquet({quoted(str(target))})").fetchone()
        return line_numbers(file, form, rows[0] if rows else 0, {line for line, _ in bad}), bad


def quoted(text: str) -> str:
    """Text as SQL has it."""
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True)
class Form:
    """How a text file is written: its columns in lower case, what stands between them, how they are quoted, and the encoding."""

    names: list[str]
    delimiter: str
    quote: str
    encoding: str


def form_of(file: Path) -> Form | None:
    """How a text file is written, by its first line; None where it is empty."""
    with opened(file) as data:
        sample = data.read(_SAMPLE)
    encoding = "utf-16" if sample[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    if encoding == "utf-8" and not _is_text(sample):
        encoding = "latin-1"
    head = sample.decode(encoding, errors="replace").lstrip("\ufeff").split("\n", 1)[0].rstrip("\r")
    if not head.strip():
        return None
    delimiter = max(",;\t|", key=head.count)
    # Vocabularies come from Athena with tabs and without quotes: a quote in a name is one.
    quote = "" if delimiter == "\t" and not head.startswith('"') else '"'
    row = next(csv.reader([head], delimiter=delimiter)) if quote else head.split(delimiter)
    names: list[str] = []
    for number, name in enumerate(part.strip().strip('"').lower() for part in row):
        names.append(name if name and name not in names else f"{name}_{number}")
    return Form(names, delimiter, quote, encoding)


def _is_text(sample: bytes) -> bool:
    """Whether bytes are UTF-8; the last character may be cut."""
    try:
        sample.decode()
    except UnicodeDecodeError as fault:
        return fault.start > len(sample) - 4
    return True


def line_numbers(file: Path, form: Form, rows: int, bad: set[int]) -> tuple[tuple[int, int], ...]:
    """Where rows stand in a text file: from row n on, what is added to its number (from 0) to get its line.

    Most files have a line a row, and two is added; where line breaks stand in fields, or lines were left out, the file is walked through.
    """
    with opened(file) as data:
        last, count = b"\n", 0
        while block := data.read(_SAMPLE):
            count += block.count(b"\n")
            last = block[-1:]
    wide = form.encoding == "utf-16"
    if not bad and not wide and count + (last != b"\n") == rows + 1:
        return ((0, 2),)
    found, plus = [(0, 2)], 2
    for row, line in enumerate(line for line in _starts(file, form) if line not in bad):
        if line != row + plus:
            plus = line - row
            found.append((row, plus))
    return tuple(found)


def _starts(file: Path, form: Form) -> Iterator[int]:
    """The line on which each record begins, without the header."""
    with _decoded(file, form) as text:
        limit = csv.field_size_limit(20_000_000)
        try:
            rows: Any = csv.reader(
                text, delimiter=form.delimiter, **({"quotechar": form.quote} if form.quote else {"quoting": csv.QUOTE_NONE})
            )
            end = 0
            for number, row in enumerate(rows):
                begin, end = end + 1, rows.line_num
                if number and row:
                    yield begin
        finally:
            csv.field_size_limit(limit)


def _decoded(file: Path, form: Form) -> IO[str]:
    encoding = "utf-8-sig" if form.encoding == "utf-8" else form.encoding
    return io.TextIOWrapper(opened(file), encoding=encoding, errors="replace", newline="")
