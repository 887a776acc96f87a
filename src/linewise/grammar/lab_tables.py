"""Measurements in tables: a row with its name, values, unit and limits in cells of their own; or a column for each measurement."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from linewise.phrases.claims import Claim, Context
from linewise.phrases.dates import Day
from linewise.phrases.lexicon import Match
from linewise.phrases.statements import Statement
from linewise.phrases.tokens import Token, folded, number, tokens_of

from .lab_claims import ALIASES, LabClaims

_DAY_AND_MONTH = re.compile(r"\d{1,2}/\d{1,2}")


class Row(msgspec.Struct):
    """The unit and the upper limit in a row, and its values: day, place, amount."""

    unit: str = ""
    limit: float | None = None
    values: list[tuple[Day | None, int, float]] = msgspec.field(default_factory=list)


class LabTables:
    """Reads the rows of one paper's tables of measurements."""

    def __init__(self, lab: LabClaims) -> None:
        self.lab, self.units, self.paper = lab, lab.units, lab.paper
        self.listed = self.paper.words.listed
        self._heads: dict[str, tuple[str, Day | None]] = {}

    def is_table(self, statement: Statement) -> bool:
        return any(
            statement.tokens[match.first].cell == statement.tokens[0].cell for match in statement.matches if match.has("lab")
        )

    def row(self, statement: Statement, context: Context) -> Iterator[Claim]:
        """A row of a table with heads: the name in one cell, values in others, limits in a cell of their own."""
        tokens = statement.tokens
        cells: dict[int, list[int]] = {}
        for index, token in enumerate(tokens):
            cells.setdefault(token.cell, []).append(index)
        kinds = {cell: self._head(statement.headers[cell]) if cell < len(statement.headers) else ("", None) for cell in cells}
        names = [match for match in statement.matches if match.has("lab")]
        in_name = [match for match in names if tokens[match.first].cell == min(cells)]
        if not in_name:
            yield from self._by_heads(statement, context, cells)
            return
        match = max(in_name, key=lambda one: one.last - one.first)
        name = match.id("lab") or ""
        fact = self.lab.fact(name)
        if fact not in self.units.facts:
            return
        named = cells[tokens[match.first].cell]
        words = " ".join(folded(tokens[i].text) for i in named)
        found = self._cells(tokens, cells, kinds, tokens[match.first].cell, fact)
        if not found.values:
            return
        if len({amount for day, _, amount in found.values if day is None}) > 1:
            return  # several values, and nothing says which is the latest
        unit = found.unit or self.units.within(tokens, named)[0]
        row_day = next((token.day for token in tokens if token.day is not None), None)
        dated = [one for one in found.values if one[0] is not None]
        day, at, amount = max(dated, key=lambda one: one[0].key if one[0] else (0, 0, 0)) if dated else found.values[0]
        if fact == "neutrophils" and (unit == "%" or any(word in words for word in self.listed("labs.percent"))):
            return
        if fact == "hba1c" and unit not in ("%", "mmol/mol", ""):
            unit = ""
        claim = self.lab.claim(statement, context, match, fact, amount, unit, found.limit, False, at, at + 1, day or row_day)
        if claim is None:
            return
        claim.strength += 1 if name == "calcium-corrected" else 0
        if fact == "fasting-glucose" and not self.lab.fasted and not any(word in words for word in self.listed("labs.fasting")):
            return
        yield claim

    def _cells(
        self,
        tokens: list[Token],
        cells: dict[int, list[int]],
        kinds: dict[int, tuple[str, Day | None]],
        named: int,
        fact: str,
    ) -> Row:
        """What the cells of a row hold, without the one that names the measurement."""
        row = Row()
        results: list[tuple[Day | None, int, float]] = []
        for cell, inside in cells.items():
            kind, day = kinds[cell]
            first, last = inside[0], inside[-1] + 1
            if cell == named or kind in ("flag", "method", "date"):
                continue
            if kind == "unit":
                row.unit = "".join(folded(tokens[i].text).replace("×", "x") for i in inside).rstrip(".")
                continue
            if kind == "reference":
                row.limit, _ = self.units.limits(tokens, first, last, 0)
                numbers = [i for i in inside if tokens[i].kind == "n"]
                if not row.unit and numbers:
                    row.unit, _ = self.units.at(tokens, numbers[-1] + 1, last)
                continue
            at = next((i for i in inside if tokens[i].kind == "n"), None)
            if at is None or (kind not in ("result", "latest", "day", "") and day is None):
                continue
            if at > first and tokens[at - 1].text in "<>≤≥" and fact != "creatinine-clearance":
                continue
            amount = number(tokens[at])
            if amount is None:
                continue
            if kind == "" and day is None and self.units.looks_range(tokens, inside):
                high, _ = self.units.limits(tokens, first, last, 0)
                row.limit = row.limit or high
                continue
            (results if kind in ("result", "latest") else row.values).append((day, at, amount))
            row.unit = row.unit or self.units.at(tokens, at + 1, last)[0]
        row.values = results or row.values  # a column that is named as the result goes before those that are not
        return row

    def _by_heads(self, statement: Statement, context: Context, cells: dict[int, list[int]]) -> Iterator[Claim]:
        """A table whose columns are measurements: one row of values under their names."""
        tokens = statement.tokens
        day = next((token.day for token in tokens if token.day is not None), None)
        for cell, inside in cells.items():
            header = statement.headers[cell] if cell < len(statement.headers) else ""
            head = tokens_of(header, [(0, len(header))]) if header else []
            found = next((match for match in self.paper.lexicon.matches(head, False) if match.has("lab")), None) if head else None
            if found is None:
                continue
            fact = ALIASES.get(found.id("lab") or "", found.id("lab") or "")
            at = next((i for i in inside if tokens[i].kind == "n"), None)
            if fact not in self.units.facts or at is None:
                continue
            value = number(tokens[at])
            if value is None:
                continue
            unit, end = self.units.at(tokens, at + 1, inside[-1] + 1)
            if not unit:
                unit = self.units.within(head, list(range(found.last, len(head))))[0]
            limit, _ = self.units.limits(tokens, end, inside[-1] + 1, value)
            if limit is None:
                limit, _ = self.units.limits(head, found.last, len(head), value)
            claim = self.lab.claim(
                statement, context, Match(at, at + 1, found.terms), fact, value, unit, limit, False, at, end, day
            )
            if claim is not None:
                yield claim

    def _head(self, header: str) -> tuple[str, Day | None]:
        """What a column is: a day, or the kind of its head."""
        if not header:
            return "", None
        known = self._heads.get(header)
        if known is not None:
            return known
        american = self.paper.american
        days = self.paper.words.dates(self.paper.language).find(
            self._with_year(header), not american if american is not None else None, self.paper.date
        )
        structure = self.paper.lexicon.structure
        tokens = tokens_of(header, [(0, len(header))])
        found = structure.matches(tokens, False) if structure is not None and tokens else []
        kind = next((match.id("column") or "" for match in found if match.has("column")), "")
        result = ("day", days[0]) if days else (kind, None)
        self._heads[header] = result
        return result

    def _with_year(self, header: str) -> str:
        """A head that is a day without a year (`09/03`), with the year of the paper."""
        date = self.paper.date
        return f"{header}/{date.year}" if date is not None and _DAY_AND_MONTH.fullmatch(header) else header
