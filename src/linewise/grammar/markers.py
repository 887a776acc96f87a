"""Markers of the tumour that are no single gene: Ki-67, PD-L1, the load of mutations, microsatellites."""

from __future__ import annotations

import re
from collections.abc import Iterator

from linewise.phrases.analysis import Paper
from linewise.phrases.claims import BACKGROUND, Claim, Context, Specimens
from linewise.phrases.headings import either
from linewise.phrases.lexicon import Match
from linewise.phrases.statements import Statement
from linewise.phrases.tokens import folded, number

NOT_READ = frozenset({"therapies", "definitions", "gene-list", "education", "trap"})
CLONES = frozenset({"22c3", "sp142", "other"})
"""Assays of PD-L1 that are told apart."""


class Markers:
    """Reads the markers of one paper."""

    def __init__(self, paper: Paper, specimens: Specimens) -> None:
        self.listed = paper.words.listed
        self.paper, self.specimens, self.text = paper, specimens, paper.sheet.text
        changes, per = either(self.listed("markers.mutations")), either(self.listed("markers.per"))
        bases = either(self.listed("markers.megabase"))
        self.per_megabase = re.compile(rf"(?:{changes})?\s*/?\s*(?:(?:{per}) )?(?:{bases})")
        self.plasma_empty = no_tumour_dna(paper)

    def claims(self, statement: Statement) -> Iterator[Claim]:
        if statement.section in NOT_READ:
            return
        context = Context(self.paper, statement)
        matches = statement.matches
        for index, match in enumerate(matches):
            marker = match.id("marker")
            if marker is None:
                continue
            stop = next(
                (
                    one.first
                    for one in matches[index + 1 :]
                    if (one.has("marker") and one.id("marker") != marker)
                    or one.has("receptor")
                    or one.has("gene")
                    or one.has("error")
                ),
                len(statement.tokens),
            )
            if marker == "ki67":
                yield from self._ki67(statement, context, match, stop)
            elif marker == "pdl1":
                yield from self._pdl1(statement, context, match, stop)
            elif marker == "tmb":
                yield from self._tmb(statement, context, match, stop)
            elif marker in ("msi", "mmr"):
                yield from self._msi(statement, context, match, stop)
        if not any(match.has("marker") for match in matches):
            for match in matches:
                if match.has("assay") and match.id("assay") == "cps":
                    yield from self._pdl1(statement, context, match, len(statement.tokens))
                    break

    def _claim(
        self,
        statement: Statement,
        context: Context,
        first: int,
        last: int,
        fact: str,
        value: object,
        note: str = "",
        unit: str | None = None,
    ) -> Claim:
        sure, why = context.standing(first, last)
        if why.startswith("negated"):
            sure, why = True, ""
        if context.said("control") is not None:
            sure, why = False, "control tissue"
        about, day = self.specimens.of(statement, first)
        strength = (
            -20
            if statement.section in BACKGROUND
            else 4
            if statement.section in ("results", "diagnosis", "variants", "addendum")
            else 0
        )
        return Claim(
            fact,
            value,
            statement.tokens[first].start,
            statement.tokens[last - 1].end,
            sure,
            why or note,
            day,
            about,
            unit,
            strength,
            statement.number,
            statement.section,
        )

    def _ki67(self, statement: Statement, context: Context, match: Match, stop: int) -> Iterator[Claim]:
        tokens = statement.tokens
        if any(one.id("marker") == "ki67" and 0 <= one.first - match.last <= 2 for one in statement.matches):
            return  # `Ki-67 (MIB-1) 75 %`: the number in the name of the antibody is none of its own
        columns = self.specimens.columns(statement)
        if columns:
            for cell, about, day in columns:
                inside = [i for i, token in enumerate(tokens) if token.cell == cell and token.kind == "n"]
                amount = number(tokens[inside[0]]) if len(inside) == 1 else None
                if amount is not None and amount <= 100:
                    claim = self._claim(statement, context, match.first, inside[0] + 1, "ki67", _whole(amount), "", "%")
                    claim.about, claim.day = about or claim.about, day or claim.day
                    yield claim
            return
        for at in range(match.last, min(stop, match.last + 12)):
            token = tokens[at]
            if token.text == ";" or (token.text == "." and not token.glued and at > match.last):
                break
            amount = number(token) if token.kind == "n" else None
            if amount is None or amount > 100:
                continue
            after = [one.text for one in tokens[at + 1 : at + 4]]
            ranged = len(after) > 2 and after[0] in "-–" and after[2] == "%"
            if (after and after[0] == "%") or (after and folded(after[0]) in self.listed("markers.percent")) or ranged:
                before = tokens[at - 1].text
                if before in "<≤":
                    return
                yield self._claim(
                    statement,
                    context,
                    match.first,
                    at + 2,
                    "ki67",
                    _whole(amount),
                    "the lower end of what is given" if ranged else "",
                    "%",
                )
                return
            if (
                at <= match.last + 2
                and (at + 1 == len(tokens) or tokens[at + 1].cell != token.cell)
                and len(statement.headers) > 1
            ):
                yield self._claim(statement, context, match.first, at + 1, "ki67", _whole(amount), "", "%")
                return

    def _pdl1(self, statement: Statement, context: Context, match: Match, stop: int) -> Iterator[Claim]:
        tokens, matches = statement.tokens, statement.matches
        assays = [one for one in matches if one.has("assay")]
        clones = {one.id("assay") for one in assays} & CLONES
        done: set[str] = set()
        for one in assays:
            kind = one.id("assay")
            if kind not in ("cps", "ic") or kind in done:
                continue
            for at in range(one.last, min(len(tokens), one.last + 8)):
                token = tokens[at]
                if token.text in ";" or any(other.first == at and other.has("assay") for other in matches):
                    break
                amount = number(token) if token.kind == "n" else None
                if amount is None:
                    continue
                before = tokens[at - 1].text
                if before in "<≤":
                    if kind == "cps" and amount == 1:
                        done.add(kind)
                    break
                if before in ">≥" or (before == "=" and tokens[at - 2].text in "<>"):
                    break
                clone = clones or self._clone(statement)
                if kind == "cps":
                    claim = self._claim(
                        statement,
                        context,
                        min(match.first, one.first),
                        at + 1,
                        "pdl1-cps",
                        _whole(amount),
                    )
                    if clone & {"sp142", "other"} and "22c3" not in clone:
                        claim.sure, claim.why = False, "another assay than 22C3"
                else:
                    claim = self._claim(statement, context, min(match.first, one.first), at + 1, "pdl1-ic", int(amount))
                    if "sp142" not in clone:
                        claim.sure, claim.why = False, "the assay is not said to be SP142"
                claim.extra["cut-off"] = tokens[at - 1].text
                if context.said("reference", 0, at) is None:
                    done.add(kind)
                    yield claim
                break

    def _clone(self, statement: Statement) -> set[str]:
        above: Statement | None = statement
        for _ in range(4):
            above = (above.before or above.parent) if above is not None else None
            if above is None:
                break
            found = {one.id("assay") or "" for one in above.matches if one.has("assay")} & CLONES
            if found:
                return found
        words = folded(self.text[statement.head[0] : statement.head[1]])
        found = {clone for clone, word in (("22c3", "22c3"), ("sp142", "sp142"), ("other", "sp263")) if word in words}
        if found:
            return found
        nearby = [one for one in self.paper.statements if abs(one.number - statement.number) <= 4]
        return {match.id("assay") or "" for one in nearby for match in one.matches if match.has("assay")} & CLONES

    def _tmb(self, statement: Statement, context: Context, match: Match, stop: int) -> Iterator[Claim]:
        tokens = statement.tokens
        if any(
            one.id("result") == "not-evaluable" or one.has("pending")
            for one in statement.matches
            if match.last <= one.first < stop
        ):
            return
        for at in range(match.last, min(stop, match.last + 10)):
            amount = number(tokens[at]) if tokens[at].kind == "n" else None
            if amount is not None and amount < 1000:
                if tokens[at - 1].text in "<>≥≤" or (at + 1 < len(tokens) and tokens[at + 1].text == "%"):
                    return
                unit = " ".join(one.norm for one in tokens[at + 1 : at + 7])
                if self.per_megabase.match(unit) or len(statement.headers) > 1:
                    yield self._claim(statement, context, match.first, min(len(tokens), at + 4), "TMB", amount, "", "/Mb")
                return

    def _msi(self, statement: Statement, context: Context, match: Match, stop: int) -> Iterator[Claim]:
        own = {term.id for term in match.terms if term.kind == "marker"}
        words = context.words(match.first, match.last).lower()
        if folded(words) in self.listed("markers.mmr-deficient"):
            return
        told = [one for one in statement.matches if match.first <= one.first < stop]
        if self.plasma_empty or any(one.id("result") == "not-evaluable" or one.has("pending") for one in told):
            return
        for one in told:
            results = {term.id for term in one.terms if term.kind == "result"}
            if "stable" in results:
                yield self._claim(statement, context, match.first, one.last, "MSI", "stable")
                return
            if "high" in results:
                after = next(
                    (other for other in statement.matches if other.first >= one.last and other.first - one.last < 4), None
                )
                if (after is not None and after.id("result") in ("wild-type", "negative")) or context.negated(
                    one.first, one.last
                ):
                    yield self._claim(statement, context, match.first, (after or one).last, "MSI", "stable")
                else:
                    yield self._claim(statement, context, match.first, one.last, "MSI", "high")
                return
            if results & {"wild-type", "negative"} and one.first > match.first and own:
                yield self._claim(statement, context, match.first, one.last, "MSI", "stable")
                return


def no_tumour_dna(paper: Paper) -> bool:
    """Whether a paper says that the sample held no DNA of the tumour: then what was not found says nothing."""
    return any(match.id("genomic") == "no-tumour-dna" for statement in paper.statements for match in statement.matches)


def _whole(amount: float) -> float | int:
    return int(amount) if amount == int(amount) else amount
