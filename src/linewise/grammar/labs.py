"""Measurements in running text: names, values, units and printed limits, a second value beside the first.

Tables of them: `lab_tables.py`. Their units and limits: `lab_units.py`. What makes a claim of one: `lab_claims.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

from linewise.phrases.analysis import Paper
from linewise.phrases.claims import Claim, Context
from linewise.phrases.lexicon import Match
from linewise.phrases.statements import Statement
from linewise.phrases.tokens import Token, folded, number

from .lab_claims import OLD, LabClaims
from .lab_tables import LabTables
from .pharmacogenes import Pharmacogenes


class Labs:
    """Reads the measurements of one paper."""

    def __init__(self, paper: Paper) -> None:
        self.listed = paper.words.listed
        self.paper, self.lab = paper, LabClaims(paper)
        self.units, self.tables, self.pharmacogenes = self.lab.units, LabTables(self.lab), Pharmacogenes(self.lab)

    def claims(self, statement: Statement) -> Iterator[Claim]:
        if statement.section in ("definitions", "education", "therapies", "family", "trap", "gene-list", "pending", "technique"):
            return
        context = Context(self.paper, statement)
        if len(statement.headers) > 1 and any(statement.headers):
            rows = list(self.tables.row(statement, context))
            if rows or self.tables.is_table(statement):
                yield from rows
                return
        names = [match for match in statement.matches if match.has("lab") and not self._inside_other(statement, match)]
        for index, match in enumerate(names):
            name = match.id("lab") or ""
            fact = self.lab.fact(name)
            if fact not in self.units.facts or (match.has("surgery") and statement.section != "labs"):
                continue
            stop = names[index + 1].first if index + 1 < len(names) else len(statement.tokens)
            claim = self._read(statement, context, match, fact, match.last, stop)
            if claim is not None:
                claim.strength += 1 if name == "calcium-corrected" else 0
                yield claim
                yield from self._again(statement, context, match, fact, claim, stop)
        if not names:
            yield from self._study_before(statement, context)
        yield from self.pharmacogenes.claims(statement, context)

    def _again(self, statement: Statement, context: Context, match: Match, fact: str, first: Claim, stop: int) -> Iterator[Claim]:
        """A second value of the same measurement: `3.21 on admission, 2.51 on discharge`, `61 % (64 % in April)`."""
        tokens = statement.tokens
        at = next((i for i, token in enumerate(tokens) if token.end >= first.end), match.last) + 1
        steps = 0
        while at < stop and steps < 12:
            token = tokens[at]
            follows = at + 1 < stop and tokens[at + 1].kind == "n"
            if (token.text == ";" and not follows) or (token.text == "." and not token.glued):
                return
            amount = number(token) if token.kind == "n" else None
            if (
                amount is not None
                and not self._range(tokens, at)
                and tokens[at - 1].text not in "<>≤≥-–/"
                and not (at + 2 < len(tokens) and tokens[at + 1].text == "/" and tokens[at + 2].kind == "n")  # a day
            ):
                unit, end = self.units.at(tokens, at + 1, stop)
                told = self._when(statement, context, at, end)
                before = self._when(statement, context, match.last, at)
                if told or before or fact == "lvef":
                    claim = self.lab.claim(statement, context, match, fact, amount, unit, None, False, at, end)
                    if claim is not None and claim.sure:
                        claim.start = token.start
                        claim.strength = 3 if told == "now" else -13 if told == "before" or fact == "lvef" else claim.strength
                        if before == "before" and told != "before":
                            first.strength = min(first.strength, -11)
                        yield claim
                return
            at += 1
            steps += 1

    def _study_before(self, statement: Statement, context: Context) -> Iterator[Claim]:
        """`LVEF 52 %. Prior study 1/16/2025: 59 %.`: a share behind such words, right after the ejection fraction, is the one before."""
        above = statement.before
        named = [match for match in above.matches if match.id("lab") == "lvef"] if above is not None else []
        first = statement.matches[0] if statement.matches else None
        if not named or first is None or first.first > 1 or not (first.has("historic") or first.id("labword") == "previous"):
            return
        tokens = statement.tokens
        shares = [at for at in range(1, len(tokens) - 1) if tokens[at].kind == "n" and tokens[at + 1].text == "%"]
        amount = number(tokens[shares[0]]) if len(shares) == 1 and len(tokens) < 14 else None
        if amount is None:
            return
        claim = self.lab.claim(statement, context, first, "lvef", amount, "%", None, False, shares[0], shares[0] + 2)
        if claim is not None:
            claim.strength = -13
            yield claim

    def _range(self, tokens: list[Token], at: int) -> bool:
        """Whether a number is the lower limit of a range: `1,5 - 7,7`, `(normal 54-74 %)`."""
        after = tokens[at + 1 : at + 3]
        apart = len(after) == 2 and after[0].text in "-–—/" and after[1].kind == "n" and after[1].cell == tokens[at].cell
        return apart and (after[0].text != "/" or tokens[at - 1].text in "([")

    def _when(self, statement: Statement, context: Context, first: int, last: int) -> str:
        """Whether the words right after a value say that it is old or of now."""
        for one in statement.matches:
            if first <= one.first < last + 5 and one.first - first <= 5:
                if one.first >= last and self._of_a_bracket(statement, last, one):
                    continue
                if one.has("historic") and folded(context.words(one.first, one.last)) not in self.listed("labs.no-time"):
                    return "before"
                if one.has("current"):
                    return "now"
        return ""

    def _of_a_bracket(self, statement: Statement, last: int, said: Match) -> bool:
        """Whether a word stands in brackets behind a value, with a value of its own: `10,9 g/dl (Nadir 8,4 im April)`."""
        opened = any(token.text in "([" for token in statement.tokens[last : said.first])
        after = statement.tokens[said.last : said.last + 3]
        return opened and bool(after) and after[0].kind == "n"

    def _inside_other(self, statement: Statement, match: Match) -> bool:
        """`Ca` as a word for carcinoma, `AP` in other names: only where a number follows closely."""
        text = statement.tokens[match.first].text
        if len(text) == 3 and any(one.has("gene") for one in statement.matches):
            return True  # an amino acid in the name of a variant
        if len(text) > 2 or match.last - match.first > 1:
            return False
        after = statement.tokens[match.last : match.last + 3]
        return not any(token.kind == "n" for token in after) or (bool(after) and after[0].kind == "w")

    def _read(self, statement: Statement, context: Context, match: Match, fact: str, first: int, stop: int) -> Claim | None:
        tokens = statement.tokens
        for at in range(first, min(stop, first + 9)):
            token = tokens[at]
            if token.text == ";" or (token.text == "." and not token.glued and at > first):
                return None
            if token.kind == "d":
                continue
            if token.kind != "n":
                if token.kind == "w" and any(
                    one.first == at and (one.has("drug") or one.has("illness") or one.has("receptor") or one.has("pending"))
                    for one in statement.matches
                ):
                    return None
                continue
            if at > first and tokens[at - 1].text == "(" and fact not in ("lvef", "qtcf"):
                close = next((i for i in range(at, min(len(tokens), at + 8)) if tokens[i].text == ")"), None)
                follows = close is not None and any(one.kind == "n" for one in tokens[close + 1 : close + 4])
                if follows and any(one.text in "-–" for one in tokens[at:close]):
                    continue
            if self._range(tokens, at) and tokens[at + 1].text != "/":
                continue
            if at > first and tokens[at - 1].text in "-–—" and tokens[at - 2].kind == "n" and self._range(tokens, at - 2):
                continue
            value = number(token)
            if value is None or (at > first and tokens[at - 1].norm in self.listed("labs.bound")):
                return None
            unit, end = self.units.at(tokens, at + 1, stop)
            if at > first and tokens[at - 1].text in "<>≤≥" and fact not in ("creatinine-clearance",):
                return None
            bound = tokens[at - 1].text if at > first else ""
            if bound in ("<", ">") and not (fact == "creatinine-clearance" and bound == ">" and value >= 60):
                return None
            limit, _low = self.units.limits(tokens, end, min(len(tokens), stop, end + 14), value)
            if fact == "hba1c" and unit != "%":  # a percentage beside, in brackets
                beside = self.units.percent_beside(tokens, end, min(stop, end + 8))
                if beside is not None:
                    value, unit, end = beside[0], "%", beside[1]
            multiple = self._multiple(statement, at, value)
            claim = self.lab.claim(statement, context, match, fact, value, unit, limit, multiple, at, end)
            if claim is not None and self._when(statement, context, at, end) == "before":
                claim.strength = min(claim.strength, OLD)
            return claim
        return None

    def _multiple(self, statement: Statement, at: int, value: float) -> bool:
        """`2.5 x ULN`: the value is a multiple of the upper limit already."""
        return any(
            match.id("labword") == "uln" and 0 <= match.first - at <= 3 and not self._limit_follows(statement, at, match)
            for match in statement.matches
        )

    def _limit_follows(self, statement: Statement, at: int, match: Match) -> bool:
        """`0.6 (ULN 1.2)`: the limit itself, not a multiple."""
        after = statement.tokens[match.last : match.last + 2]
        bracket = any(token.text in "([" for token in statement.tokens[at : match.first])
        return bracket or any(token.kind == "n" for token in after)
