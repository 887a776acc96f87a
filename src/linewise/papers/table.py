"""Tables of values: CSV and Excel files."""

from __future__ import annotations

import csv
import io
from typing import Any

from linewise.errors import RecordError

from .archive import entries
from .form import Form, Tools
from .limits import MOST_UNPACKED, check_text, too_big
from .missing import need
from .plain import decoded
from .sheet import Builder, Sheet

_ROWS = 5000


def _is_xlsx(data: bytes, name: str) -> bool:
    return data.startswith(b"PK\x03\x04") and "xl/workbook.xml" in entries(data, name)


def _is_csv(data: bytes, name: str) -> bool:
    if not name.lower().endswith((".csv", ".tsv")):
        return False
    text = decoded(data)
    return text is not None


def _sign(text: str) -> str:
    lines = [line for line in text.splitlines()[:20] if line.strip()]
    return max(";\t,|", key=lambda sign: sum(min(line.count(sign), 12) for line in lines) * (2 if sign in ";\t" else 1))


def _open_csv(data: bytes, name: str, tools: Tools) -> list[Sheet]:
    text = decoded(data) or ""
    check_text(name, len(text), text.count("\n"))
    rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text.replace("\0", "")), delimiter=_sign(text))]
    return [_sheet(rows, name, "CSV")]


def _open_xlsx(data: bytes, name: str, tools: Tools) -> list[Sheet]:
    import zipfile

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(one.file_size for one in archive.infolist()) > MOST_UNPACKED:
            raise too_big(name, "it unpacks to too much")
    openpyxl: Any = need("openpyxl", "Excel files", name)
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        rows: list[list[str]] = []
        for sheet in book.worksheets[:20]:
            rows.append([])
            for number, row in enumerate(sheet.iter_rows(values_only=True, max_col=60)):
                if number > _ROWS:
                    raise too_big(name, f"more than {_ROWS} rows")
                rows.append([_cell(value) for value in row])
    except RecordError:
        raise
    except Exception:  # whatever a broken file makes the library raise
        raise RecordError(name, "this Excel file is damaged.", "Save it again, or as CSV.") from None
    return [_sheet(rows, name, "Excel")]


def _cell(value: Any) -> str:
    import datetime as dt

    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return str(value)


def _sheet(rows: list[list[str]], name: str, form: str) -> Sheet:
    """Rows as a sheet: lines above the table as they are, then the table with its heads."""
    builder = Builder(name, form)
    block: list[list[str]] = []

    def close() -> None:
        nonlocal block
        if block:
            wide = max(sum(bool(cell) for cell in row) for row in block)
            if wide > 2 or len(block) > 2:
                builder.table(block)
            else:
                for row in block:
                    builder.line("   ".join(cell for cell in row if cell))
        block = []

    for number, row in enumerate(rows):
        if number > _ROWS:
            raise too_big(name, f"more than {_ROWS} rows")
        filled = [cell for cell in row if cell]
        if not filled:
            close()
            builder.blank()
        elif len(filled) <= 2 and not block:
            builder.line(": ".join(filled) if len(filled) == 2 and not filled[0].endswith(":") else " ".join(filled))
        else:
            if block and len(filled) > 2 and len([cell for cell in block[-1] if cell]) <= 2:
                close()
            block.append(row)
    close()
    if not builder.lines:
        raise RecordError(name, "this table is empty.", "")
    return builder.sheet()


FORMS = (Form("xlsx", "Excel file", _is_xlsx, _open_xlsx), Form("csv", "CSV table", _is_csv, _open_csv))
