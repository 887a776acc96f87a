"""Headings: which section a line begins; heads of columns, and lines that name a specimen, a day or a person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from .lexicon import Match, Words
from .tokens import Token, tokens_of

BY_NAME = frozenset({"technique", "findings", "administration", "definitions", "trap", "person"})
"""Sections whose heading alone may be the title of a whole document."""


class Sections:
    """Finds headings: words at the start of a line that are followed by a colon or by nothing."""

    def __init__(self, words: Words, language: str) -> None:
        self.terms = words.lexicon(language)
        self.lexicon = self.terms.structure or self.terms
        self.listed, self.days = words.listed, day_words(words)
        self._columns: dict[str, bool] = {}

    def match(self, text: str, start: int, end: int, said: bool) -> tuple[str, int, str, bool] | None:
        """The section, where its heading ends, its words, and whether text follows on the line. `said`: the form says it is a heading."""
        line = text[start:end]
        stripped = line.strip(" =*#_-–:")
        if not stripped or len(line) > 400:
            return None
        lead = len(line) - len(line.lstrip(" =*#_-–"))
        tokens = tokens_of(text, [(start + lead, min(end, start + lead + 90))])
        if not tokens:
            return None
        for skip in range(0, min(3, len(tokens))):
            match = self._section_at(tokens, skip)
            if match is not None:
                break
            if tokens[skip].norm not in self.listed("layout.before-a-heading"):
                return None
        else:
            return None
        section = match.id("section") or ""
        last = tokens[match.last - 1]
        if section == "findings" and re.match(r"\s*\d", text[last.end : end]):
            return None
        rest = text[last.end : end]
        plain = _without_brackets(rest)
        colon = re.match(r"[^:\n]{0,75}?:", plain)
        if colon and _time(plain[colon.end() - 2 : colon.end() + 2]):
            colon = None  # `as of 9 September, 11:05`
        tail = rest.strip()
        words = self.days.without(plain).strip(" .=*-–_:()[]0123456789/,")
        between = plain[: colon.end() - 1] if colon else ""
        most = 0 if section == "findings" else 4
        if colon and len(re.findall(r"[^\W\d_]+", between)) <= most and not re.search(r"[.;,]\s", between):
            at = last.end + colon.end()
            inline = bool(text[at:end].strip())
            if inline and section in ("results", "labs", "findings", "diagnosis") and self.names_a_test(text, start + lead, at):
                return None
            if inline and _time(text[at - 2 : at + 2]):
                return None
            return section, at, text[start:at].strip(), inline
        upper = stripped.isupper() and len(stripped) > 3
        if (
            said
            or not tail
            or re.fullmatch(r"[\s=*_\-–.:)]*", rest)
            or (len(words.split()) <= (3 if upper else 2) and len(stripped) <= 60 and not re.search(r"[.,;]\s*$", tail))
        ):
            if not said and words and not upper and not self.days.first.match(words) and len(words.split()) > 1:
                return None
            if not said and words and not upper and not re.fullmatch(r"[\W\d]*(?:\([^)]*\))?[\W\d]*", self.days.without(rest)):
                return None
            if said and section in BY_NAME and words:
                return None  # the title of a whole document, such as `Protokoll der Tumorkonferenz`
            return section, end, stripped, False
        dash = re.match(r"\s+[-–—]\s+", rest)
        if dash and (upper or stripped[: last.end - start].isupper()) and not self.names_a_test(text, start + lead, last.end):
            return section, last.end + dash.end(), text[start : last.end], True
        return None

    def names_a_test(self, text: str, start: int, end: int) -> bool:
        """Whether the words of a heading are themselves the name of a test, so that its result follows."""
        tokens = tokens_of(text, [(start, end)])
        kinds = ("receptor", "marker", "gene", "ish", "lab", "pgx")
        return any(match.has(kind) for match in self.terms.matches(tokens, fuzzy=False) for kind in kinds)

    def _section_at(self, tokens: list[Token], at: int) -> Match | None:
        found = self.lexicon.matches(tokens[at : at + 9], fuzzy=False)
        for match in found[:1]:
            if match.first == 0 and match.has("section"):
                return Match(at, at + match.last, match.terms)
        return None

    def begins_with_drug(self, text: str, start: int, end: int) -> bool:
        """Whether the first word, behind a mark of a list, is the name of a drug."""
        return self.begins_with(text, start, end, ("drug",))

    def begins_with(self, text: str, start: int, end: int, kinds: Sequence[str]) -> bool:
        """Whether the first word, behind a mark of a list, is a term of one of some kinds."""
        tokens = tokens_of(text, [(start, min(end, start + 60))])
        while tokens and tokens[0].kind not in "w":
            tokens = tokens[1:]
        found = self.terms.matches(tokens[:6], fuzzy=False)
        return any(match.first == 0 and match.has(kind) for match in found[:1] for kind in kinds)

    def column(self, words: str) -> bool:
        """Whether words are the head of a column."""
        known = self._columns.get(words)
        if known is None:
            tokens = tokens_of(words, [(0, min(len(words), 60))])
            found = self.lexicon.matches(tokens, fuzzy=False) if tokens else []
            first = next((match for match in found if match.has("column")), None)
            plain = [token for token in tokens if token.kind == "w"]
            known = first is not None and sum(1 for token in tokens[first.first : first.last] if token.kind == "w") * 2 >= len(
                plain
            )
            self._columns[words] = known
        return known

    def measured(self, words: str) -> bool:
        """Whether words are nothing but the name of a measurement, a receptor or a marker."""
        if len(words) > 40:
            return False
        tokens = tokens_of(words, [(0, len(words))])
        found = self.terms.matches(tokens, fuzzy=False) if tokens else []
        return (
            len(found) == 1
            and found[0].first == 0
            and found[0].last >= len(tokens) - 3
            and (found[0].has("lab") or found[0].has("receptor") or found[0].has("marker"))
            and not any(token.kind == "n" and not token.glued for token in tokens[found[0].last :])
        )

    def personal(self, words: str) -> bool:
        """Whether words label a day of birth: the line names a person, not columns."""
        tokens = tokens_of(words, [(0, min(len(words), 40))])
        return any(match.has("born") for match in self.terms.matches(tokens, fuzzy=False))

    def specimen(self, words: str) -> bool:
        """Whether words name a specimen: `Part A (breast)`, `liver biopsy 2024`."""
        if not 0 < len(words) <= 40:
            return False
        if self.days.specimen.fullmatch(words):
            return True
        tokens = tokens_of(words, [(0, len(words))])
        found = self.terms.matches(tokens, fuzzy=False)
        names = ("primaryspecimen", "metspecimen", "biopsy", "compoundsite", "sitemet", "site")
        return len(tokens) <= 7 and any(match.has(name) for match in found for name in names)

    def dated(self, words: str) -> bool:
        """Whether words are a day, with little else."""
        if len(words) > 28 or self.days.personal.match(words):
            return False
        return bool(re.search(r"(?:19|20)\d\d|\d{1,2}[./]\d{1,2}[./]\d{2}", words))

    def columns_of(self, words: str) -> str:
        tokens = tokens_of(words, [(0, min(len(words), 60))])
        found = self.lexicon.matches(tokens, fuzzy=False) if tokens else []
        return (found[0].id("column") or "") if found and found[0].first == 0 else ""


class DayWords:
    """Patterns out of the words that stand around days, specimens and persons in headings."""

    def __init__(self, words: Words) -> None:
        written, flags = words.written, re.IGNORECASE
        months = rf"(?:{either(written('layout.months'))})"
        name = rf"{months}[a-zä]{{0,7}}\.?"
        first = written("layout.before-a-day")
        clock, around = either(written("layout.clock")), either(first | written("layout.around-a-day"))
        self.first = re.compile(rf"(?:{either(first)})\b", flags)
        self._times = re.compile(rf"\d{{1,2}}\.?\s*{name}|{name}\s*\d{{1,2}}|\d\s*[ap]\.?m\b\.?|\b(?:{clock})\b|\s[-–—]\s", flags)
        self._around = re.compile(rf"\b(?:{around})\b", flags)
        self.specimen = re.compile(rf"(?:{either(written('layout.specimen'))})\s+[A-H1-9]", flags)
        self.personal = re.compile(rf"(?:{either(written('layout.personal'))}|\*|\w+ \w+ \w+)", flags)
        self.started = re.compile(
            rf"(?:(?:{either(written('layout.starts-a-day'))})\.?\s+)?(?:\d{{1,2}}\s?[./-]\s?(?:\d{{1,2}}\s?[./-]\s?)?(?:19|20)?\d\d\b|(?:19|20)\d\d\b|{months}[a-zä]*\.?\s+(?:19|20)\d\d)",
            flags,
        )
        """The start of a line that begins with a day."""

    def without(self, text: str) -> str:
        """A heading's words without days, times of day, and the words around them."""
        return self._around.sub(" ", self._times.sub(" ", text))


def either(words: Iterable[str]) -> str:
    """A pattern for one of some words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


@lru_cache(maxsize=2)
def day_words(words: Words) -> DayWords:
    return DayWords(words)


def _without_brackets(text: str) -> str:
    return re.sub(r"\([^()]*\)", lambda found: " " * len(found.group()), text)


def _time(text: str) -> bool:
    return bool(re.match(r"\d:\d", text))
