"""The brain: whether the cancer is there, whether it is quiet, and what a scan of the head denies."""

from __future__ import annotations

from collections.abc import Iterator

from linewise.phrases.analysis import Paper
from linewise.phrases.claims import BACKGROUND, Claim, Context, Specimens
from linewise.phrases.lexicon import Match
from linewise.phrases.statements import Statement
from linewise.phrases.tokens import folded

from .spread import tumour_claim


class Brain:
    """Reads what one paper says of the brain."""

    def __init__(self, paper: Paper, specimens: Specimens) -> None:
        self.listed, self.beginnings = paper.words.listed, paper.words.beginnings
        self.paper, self.specimens = paper, specimens

    def claims(self, statement: Statement, context: Context) -> Iterator[Claim]:
        matches = statement.matches
        spread = [match for match in matches if match.id("sitemet") == "brain" or match.id("sitemet") == "leptomeninges"]
        scan = self._scanned(statement)
        for match in matches:
            word = match.id("brainword")
            if any(one.has("plan") and one.first < match.first and match.first - one.last <= 3 for one in matches):
                continue  # `if CNS progression`
            if word in ("stable", "active"):
                claim = tumour_claim(self.specimens, statement, context, match, "brain-status", word)
                if word == "active" and any(one.has("stopverb") for one in matches):
                    claim.sure, claim.why = False, "why a treatment ended, not how it is now"
                yield claim
            elif word == "mass-effect":
                negated = context.negated(match.first, match.last)
                claim = tumour_claim(self.specimens, statement, context, match, "brain-mass-effect", not negated)
                if negated:
                    claim.sure, claim.why = True, ""
                yield claim
        if scan is None or statement.section in ("pending", "technique"):
            return
        quiet = self._quiet(statement)
        if quiet is not None:
            yield tumour_claim(self.specimens, statement, context, quiet, "brain-status", "stable")
        about_brain = [
            match
            for match in matches
            if match.id("sitemet") in ("brain",)
            or match.id("site") == "brain"
            or match.has("met")
            or (match.has("sitemet") and match.id("sitemet") == "leptomeninges")
        ]
        for match in about_brain:
            if match.id("sitemet") not in ("brain", None) or (
                match.has("met") and any(one.has("site") and one.id("site") != "brain" for one in matches)
            ):
                continue
            negated = context.negated(match.first, match.last)
            if negated and not context._before(match.first, "doubt"):
                if match.id("site") == "brain" and not any(
                    one.has("met") or one.has("lesion") or one.has("sitemet") or one.has("weakmet") for one in matches
                ):
                    continue
                claim = tumour_claim(self.specimens, statement, context, match, "brain-status", "none")
                claim.sure, claim.why = (
                    statement.section not in ("plan", "clinical", "family") and not context.family(match.first),
                    "",
                )
                if any(
                    one.has("plan")
                    for _, one, _t in context.back(match.first, 6)
                    if one is not None and folded(context.words(one.first, one.last)) not in self.listed("tumour.negations")
                ):
                    claim.sure = False
                yield claim
                return
        words = " ".join(token.norm for token in statement.tokens)
        if not spread and scan is not None and any(phrase in words for phrase in self.listed("tumour.normal")):
            normal = next((match for match in matches if match.has("neg-after") and match.first >= scan.last), None)
            if normal is not None and normal.first - scan.last <= 6:
                claim = tumour_claim(self.specimens, statement, context, scan, "brain-status", "none", normal.last)
                claim.sure, claim.why = (
                    not context.family(scan.first)
                    and folded(context.words(normal.first, normal.last)) not in self.listed("tumour.not-imaged"),
                    "",
                )
                yield claim

    def _quiet(self, statement: Statement) -> Match | None:
        """The word of a scan of the brain that says that what was seen before has not changed, where nothing new or larger is told."""
        if not any(match.has("brainscan") for match in statement.matches) or statement.section in BACKGROUND:
            return None
        seen = any(match.has(kind) for match in statement.matches for kind in ("lesion", "met", "sitemet"))
        words = [token.norm for token in statement.tokens]
        new = (at for at, word in enumerate(words) if word in self.listed("tumour.new"))
        grown = any(word.startswith(self.beginnings("tumour.grows")) for word in words)
        if not seen or grown or any(not set(words[max(0, at - 2) : at]) & self.listed("tumour.negations") for at in new):
            return None
        quiet = next((at for at, word in enumerate(words) if word in self.listed("tumour.unchanged")), None)
        negated = quiet is not None and quiet and words[quiet - 1] in self.listed("tumour.negations")
        return Match(quiet, quiet + 1, ()) if quiet is not None and not negated else None

    def _scanned(self, statement: Statement) -> Match | None:
        """A scan of the brain that the statement is about."""
        scan = next((match for match in statement.matches if match.has("brainscan")), None)
        if scan is not None:
            return scan
        above = statement.before or statement.parent
        if above is not None and any(match.has("brainscan") for match in above.matches):
            return (
                next(match for match in above.matches if match.has("brainscan"))
                if not statement.matches
                else statement.matches[0]
            )
        words = folded(self.paper.sheet.text[statement.head[0] : statement.head[1]])
        if statement.matches and words and any(word in words for word in self.listed("tumour.brain")):
            return statement.matches[0]
        title = self.paper.sheet.hints.get("scan", "")
        return statement.matches[0] if title == "brain" and statement.matches else None
