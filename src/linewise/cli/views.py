"""`linewise cohort views`: the tables that SQL-on-FHIR views make of a bulk export."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewise.errors import LinewiseError

from .arguments import command

if TYPE_CHECKING:
    from linewise.views.view import Query


def add(inner: Any) -> None:
    """Add `cohort views`."""
    views = command(
        inner, "views", "tables of an export by SQL-on-FHIR views: those of the reader, or your own",
        "  linewise cohort views export --out tables\n  linewise cohort views export --out tables --view blood_pressure.json --form csv",
    )  # fmt: skip
    views.add_argument(
        "input", type=Path, metavar="IN", help="a FHIR bulk export: a folder of NDJSON files, packed or not, or one file"
    )
    views.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the tables go, one for each view")
    views.add_argument(
        "--view",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a ViewDefinition as JSON; may be given several times",
    )
    views.add_argument("--form", choices=["parquet", "csv"], default="parquet")
    views.add_argument("--memory", default="", metavar="SIZE", help="memory for reading, as 2GB")
    views.set_defaults(run=_views)


def _views(options: argparse.Namespace) -> int:
    try:
        import duckdb  # noqa: F401
    except ImportError:
        raise LinewiseError("duckdb is not installed; cohorts need it: pip install 'linewise[cohort]'") from None
    from linewise.views.run import run

    queries = [_query(path) for path in options.view] or _own()
    result = run(options.input, options.out, queries, options.form, options.memory, _say)
    for table in result.tables:
        print(f"{table.rows:>12,}  {table.path}")
    for kind, count in result.faults.most_common():
        _say(f"{kind}: {count:,}")
    if result.faults:
        _say(f"what was wrong stands in {options.out / 'faults.ndjson'}")
    return 1 if any(table.misfits for table in result.tables) else 0


def _say(text: str) -> None:
    print(f"linewise: {text}", file=sys.stderr, flush=True)


def _own() -> list[Query]:
    from linewise.views.definitions import reader_views
    from linewise.views.view import compile_view

    return [compile_view(view) for view in reader_views()]


def _query(path: Path) -> Query:
    import msgspec

    from linewise.views.view import ViewError, compile_view

    try:
        view = msgspec.json.decode(path.read_bytes())
    except FileNotFoundError:
        raise LinewiseError(f"{path}: there is no such file.") from None
    except msgspec.DecodeError as fault:
        raise LinewiseError(f"{path}: this is not JSON: {fault}.") from None
    if isinstance(view, dict) and not view.get("name"):
        view["name"] = "".join(sign if sign.isascii() and sign.isalnum() else "_" for sign in path.stem)
    try:
        return compile_view(view)
    except ViewError as fault:
        raise LinewiseError(f"{path}: {fault}") from None
