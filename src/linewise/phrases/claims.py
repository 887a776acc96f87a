"""What a statement claims, and whether it holds: negated, doubted, planned, of the family, of the past, taken back.

A claim is one fact with one value at one place. It is sure only where nothing around it speaks against it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import msgspec

from .analysis import Paper
from .dates import Day
from .lexicon import Match, Words
from .statements import Statement
from .tokens import Token, folded, tokens_of

About = Literal["primary", "metastasis"]

# Sections whose words never say what is true of this person now
NEVER = frozenset(
    {"definitions", "therapies", "gene-list", "controls", "education", "trap", "administration", "family", "pending", "technique"}
)
BACKGROUND = frozenset({"clinical", "superseded", "comparison"})


class Claim(msgspec.Struct):
    """One fact as stated at one place. `strength` orders claims of one day: a result outranks a summary, and a correction outranks both."""

    fact: str
    value: Any
    start: int
    end: int
    sure: bool = True
    why: str = ""
    day: Day | None = None
    about: About | None = None
    unit: str | None = None
    strength: int = 0
    statement: int = 0
    section: str = ""
    extra: dict[str, Any] = msgspec.field(default_factory=dict)


class Course(msgspec.Struct):
    """One course of treatment as stated at one place."""

    drugs: tuple[str, ...]
    start: int
    end: int
    first: Day | None = None
    last: Day | None = None
    stopped_for: str | None = None
    setting: str | None = None
    inherited: bool = False  # the setting is said by what stands above, not by the statement itself
    state: str = "given"
    months: float | None = None
    response: str | None = None
    sure: bool = True
    why: str = ""
    statement: int = 0
    section: str = ""
    number: int = 0  # of the line, where it is said
    cycles: bool = False
    maintenance: bool = False


class Context:
    """The words around a place of a statement, and what they do to it."""

    def __init__(self, paper: Paper, statement: Statement) -> None:
        self.listed, self.beginnings = paper.words.listed, paper.words.beginnings
        self.paper, self.statement = paper, statement
        self.tokens, self.matches = statement.tokens, statement.matches
        self.at: dict[int, Match] = {match.first: match for match in self.matches}

    # Walking over the words

    def back(self, first: int, most: int = 40) -> Iterator[tuple[int, Match | None, Token]]:
        """The words before a place, the nearest first, within its clause; what stands in closed brackets is passed over."""
        ends = {match.last - 1: match for match in self.matches}
        at, depth = first - 1, 0
        steps = 0
        while at >= 0 and steps < most:
            token = self.tokens[at]
            if token.text in ")]":
                depth += 1
            elif token.text in "([" and depth:
                depth -= 1
            elif not depth:
                match = ends.get(at)
                if match is not None:
                    yield match.first, match, self.tokens[match.first]
                    at = match.first - 1
                    steps += 1
                    continue
                yield at, None, token
            at -= 1
            steps += 1

    def ahead(self, last: int, most: int = 14) -> Iterator[tuple[int, Match | None, Token]]:
        """The words after a place, the nearest first."""
        at, steps = last, 0
        while at < len(self.tokens) and steps < most:
            match = self.at.get(at)
            yield at, match, self.tokens[at]
            at = match.last if match is not None else at + 1
            steps += 1

    # What they say

    def negated(self, first: int, last: int) -> str:
        """The words that negate a place, or nothing."""
        return self._before(first, "neg") or self._after(last, "neg-after")

    def doubted(self, first: int, last: int) -> str:
        return self._before(first, "doubt") or self._after(last, "doubt-after")

    def _before(self, first: int, kind: str) -> str:
        opened = False
        for at, match, token in self.back(first):
            if token.text in ";" or (token.text == "." and not token.glued):
                return ""
            if match is not None and match.has(kind):
                return self._words(match)
            if match is not None and match.has("but"):
                return ""
            if match is not None and match.has("opens") and not match.has("neg"):
                opened = True
            elif opened and (
                token.text in ",:–—"
                or (token.text == "-" and not token.glued)
                or token.norm in self.listed("common.and", "common.with")
            ):
                return ""
            if token.text == ":" and at < first - 12:
                return ""
        return ""

    def _after(self, last: int, kind: str) -> str:
        for at, match, token in self.ahead(last, 9):
            if match is not None and match.has(kind):
                follows = self.tokens[match.last : match.last + 1]
                if token.norm in self.listed("common.determiners") and follows and follows[0].kind == "w":
                    return ""  # `premenopausal, no other illness`: it denies what comes
                return self._words(match)
            if at == last and token.text in ",–—-:(":
                continue  # `Diabetes mellitus, ruled out`
            if (
                token.text in ",;.("
                or token.norm in self.listed("common.and", "common.with")
                or (token.text in "–—-" and not token.glued and at > last)
            ):
                return ""
            if match is not None and (match.has("but") or match.has("sitemet") or match.has("receptor") or match.has("illness")):
                return ""
        return ""

    def family(self, first: int) -> str:
        """The relative whom a place is about, or nothing."""
        own = any(match.has("own") and match.last <= first + 1 for match in self.matches)
        if self.statement.section == "family":
            return "" if own and self.said("family") is None else "family history"
        for at, match, token in self.back(first, 60):
            if match is not None and match.has("own"):
                return ""
            if match is not None and match.has("family"):
                if any(one.norm in self.listed("family.who") for one in self.tokens[match.last : match.last + 3]):
                    return self._words(match)
                before = " ".join(one.norm for one in self.tokens[max(0, at - 3) : at])
                if folded(before).endswith(self.beginnings("family.accompanied")):
                    continue
                owns = self.tokens[match.last : match.last + 1]  # `husband's metformin`
                after = match.last + (1 if owns and owns[0].text in "'’" else 0)
                subject = any(one.has("subject") and one.first == after for one in self.matches)
                if not subject and folded(self._words(match)) in self.listed("family.household"):
                    continue
                return self._words(match)
            if token.text == "." and not token.glued and at < first - 1 and self.tokens[at].kind == "s":
                break
        return ""

    def said(self, kind: str, first: int = 0, last: int | None = None) -> Match | None:
        """The first term of a kind in a stretch of the statement."""
        stop = len(self.tokens) if last is None else last
        return next((match for match in self.matches if first <= match.first < stop and match.has(kind)), None)

    def _words(self, match: Match) -> str:
        return " ".join(token.text for token in self.tokens[match.first : match.last])

    def words(self, first: int, last: int) -> str:
        return self.paper.sheet.quote(self.tokens[first].start, self.tokens[last - 1].end)

    def standing(self, first: int, last: int) -> tuple[bool, str]:
        """Whether a claim at a place holds for this person, and the reason where it does not."""
        section = self.statement.section
        if section in NEVER:
            return False, f"it stands under “{self.statement.heading}”"
        for check, what in ((self.negated(first, last), "negated"), (self.doubted(first, last), "uncertain")):
            if check:
                return False, f"{what}: “{check}”"
        relative = self.family(first)
        if relative:
            return False, f"of the family: “{relative}”"
        if self.copied(first):
            return False, "copied from an earlier note"
        wrong = self._taken_back(first, last)
        if wrong:
            return False, f"taken back: “{wrong}”"
        return True, ""

    def copied(self, first: int) -> bool:
        """Whether the words before a place, or before a quotation that it stands in, say that it was taken over from an earlier note."""
        above: Statement | None = self.statement
        quotes = 0
        for _ in range(6):
            if above is None:
                return False
            if any(match.has("copied") and (above is not self.statement or match.first < first) for match in above.matches):
                return above is self.statement or above is self.statement.parent or (quotes + _quotes(above)) % 2 == 1
            above = above.before
            quotes += _quotes(above) if above is not None and not any(match.has("copied") for match in above.matches) else 0
        return self.statement.parent is not None and any(match.has("copied") for match in self.statement.parent.matches)

    def _taken_back(self, first: int, last: int) -> str:
        for _at, match, token in self.back(first, 12):
            if token.text in ";)":
                break
            if match is not None and (match.has("error") or match.has("formerly")):
                return self._words(match)
        for at, match, token in self.ahead(last, 10):
            if token.text == ";" or (token.text == "." and not token.glued):
                break
            if match is not None and match.has("error") and at - last < 8:
                return self._words(match)
        return ""


def _quotes(statement: Statement) -> int:
    return sum(token.text in '"“”„' for token in statement.tokens)


class Specimens:
    """Which specimen a statement is about, and of which day, from the words before it, above it and around it."""

    def __init__(self, paper: Paper, default: About | None, day: Day | None) -> None:
        self.listed = paper.words.listed
        self.paper, self.default, self.day = paper, default, day
        self.letters = self._letters()

    def _letters(self) -> dict[str, About]:
        """What the letters and numbers of a list of specimens stand for: `A. Breast, core biopsy`, `C: liver`."""
        found: dict[str, set[About]] = {}
        text = self.paper.sheet.text
        for statement in self.paper.section("specimen", "diagnosis"):
            mark = re.search(r"(?:^|[\s(])([A-H]|[1-9]|I{1,3}|IV)[.):]\s*$", text[max(0, statement.start - 8) : statement.start])
            about = about_of(self.paper.words, statement.tokens, statement.matches, len(statement.tokens))[0]
            if about is None:
                sites = {match.id("site") for match in statement.matches if match.has("site")}
                if "breast" in sites:
                    about = "primary"
                elif sites - {"breast", "regional-node", "chest-wall", "lymph-node"}:
                    about = "metastasis"
            if mark is not None and about is not None:
                found.setdefault(mark.group(1), set()).add(about)
        return {letter: about.pop() for letter, about in found.items() if len(about) == 1}

    def lettered(self, tokens: Sequence[Token], first: int) -> tuple[About | None, int]:
        """The specimen named by its letter last before a place: `part A`, `Block C`."""
        for at in range(min(first, len(tokens)) - 1, 0, -1):
            bracketed = tokens[at - 1].text == "(" and tokens[at + 1 : at + 2] and tokens[at + 1].text == ")"
            if tokens[at].text in self.letters and (
                tokens[at - 1].norm in self.listed("specimens.part") or (bracketed and tokens[at].kind == "w")
            ):
                return self.letters[tokens[at].text], at
        return None, -1

    def head(self, header: str) -> tuple[list[Token], list[Match]]:
        """The words of a column's head, and the terms in them."""
        days = self.paper.words.dates(self.paper.language).find(
            header, not self.paper.american if self.paper.american is not None else None, None
        )
        tokens = tokens_of(header, [(0, len(header))], days)
        return tokens, self.paper.lexicon.matches(tokens, False) if tokens else []

    def heads_specimen(self, tokens: Sequence[Token], found: Sequence[Match]) -> bool:
        """Whether a column's head names a specimen or a day."""
        if self.lettered(tokens, len(tokens))[0] is not None:
            return True
        return any(token.day is not None for token in tokens) or any(
            match.has("site") or match.has("primaryspecimen") or match.has("metspecimen") for match in found
        )

    def of_head(self, tokens: Sequence[Token], found: Sequence[Match]) -> tuple[About | None, Day | None]:
        """The specimen and the day that a column's head names."""
        day = next((token.day for token in tokens if token.day is not None), None)
        about: About | None = None
        for match in found:
            if (
                match.has("metspecimen")
                or match.has("compoundsite")
                or (match.has("site") and match.id("site") not in ("breast", "regional-node"))
            ):
                about = "metastasis"
            elif match.has("primaryspecimen") or match.id("site") in ("breast", "regional-node"):
                about = about or "primary"
        return about or self.lettered(tokens, len(tokens))[0], day

    def columns(self, statement: Statement) -> list[tuple[int, About | None, Day | None]]:
        """The cells of a row whose columns are specimens or days, where there are at least two."""
        found = []
        for cell, header in enumerate(statement.headers):
            tokens, terms = self.head(header)
            if cell and self.heads_specimen(tokens, terms):
                found.append((cell, *self.of_head(tokens, terms)))
        return found if len(found) > 1 else []

    def of(self, statement: Statement, first: int) -> tuple[About | None, Day | None]:
        """The specimen and day that hold at token `first` of a statement."""
        about, _at = self._in(statement, first)
        day = self._day(statement, first)
        if about is None and any(match.has("thisspecimen") and match.first < first for match in statement.matches):
            return self.default, day or self.day  # not the one named in the sentence before
        above: Statement | None = statement
        seen = 0
        while above is not None and seen < 6 and (about is None or day is None):
            upper = above.before or above.parent
            seen += 1
            if upper is None:
                break
            if about is None:
                about, _ = self._in(upper, len(upper.tokens))
            if day is None and upper.days and upper.section not in ("person",):
                day = upper.days[-1] if len(upper.days) == 1 or above.before is upper else upper.days[0]
            above = upper
        if statement.head != (0, 0):
            words = self.paper.sheet.text[statement.head[0] : statement.head[1]]
            if about is None:
                heading = tokens_of(words, [(0, len(words))])
                about = self._of_text(words) or self.lettered(heading, len(heading))[0]
            if day is None:
                day = next(
                    (one for one in self.paper.days if one.month and statement.head[0] <= one.start < statement.head[1]), None
                )
        if day is None and statement.dated != (0, 0):
            day = next(
                (one for one in self.paper.days if one.month and statement.dated[0] <= one.start < statement.dated[1]), None
            )
        return about or self.default, day or (self.day if about is None or about == self.default else None)

    def _of_text(self, words: str) -> About | None:
        tokens = tokens_of(words, [(0, len(words))])
        return about_of(self.paper.words, tokens, self.paper.lexicon.matches(tokens, False), len(tokens))[0] if tokens else None

    def _in(self, statement: Statement, first: int) -> tuple[About | None, int]:
        behind = self._in_brackets(statement, first)
        if behind is not None:
            return behind, first
        about, at = about_of(self.paper.words, statement.tokens, statement.matches, first)
        by_letter, place = self.lettered(statement.tokens, first)
        if by_letter is not None and place > at:
            return by_letter, place
        if about is None and first < len(statement.tokens):
            after, place = about_of(self.paper.words, statement.tokens, statement.matches, len(statement.tokens))
            if after is not None and place > first and self._bracketed(statement, place):
                return after, place
        return about, at

    def _in_brackets(self, statement: Statement, first: int) -> About | None:
        """`ER 0, PR 0, HER2 3+ (breast core)`: the brackets behind a row of results that hold nothing but their specimen."""
        tokens = statement.tokens
        opened = next((at for at in range(first, min(len(tokens), first + 30)) if tokens[at].text in ("(", ";")), None)
        if opened is None or tokens[opened].text == ";":
            return None
        if any(token.text == "." and not token.glued for token in tokens[first:opened]):
            return None
        close = next((at for at in range(opened, min(len(tokens), opened + 7)) if tokens[at].text == ")"), None)
        inside = [match for match in statement.matches if close is not None and opened < match.first < close]
        named = any(match.has(kind) for match in inside for kind in ("primaryspecimen", "metspecimen", "compoundsite", "biopsy"))
        results = any(match.has(kind) for match in inside for kind in ("receptor", "result", "ish", "ihc", "met", "sitemet"))
        if not named or results or close is None:
            return None
        return about_of(self.paper.words, tokens[opened:close], [_moved(match, opened) for match in inside], close - opened)[0]

    def _bracketed(self, statement: Statement, place: int) -> bool:
        """Whether what stands after the results, in brackets or after `on` or `from`, names their specimen."""
        before = [token.norm for token in statement.tokens[max(0, place - 4) : place]]
        alone = sum(match.has("biopsy") or match.has("compoundsite") for match in statement.matches) == 1
        listed = alone and any(word == "," for word in before)  # `ER positive, HER2 negative, liver biopsy 2024`
        return listed or any(word in self.listed("specimens.before-a-letter") for word in before)

    def _day(self, statement: Statement, first: int) -> Day | None:
        before = [token for token in statement.tokens[:first] if token.day is not None]
        if before:
            return before[-1].day
        after = [token for token in statement.tokens[first:] if token.day is not None]
        return after[0].day if len(after) == 1 else None


def _origin(words: Words, tokens: list[Token], match: Match) -> bool:
    """Whether a place is only where the cancer came from: `adenocarcinoma of breast origin`."""
    inside = {token.norm for token in tokens[match.first : match.last + 1]}
    return bool(inside & words.listed("tumour.origin"))


def _moved(match: Match, by: int) -> Match:
    return Match(match.first - by, match.last - by, match.terms)


def about_of(words: Words, tokens: list[Token], matches: list[Match], first: int) -> tuple[About | None, int]:
    """The specimen that the words before a place name: the nearest one."""
    best: tuple[About | None, int] = (None, -1)
    sites = [match for match in matches if match.has("site") and match.first < first]
    afar = [match for match in sites if match.id("site") not in ("breast", "regional-node", "chest-wall", "lymph-node")]
    for match in matches:
        if match.first >= first:
            break
        if match.has("compoundsite"):
            best = ("primary" if match.id("compoundsite") == "breast" else "metastasis", match.first)
        elif match.has("metspecimen") or match.has("sitemet"):
            if match.id("sitemet") not in ("regional-node", "lymph-node"):
                best = ("metastasis", match.first)
        elif match.has("primaryspecimen"):
            if best[0] != "metastasis" or not _origin(words, tokens, match):
                best = ("primary", match.first)
        elif match.has("biopsy") or match.has("ihc"):
            near = [site for site in sites if abs(site.first - match.first) <= 7]
            near = [site for site in near if not _origin(words, tokens, site)]
            if near:
                site = min(near, key=lambda one: abs(one.first - match.first)).id("site")
                best = ("primary" if site in ("breast", "regional-node") else "metastasis", match.first)
        elif (
            match.has("met")
            and afar
            and not any(match.id("site") == "breast" for match in sites)
            and not any(one.has("cancer") for one in matches)
        ):
            best = ("metastasis", match.first)
        elif match.has("cancer") and best[0] is None:
            sided = any(
                token.norm in words.listed("specimens.side") for token in tokens[max(0, match.first - 2) : match.last + 2]
            )
            if sided:
                best = ("primary", match.first)
    return best
