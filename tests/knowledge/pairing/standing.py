"""What is said of each option, where and on which days; and what each caution says how loudly: as tables that are compared."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

from linewise.knowledge.model import Caution, Conduct, Content, Statement

from .golden import FOLDER

STANDING, CAUTIONS = "standing.json", "cautions.json"
Table = dict[str, list[Any]]
_DAY = dt.timedelta(days=1)


def days_in_force(one: Statement) -> tuple[dt.date, dt.date | None]:
    """The first and the last day on which a statement is in force, found by asking it day by day around its dates."""
    since = one.since
    first = next(day for day in _days(since.first, since.last) if one.in_force(day))
    if one.until is None:
        return first, None
    last = next(day for day in reversed(_days(one.until.first - _DAY, one.until.last)) if one.in_force(day))
    return first, last


def _days(first: dt.date, last: dt.date) -> list[dt.date]:
    return [first + index * _DAY for index in range((last - first).days + 1)]


def standing(content: Content) -> Table:
    """For each option, the rows of what is said of it: one for each statement and region in which it holds."""
    found: Table = {}
    for name, treatment in content.treatments.items():
        rows = []
        for one in treatment.standing:
            first, last = days_in_force(one)
            for region in one.where:
                row = [region, one.body, one.says, first.isoformat(), last.isoformat() if last else None, one.level]
                rows.append([*row, one.preferred, one.off_label, one.fits.text if one.fits else None])
        found[name] = sorted(rows, key=_json)
    return found


def cautions(content: Content) -> Table:
    """For each drug, class and option, its contraindications and cautions, and what becomes of an unknown one."""
    found: Table = {}
    for folder in ("classes", "drugs", "treatments"):
        for name, thing in getattr(content, folder).items():
            rows = [_caution("avoid", one) for one in thing.avoid] + [_caution("caution", one) for one in thing.caution]
            rows += [_rule(one) for one in getattr(thing, "conduct", ())]
            rows += [["needs", need.class_, need.when.text] for need in getattr(thing, "needs", ())]
            if rows:
                found[f"{folder}/{name}"] = sorted(rows, key=_json)
    for name, alert in content.alerts.items():
        found[f"alerts/{name}"] = [[alert.act, alert.when.text, *alert.holds]]
    return found


def _caution(kind: str, one: Caution) -> list[Any]:
    row = [kind, one.id, one.severity, one.unknown, one.when.text if one.when else None]
    return [*row, one.advice] if one.advice else row


def _rule(one: Conduct) -> list[Any]:
    return ["conduct", one.id, " or ".join(one.do), one.unknown, one.when.text, *one.region, *one.goes_on]


def write(content: Content, folder: Path = FOLDER) -> None:
    """Store both tables."""
    for name, table in ((STANDING, standing(content)), (CAUTIONS, cautions(content))):
        (folder / name).write_text(as_text(table), encoding="utf-8")


def read(name: str, folder: Path = FOLDER) -> Table:
    found: Table = json.loads((folder / name).read_text(encoding="utf-8"))
    return found


def differences(name: str, stored: Table, current: Table) -> list[str]:
    """Every row that came or went."""
    found = []
    for key in sorted({*stored, *current}):
        had, has = ({_json(row) for row in table.get(key, ())} for table in (stored, current))
        found += [f"{name}: {key}: gone: {row}" for row in sorted(had - has)]
        found += [f"{name}: {key}: new: {row}" for row in sorted(has - had)]
        if not found and len(stored.get(key, ())) != len(current.get(key, ())):
            found.append(f"{name}: {key}: a row stands there more or less often")
    return found


def as_text(table: Table) -> str:
    """JSON with one line for each row."""
    blocks = [
        f"{_json(key)}: [\n  " + ",\n  ".join(_json(row) for row in rows) + "\n ]" for key, rows in sorted(table.items()) if rows
    ]
    return "{\n " + ",\n ".join(blocks) + "\n}\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
