"""The words of reading: every term of the knowledge, found in running text, the longest first.

A term has a kind and an id (`receptor` `er`, `neg` `no`, `lab` `haemoglobin`); one wording may be several terms, and the grammar takes the
one it can use. Wordings stand in `knowledge/reading/` by language; names of drugs come from the knowledge, too. How a wording is written:

    liver metastas*      a star ends a word that may go on
    ER                   short words with a capital are found only as written; with `~` before them, in any case
    ^her2                only without spaces
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from linewise.knowledge import Knowledge

from .dates import Calendar, Dates
from .tokens import HYPHENS, Token, folded

LANGUAGES = ("en", "de")
_FUNCTION_FILES = ("context", "sections", "person")  # files whose words hold in their own language only
_PIECE = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+\*?|[^\s]")
_SKIP = HYPHENS | {"'", "’", "®", "™", "`", "´"}
_LISTS = "lists"  # files of words that are compared with what stands beside a term
_SETS = ("joins",)  # words looked up one by one, not found in running text
_FUZZY = 7  # letters from which a name may have one wrong


class Term(msgspec.Struct, frozen=True, gc=False):
    """What a wording means. `exact` are the positions of its words that must be written as they stand in the knowledge."""

    kind: str
    id: str
    exact: tuple[tuple[int, str], ...] = ()
    glued: bool = False  # without spaces


class Match(msgspec.Struct, gc=False):
    """A wording found: tokens `first` to `last` (excluded), and the terms it may be."""

    first: int
    last: int
    terms: tuple[Term, ...]
    fuzzy: bool = False

    def id(self, kind: str) -> str | None:
        for term in self.terms:
            if term.kind == kind:
                return term.id
        return None

    def has(self, kind: str) -> bool:
        return any(term.kind == kind for term in self.terms)


class _Node:
    __slots__ = ("next", "starts", "terms")

    def __init__(self) -> None:
        self.next: dict[str, _Node] = {}
        self.starts: dict[str, _Node] = {}
        self.terms: list[Term] = []


class Lexicon:
    """The terms for documents of one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.root = _Node()
        self.single: dict[str, list[Term]] = {}  # of names of one word, for those that are misspelt
        self._deletions: dict[str, set[str]] | None = None
        self.structure: Lexicon | None = None  # the words of headings and columns, which are looked for only there

    def add(self, kind: str, name: str, wording: str) -> None:
        free, glued = wording.startswith("~"), wording.startswith("^")
        wording = wording.rstrip(":") if kind in ("section", "column") else wording
        pieces = [piece for piece in _PIECE.findall(wording.lstrip("~^")) if piece not in _SKIP]
        if not pieces:
            return
        exact = () if free else tuple((i, piece) for i, piece in enumerate(pieces) if _short(piece))
        term = Term(kind, name, exact, glued)
        for spelt in {tuple(folded(piece) for piece in pieces), tuple(_plain_umlauts(piece) for piece in pieces)}:
            node = self.root
            for piece in spelt:
                where = node.starts if piece.endswith("*") else node.next
                node = where.setdefault(piece.rstrip("*"), _Node())
            if term not in node.terms:
                node.terms.append(term)
        if kind in ("drug", "regimen") and len(pieces) == 1 and len(pieces[0]) >= _FUZZY:
            self.single.setdefault(folded(pieces[0]), []).append(term)

    # Finding

    def matches(self, tokens: Sequence[Token], fuzzy: bool = True) -> list[Match]:
        """Every term, none inside another, the longest first from the left."""
        found: list[Match] = []
        at, many = 0, len(tokens)
        while at < many:
            match = self._longest(tokens, at)
            if match is None and fuzzy:
                match = self._near(tokens, at)
            if match is None:
                at += 1
            else:
                found.append(match)
                found += self._inside(tokens, match)
                at = match.last
        return found

    def _inside(self, tokens: Sequence[Token], match: Match) -> list[Match]:
        """What a wording of progress names within it: the `liver metastases` of `new liver metastases`."""
        if match.last - match.first < 2 or not all(term.kind == "stop" for term in match.terms):
            return []
        for at in range(match.first + 1, match.last):
            inner = self._longest(tokens, at)
            if inner is not None and inner.last <= match.last:
                terms = tuple(term for term in inner.terms if term.kind in ("site", "sitemet", "met"))
                if terms:
                    return [Match(inner.first, inner.last, terms)]
        return []

    def _longest(self, tokens: Sequence[Token], first: int) -> Match | None:
        best: Match | None = None
        ends: list[tuple[_Node, int, int, tuple[int, ...]]] = [(self.root, first, 0, ())]
        while ends:
            node, at, depth, used = ends.pop()
            if node.terms and used and used[-1] == at - 1:
                terms = tuple(term for term in node.terms if _as_written(term, tokens, used))
                if terms and (best is None or at > best.last):
                    best = Match(first, at, terms)
                elif terms and best is not None and at == best.last:
                    best.terms += tuple(term for term in terms if term not in best.terms)
            if at >= len(tokens):
                continue
            token = tokens[at]
            if depth and token.text in _SKIP and at + 1 < len(tokens):
                if token.glued or tokens[at + 1].glued or token.text == "\u00ad":
                    ends.append((node, at + 1, depth, used))
                continue
            if depth and token.cell != tokens[at - 1].cell:
                continue
            child = node.next.get(token.norm)
            if child is not None:
                ends.append((child, at + 1, depth + 1, (*used, at)))
            if node.starts:
                word = token.norm
                for size in range(len(word), 1, -1):
                    child = node.starts.get(word[:size])
                    if child is not None:
                        ends.append((child, at + 1, depth + 1, (*used, at)))
                        break
        return best

    def _near(self, tokens: Sequence[Token], at: int) -> Match | None:
        """A long name of a drug with one letter wrong, where only one name is so near."""
        token = tokens[at]
        word = token.norm
        if token.kind != "w" or len(word) < _FUZZY or word in self.single:
            return None
        names = {name for short in _without_one(word) for name in self._deleted.get(short, ()) if _one_apart(word, name)}
        ids = {term.id for name in names for term in self.single[name]}
        if len(ids) != 1:
            return None
        return Match(at, at + 1, tuple(self.single[min(names)]), fuzzy=True)

    @property
    def _deleted(self) -> dict[str, set[str]]:
        if self._deletions is None:
            made: dict[str, set[str]] = {}
            for name in self.single:
                for short in _without_one(name):
                    made.setdefault(short, set()).add(name)
            self._deletions = made
        return self._deletions


def _short(piece: str) -> bool:
    letters = piece.rstrip("*")
    return len(letters) <= 4 and letters.isalpha() and letters.lower() != letters


def _as_written(term: Term, tokens: Sequence[Token], used: tuple[int, ...]) -> bool:
    if term.glued and not all(tokens[at].glued for at in used[1:]):
        return False
    for position, piece in term.exact:
        text = tokens[used[position]].text
        stem = piece.rstrip("*")
        if (text[: len(stem)] if piece.endswith("*") else text) != stem:
            return False
    return True


def _plain_umlauts(piece: str) -> str:
    """`Östrogen` as it is written without umlauts: `oestrogen`."""
    low = piece.lower()
    return folded(low.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue"))


def _without_one(word: str) -> set[str]:
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}


def _one_apart(a: str, b: str) -> bool:
    """Whether two words differ by one letter changed, added, left out, or two neighbours changed over."""
    if abs(len(a) - len(b)) > 1:
        return False
    start = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    rest_a, rest_b = a[start:], b[start:]
    if len(a) == len(b):
        return rest_a[1:] == rest_b[1:] or (len(rest_a) > 1 and rest_a[:2] == rest_b[1::-1] and rest_a[2:] == rest_b[2:])
    longer, shorter = (rest_a, rest_b) if len(a) > len(b) else (rest_b, rest_a)
    return longer[1:] == shorter


class Words:
    """Everything that `knowledge/reading/` says: lexicons by language, scales, regimens, units."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.files: dict[str, Mapping[str, Any]] = {
            name.removeprefix("reading/"): value
            for name, value in knowledge.content.extras.items()
            if name.startswith("reading/")
        }

    def of(self, file: str) -> Mapping[str, Any]:
        return self.files.get(file, {})

    @lru_cache(maxsize=4)  # noqa: B019  one object for the life of the program
    def lexicon(self, language: str) -> Lexicon:
        """The lexicon for documents of a language: its own words, and the medical words of the others, which stand in documents everywhere."""
        made, heads = Lexicon(language), Lexicon(language)
        made.structure = heads
        for other in (language, *(one for one in LANGUAGES if one != language)):
            for name, kinds in self.files.items():
                folder, _, file = name.partition("/")
                if folder != other or file == _LISTS or (other != language and file in _FUNCTION_FILES):
                    continue
                for kind, entries in kinds.items():
                    if kind not in _SETS:
                        _add_all(heads if kind in ("section", "column") else made, kind, entries)
        for kind, entries in self.of("shared").items():
            _add_all(made, kind, entries)
        for name, words in self.of("regimens").get("regimens", {}).items():
            for word in words["names"]:
                made.add("regimen", name, word)
        self._compounds(made)
        self._drugs(made)
        return made

    def _drugs(self, made: Lexicon) -> None:
        for name, drug in self.knowledge.drugs.items():
            for word in (name.replace("-", " "), drug.label, *drug.brands, *(other.replace("-", " ") for other in drug.also)):
                _add_drug(made, name, word)
        for name, words in self.of("medicines").get("medicines", {}).items():
            for word in (name.replace("-", " "), *words):
                _add_drug(made, name, word)
        for language in LANGUAGES:
            for name, words in self.of(f"{language}/drugs").get("drug", {}).items():
                for word in words:
                    made.add("drug", name, word)

    def _compounds(self, made: Lexicon) -> None:
        """Words put together of two: `Leber` + `metastase*`."""
        for language in LANGUAGES:
            for compound in self.of(f"{language}/compounds").get("list", ()):
                for name, firsts in compound["first"].items():
                    for first in firsts:
                        for second in compound["second"]:
                            made.add(compound["kind"], name, f"{first}{second}")

    @lru_cache(maxsize=4)  # noqa: B019
    def joins(self, language: str) -> frozenset[str]:
        """Words and signs that join drugs to one regimen."""
        return frozenset(
            folded(word) for one in LANGUAGES for word in self.of(f"{one}/treatment")["joins"]["and"] if " " not in word
        )

    def listed(self, *names: str) -> frozenset[str]:
        """The words of some lists (`courses.until`) of `lists.yaml`, of every language, folded. Raises KeyError for a list that nothing holds."""
        return self._lists(names, True)

    def written(self, name: str) -> frozenset[str]:
        """The words of a list as they are written, for short forms whose capitals tell them apart."""
        return self._lists((name,), False)

    @lru_cache(maxsize=512)  # noqa: B019
    def beginnings(self, name: str) -> tuple[str, ...]:
        """The words of a list, folded, for `startswith` and `endswith`."""
        return tuple(sorted(self._lists((name,), True)))

    @lru_cache(maxsize=512)  # noqa: B019
    def _lists(self, names: tuple[str, ...], fold: bool) -> frozenset[str]:
        words: set[str] = set()
        for name in names:
            group, _, key = name.partition(".")
            found = [self.of(file).get(group, {}).get(key) for file in (_LISTS, *(f"{one}/{_LISTS}" for one in LANGUAGES))]
            if not any(found):
                raise KeyError(name)
            words |= {str(word) for one in found for word in one or ()}
        return frozenset(folded(word) for word in words) if fold else frozenset(words)

    @lru_cache(maxsize=4)  # noqa: B019
    def dates(self, language: str) -> Dates:
        months: dict[str, int] = {}
        seasons: dict[str, int] = {}
        before: list[str] = []
        for one in LANGUAGES:
            words = self.of(f"{one}/calendar")
            months |= {name.lower(): int(number) for number, names in words["months"].items() for name in names}
            seasons |= {str(name).lower(): int(number) for name, number in words["seasons"].items()}
            before += words["before-short"]
        return Dates(
            Calendar(
                months,
                seasons,
                tuple(before),
                tuple(sorted(self.listed("common.to"))),
                tuple(sorted(self.listed("dates.no-month"))),
            )
        )

    @lru_cache(maxsize=4)  # noqa: B019
    def markers(self, name: str) -> dict[str, frozenset[str]]:
        """Lists of single words by language: `common` are the words that show the language."""
        return {one: frozenset(folded(word) for word in self.of(f"{one}/calendar").get(name, ())) for one in LANGUAGES}


def _add_all(made: Lexicon, kind: str, entries: Any) -> None:
    if not isinstance(entries, Mapping) or kind in ("months", "seasons", "drug"):
        return
    for name, wordings in entries.items():
        for wording in wordings or ():
            made.add(kind, str(name), str(wording))


def _add_drug(made: Lexicon, name: str, word: str) -> None:
    if len(word) < 3:
        return
    if len(word) == 3 or (len(word) <= 4 and word.isupper()):
        word = word.upper()
    made.add("drug", name, word if len(word) < 4 or word.isupper() else f"~{word}")
    plain = word.split()
    if len(plain) == 1 and len(word) >= 7 and word.endswith("e"):  # German and other languages leave the last letter out
        made.add("drug", name, f"~{word[:-1]}")


@lru_cache(maxsize=2)
def words_of(knowledge: Knowledge) -> Words:
    return Words(knowledge)
