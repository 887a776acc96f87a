"""Genes of drug breakdown: what a test says of the enzymes that take medicines apart."""

from __future__ import annotations

import re
from collections.abc import Iterator

from linewise.phrases.claims import Claim, Context
from linewise.phrases.statements import Statement
from linewise.phrases.tokens import folded

from .lab_claims import LabClaims


class Pharmacogenes:
    """Reads the genes of drug breakdown of one paper."""

    def __init__(self, lab: LabClaims) -> None:
        self.day, self.paper, self.codes = lab.day, lab.paper, lab.codes
        self.listed = self.paper.words.listed

    def claims(self, statement: Statement, context: Context) -> Iterator[Claim]:
        values = {
            "dpyd": {"normal": "normal", "intermediate": "partial", "poor": "deficient"},
            "cyp2d6": {"normal": "normal", "intermediate": "intermediate", "poor": "poor"},
        }
        text = self.paper.sheet.text
        for match in statement.matches:
            gene = match.id("pgx")
            if gene is None or context.family(match.first):
                continue
            start, stop = statement.tokens[match.first].start, statement.end
            if gene == "ugt1a1":
                found = re.search(r"\*\s?(1|6|28)\s?/\s?\*\s?(1|6|28)", text[start:stop])
                if found:
                    pair = "/".join(f"*{one}" for one in sorted(found.groups(), key=int))
                    if pair in self.codes["ugt1a1"].values:
                        yield Claim(
                            "ugt1a1",
                            pair,
                            start,
                            start + found.end(),
                            True,
                            "",
                            self.day(statement, match.first),
                            None,
                            None,
                            1,
                            statement.number,
                            statement.section,
                        )
                continue
            if any(one.has("pending") for one in statement.matches if abs(one.first - match.last) < 12) and not any(
                one.has("pgxvalue") for one in statement.matches
            ):
                continue
            ahead = [one for one in statement.matches if one.has("pgxvalue") and one.first >= match.last]
            near = sorted(ahead, key=lambda one: one.first)
            order = {"poor": 0, "intermediate": 1, "normal": 2}
            near = sorted(near, key=lambda one: order[one.id("pgxvalue") or "normal"])
            if near and not any(one.has("plan") for one in statement.matches if one.first < match.first):
                value = values[gene][near[0].id("pgxvalue") or "normal"]
                sure = not any(
                    one.has("pending") and folded(context.words(one.first, one.last)) not in self.listed("labs.recommended")
                    for one in statement.matches
                )
                yield Claim(
                    gene,
                    value,
                    start,
                    statement.tokens[near[0].last - 1].end,
                    sure,
                    "",
                    self.day(statement, match.first),
                    None,
                    None,
                    1,
                    statement.number,
                    statement.section,
                )
