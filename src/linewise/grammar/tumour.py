"""The tumour: histology, how it began, the primary in its place, and what is in danger.

Where it has spread: `spread.py`. The brain: `brain.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

from linewise.phrases.analysis import Paper
from linewise.phrases.claims import Claim, Context, Specimens
from linewise.phrases.lexicon import Match
from linewise.phrases.statements import Statement

from .brain import Brain
from .spread import Spread, tumour_claim


class Tumour:
    """Reads what one paper says of the tumour."""

    def __init__(self, paper: Paper, specimens: Specimens, metastatic: bool) -> None:
        self.listed, self.beginnings = paper.words.listed, paper.words.beginnings
        self.paper, self.specimens = paper, specimens
        self.spread, self.brain = Spread(paper, specimens, metastatic), Brain(paper, specimens)

    def claims(self, statement: Statement) -> Iterator[Claim]:
        context = Context(self.paper, statement)
        yield from self._histology(statement, context)
        yield from self.spread.claims(statement)
        yield from self._course(statement, context)

    def _histology(self, statement: Statement, context: Context) -> Iterator[Claim]:
        if statement.section in ("definitions", "therapies", "family", "education", "technique", "gene-list"):
            return
        found = [match for match in statement.matches if match.has("histology")]
        kinds = {match.id("histology") for match in found}
        for match in found:
            kind = match.id("histology")
            if kind == "in-situ" or context.said("othercancer") is not None:
                continue
            after = statement.tokens[match.last : match.last + 4]
            if any(token.norm in self.listed("tumour.not-invasive") for token in after):
                continue
            before = statement.tokens[max(0, match.first - 3) : match.first]
            if any(token.norm in self.listed("tumour.other-ducts") for token in before):
                continue
            if (
                match.last - match.first == 1
                and statement.tokens[match.first].norm.startswith(self.beginnings("tumour.ductal-or-lobular"))
                and not self._cancer_near(statement, match)
            ):
                continue
            if {"ductal", "lobular"} <= kinds or kind == "mixed":
                value = "other"
                if kind != "mixed":
                    near = [one for one in found if one.id("histology") in ("ductal", "lobular")]
                    if (
                        not all(context.standing(one.first, one.last)[0] for one in near)
                        or len(near) < 2
                        or abs(near[0].first - near[1].first) > 8
                    ):
                        value = str(kind)
                    else:
                        continue
            else:
                value = str(kind)
            yield tumour_claim(self.specimens, statement, context, match, "histology", value)

    def _cancer_near(self, statement: Statement, match: Match) -> bool:
        words = statement.tokens[max(0, match.first - 6) : match.last + 7]
        return any(token.norm.startswith(self.beginnings("tumour.cancer")) for token in words)

    def _course(self, statement: Statement, context: Context) -> Iterator[Claim]:
        if statement.section in ("definitions", "therapies", "education", "family", "gene-list", "trap"):
            return
        for match in statement.matches:
            if match.has("primarily") and any(
                one.has("metastatic") and 0 < one.first - match.last <= 6 for one in statement.matches
            ):
                between = next(one for one in statement.matches if one.has("metastatic") and 0 < one.first - match.last <= 6)
                inner = [one for one in statement.matches if match.last <= one.first < between.first]
                if all(one.has("site") for one in inner):
                    yield tumour_claim(self.specimens, statement, context, match, "de-novo", True, between.last)
            if match.has("denovo"):
                yield tumour_claim(self.specimens, statement, context, match, "de-novo", match.id("denovo") == "yes")
            if match.has("primaryplace"):
                claim = tumour_claim(
                    self.specimens, statement, context, match, "primary-in-place", match.id("primaryplace") == "yes"
                )
                plan = next((one for _, one, _t in context.back(match.first, 12) if one is not None and one.has("plan")), None)
                if plan is not None or statement.section in ("plan", "education"):
                    claim.sure, claim.why = False, "planned, or not done"
                if claim.value is False and not claim.sure:
                    continue
                yield claim
            if match.has("ulceration") and any(
                one.id("site") == "breast" or one.has("cancer") or one.has("primaryspecimen") for one in statement.matches
            ):
                yield tumour_claim(self.specimens, statement, context, match, "ulcerated-primary", True)
            if match.has("crisis"):
                negated = context.negated(match.first, match.last)
                claim = tumour_claim(self.specimens, statement, context, match, "visceral-crisis-recorded", not negated)
                if negated:
                    claim.sure, claim.why = True, ""
                elif statement.section == "plan" or any(
                    one.has("plan") for _, one, _t in context.back(match.first, 8) if one is not None
                ):
                    claim.sure, claim.why = False, "said of what may come"
                yield claim
            if match.has("cord"):
                yield from self._cord(statement, context, match)
            if match.has("fracture"):
                claim = tumour_claim(self.specimens, statement, context, match, "impending-fracture", True)
                if any(one.has("surgery") or one.has("radiotherapy") for one in statement.matches) or statement.section in (
                    "oncology",
                    "treatment",
                    "metastatic",
                ):
                    claim.sure, claim.why = False, "treated, or of the past"
                if (
                    any(one.has("cause") for _, one, _t in context.back(match.first, 4) if one is not None)
                    and statement.section != "impression"
                ):
                    claim.sure, claim.why = False, "a reason for a treatment"
                yield claim
        yield from self.brain.claims(statement, context)

    def _cord(self, statement: Statement, context: Context, match: Match) -> Iterator[Claim]:
        negated, doubted = context.negated(match.first, match.last), context.doubted(match.first, match.last)
        value = "none" if negated else "suspected" if doubted else "confirmed"
        claim = tumour_claim(self.specimens, statement, context, match, "cord-compression", value)
        if negated and not context.family(match.first) and statement.section not in ("plan", "pending"):
            claim.sure, claim.why = True, ""
        elif doubted:
            claim.sure, claim.why = (
                statement.section in ("findings", "impression", "assessment", "diagnosis", "oncology", "symptoms"),
                "" if statement.section != "plan" else "said of a plan",
            )
        if value == "confirmed" and (
            statement.section in ("plan", "education")
            or any(one.has("plan") or one.has("past") for _, one, _t in context.back(match.first, 8) if one is not None)
        ):
            claim.sure, claim.why = False, "of the past, or of what may come"
        yield claim
