"""Receptors: oestrogen, progesterone, HER2 by stain and by gene copies: where a result begins and ends, in sentences and in tables.

What the words say: `receptor_values.py`. What becomes of it: `receptor_claims.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from linewise.phrases.analysis import Paper
from linewise.phrases.claims import Claim, Context, Specimens
from linewise.phrases.lexicon import Match
from linewise.phrases.statements import Statement
from linewise.phrases.tokens import Token

from .receptor_claims import ReceptorClaims
from .receptor_values import HER2_WORDS, ReceptorValues, Value

_HER2_HEAD = re.compile(r"(?i)her-?2|\b[cfsd]?ish\b|in.situ")


class Receptors:
    """Reads the receptors of one paper."""

    def __init__(self, paper: Paper, specimens: Specimens) -> None:
        self.listed = paper.words.listed
        self.paper, self.specimens = paper, specimens
        self.values, self.made = ReceptorValues(paper), ReceptorClaims(paper, specimens)
        self.last: tuple[str, Statement] | None = None  # the receptor that a line without a name goes on about

    def claims(self, statement: Statement) -> Iterator[Claim]:
        context = Context(self.paper, statement)
        named = [
            match for match in statement.matches if match.has("receptor") or match.id("result") in HER2_WORDS or match.has("ish")
        ]
        if statement.headers and any(statement.headers):
            columns = list(self._columns(statement, context, named))
            if columns:
                yield from columns
                return
        if not named:
            if self.last is not None and statement.number - self.last[1].number <= 3 and statement.block == self.last[1].block:
                yield from self._going_on(statement, context)
            elif _HER2_HEAD.search(self.paper.sheet.text[statement.head[0] : statement.head[1]]):
                amplified = next((one for one in statement.matches if one.id("result") in ("amplified", "not-amplified")), None)
                if amplified is not None:
                    value = self.values.window(
                        statement, Match(0, 0, ()), self.values.boundary(statement, 0, len(statement.tokens)), "her2"
                    )
                    if value.ish:
                        yield from self.made.of(statement, context, amplified, "her2", Value(ish=value.ish))
            return
        pending: list[Match] = []
        for index, match in enumerate(named):
            name = match.id("receptor") or "her2"
            stop = named[index + 1].first if index + 1 < len(named) else len(statement.tokens)
            stop = min(stop, self.values.boundary(statement, match.last, stop))
            if match.has("ish") and not match.has("receptor"):
                if (
                    index
                    and (
                        named[index - 1].id("receptor") == "her2"
                        or named[index - 1].has("ish")
                        or named[index - 1].id("result") in HER2_WORDS
                    )
                    and not self._self_standing(statement, named[index - 1].last, match.first)
                ):
                    continue  # read with the HER2 before it
                name = "her2"
            if name == "her2":
                stop = self._her2_end(statement, named, index)
                if index and self._inside_her2(named, index, statement):
                    continue
            if name == "triple":
                yield from self.made.combined(statement, context, match, name, Value())
                continue
            value = self.values.window(statement, match, stop, name)
            if value.empty and not value.no_result:
                if index + 1 < len(named) and self._joined(statement.tokens[match.last : named[index + 1].first]):
                    pending.append(match)
                    continue
                self.values.before(statement, pending[0] if pending else match, value)
            if value.empty and not value.no_result:
                pending = []
                if name == "her2" and any(one.has("ish") for one in statement.matches):
                    self.last = (name, statement)  # its result may stand in the next sentence
                continue
            shared = value
            for earlier in pending:
                self_name = earlier.id("receptor") or ""
                both = self.values.pair(statement, value, pending, earlier)
                yield from self.made.of(statement, context, earlier, self_name, both)
            pending = []
            if name in ("er", "pr", "her2"):
                self.last = (name, statement)
                if self._several(statement, match, stop, name):
                    shared.unsure = "several results in one row, and of which sample each is, is not said"
            yield from self.made.of(statement, context, match, name, shared)

    def _several(self, statement: Statement, match: Match, stop: int, name: str) -> bool:
        """Whether a row has results in several cells that differ: columns of samples or sides whose heads were not understood."""
        own = statement.tokens[match.first].cell
        cells: dict[int, list[int]] = {}
        for index in range(match.last, stop):
            cell = statement.tokens[index].cell
            if statement.kind == "row" and cell != own:
                cells.setdefault(cell, []).append(index)
        if len(cells) < 2:
            return False
        found: dict[str, set[object]] = {}
        for indices in cells.values():
            first, last = indices[0], indices[-1] + 1
            value = self.values.window(statement, Match(first, first, match.terms), last, name)
            shared = any(statement.tokens[index].text == "%" for index in indices)
            said = {
                "percent": value.percent if shared else None,
                "status": value.status if value.status in ("positive", "negative") else "",
                "ihc": value.ihc,
                "ish": value.ish,
                value.score[0] if value.score else "": value.score,
            }
            for kind, one in said.items():
                if one not in (None, ""):
                    found.setdefault(kind, set()).add(one)
        return any(len(values) > 1 for values in found.values())

    def _her2_end(self, statement: Statement, named: Sequence[Match], index: int) -> int:
        """HER2's window takes in the gene test after it, up to another receptor."""
        at = index + 1
        while at < len(named) and (
            (named[at].has("ish") and not named[at].has("receptor"))
            or named[at].id("receptor") == "her2"
            or named[at].id("result") in HER2_WORDS
        ):
            if named[at].id("receptor") == "her2" and self._self_standing(statement, named[at - 1].last, named[at].first):
                break
            at += 1
        stop = named[at].first if at < len(named) else len(statement.tokens)
        return self.values.boundary(statement, named[index].last, stop)

    def _inside_her2(self, named: Sequence[Match], index: int, statement: Statement) -> bool:
        before = named[index - 1]
        is_her2 = before.id("receptor") == "her2" or before.has("ish") or before.id("result") in HER2_WORDS
        return is_her2 and not self._self_standing(statement, before.last, named[index].first)

    def _self_standing(self, statement: Statement, first: int, stop: int) -> bool:
        """Whether a clause ends between two places."""
        tokens = statement.tokens[first:stop]
        if any(token.text == ";" or (token.text == "." and not token.glued) for token in tokens):
            return True
        return any(token.day is not None for token in tokens) or any(
            match.has("error") or match.has("biopsy") for match in statement.matches if first <= match.first < stop
        )

    def _joined(self, between: Sequence[Token]) -> bool:
        return len(between) <= 3 and all(token.norm in self.listed("receptors.list") or token.text in "()" for token in between)

    def _going_on(self, statement: Statement, context: Context) -> Iterator[Claim]:
        """A line that goes on about the receptor above it: `Percentage of cells with nuclear positivity: 95 %`, `Ratio: 1.3`, `Result: not amplified`."""
        assert self.last is not None
        name, _upper = self.last
        tokens = statement.tokens
        head = {token.norm for token in tokens[:7]}
        value = Value()
        if name in ("er", "pr") and head & self.listed("receptors.heads"):
            value = self.values.window(statement, Match(0, 1, ()), len(tokens), name)
            value.status = ""
            if value.bounded:
                value = Value()
        elif name == "her2" and statement.matches and statement.matches[0].first <= 2:
            amplified = any(match.id("result") in ("amplified", "not-amplified") for match in statement.matches)
            if statement.matches[0].id("scale") == "group":
                value.ish, value.last = self.values.by_counts(statement, 0, len(tokens))
                value.first = 0
            elif amplified or head & self.listed("receptors.score-heads"):
                value = self.values.window(statement, Match(0, 0, ()), len(tokens), "her2")
        if not value.empty:
            yield from self.made.of(statement, context, Match(0, max(1, value.last), ()), name, value)

    def _columns(self, statement: Statement, context: Context, named: Sequence[Match]) -> Iterator[Claim]:
        """A table whose columns are receptors, or specimens and days."""
        cells: dict[int, list[int]] = {}
        for index, token in enumerate(statement.tokens):
            cells.setdefault(token.cell, []).append(index)
        heads = [self.specimens.head(header) for header in statement.headers]
        if any(match.has("receptor") for _, found in heads for match in found) and not any(
            match.has("receptor") for match in named
        ):
            for cell, indices in cells.items():
                if cell >= len(heads):
                    continue
                tokens, found = heads[cell]
                match = next((one for one in found if one.has("receptor")), None)
                if match is None:
                    continue
                first, last = indices[0], indices[-1] + 1
                name = match.id("receptor") or ""
                terms = (*match.terms, *(term for one in found for term in one.terms if term.kind == "ish"))
                value = self.values.window(statement, Match(first, first, terms), last, name)
                if not value.empty:
                    value.first, value.last = first, last
                    yield from self.made.of(statement, context, Match(first, last, match.terms), name, value)
            return
        receptor = next((match for match in named if match.first < 3 and (match.has("receptor") or match.has("ish"))), None)
        if receptor is None or statement.tokens[receptor.first].cell != statement.tokens[0].cell:
            return
        name = receptor.id("receptor") or "her2"
        dated = [
            (cell, heads[cell])
            for cell in sorted(cells)
            if cell and cell < len(heads) and self.specimens.heads_specimen(heads[cell][0], heads[cell][1])
        ]
        if len(dated) < 2:
            return
        for cell, (tokens, found) in dated:
            first, last = cells[cell][0], cells[cell][-1] + 1
            ish = [
                term
                for one in statement.matches
                if one.first < first and statement.tokens[one.first].cell == 0
                for term in one.terms
                if term.kind in ("ish", "ihc")
            ]
            value = self.values.window(statement, Match(first, first, tuple(ish)), last, name)
            if value.empty:
                continue
            about, day = self.specimens.of_head(tokens, found)
            for claim in self.made.of(statement, context, Match(first, last, receptor.terms), name, value):
                claim.about, claim.day = about or claim.about, day or claim.day
                yield claim
