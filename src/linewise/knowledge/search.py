"""Search that answers: what the knowledge holds, by what people ask, each answer an extract with its sources.

A question is read as terms: words in one spelling, phrases and words that mean the same (`learn/synonyms.yaml`), names of drugs. A text
answers as far as it holds the terms, those that are rare more than those that are everywhere, and the name of a drug most. A word
that occurs nowhere is never replaced in silence: `Answers.instead` says which near word was taken, `Answers.unknown` which could not be.
What holds only for some people is told with its condition, or not at all.
"""

from __future__ import annotations

import difflib
import math
import re
from collections import Counter, defaultdict
from functools import lru_cache

import msgspec

from .book import Knowledge
from .texts import CONDITION, Text, texts
from .words import Lexicon, stem

_NEAR = 0.84
_SHORTEST = 5  # a shorter word is not guessed at: too many are near it
_FIELDS = {"title": 7.0, "names": 5.0, "head": 2.5, "body": 1.0}
_KINDS = {
    "answer": 1.5, "page": 1.35, "side effect": 1.15, "red flag": 1.1, "drug": 1.1, "test": 1.0, "glossary": 0.9, "option": 0.9,
    "question": 0.8, "organisation": 0.8, "trial": 0.7,
}  # fmt: skip
_DRUG = 3.0  # how much more the name of a drug weighs than another rare word
_MEANT = 0.75  # a word that means the same counts a little less than the word itself
_ENOUGH = 0.55  # of a question's weight: what a text must hold to be an answer to it
_NOISE = 0.18  # of the best score: what is below it is no answer


class Found(msgspec.Struct, kw_only=True):
    """One answer: what it is, an extract around the words found, and its sources."""

    kind: str
    id: str
    title: str
    extract: str
    sources: list[str]
    score: float
    pages: list[str] = []  # where to read on


class Answers(msgspec.Struct, kw_only=True):
    """What was found, and what became of words that nobody knows here."""

    found: list[Found]
    instead: dict[str, str] = {}
    unknown: list[str] = []


class _Term(msgspec.Struct, frozen=True):
    """One term of a question: its keys in the index, and how much it weighs."""

    stems: tuple[str, ...]
    meanings: frozenset[str]
    weight: float

    @property
    def drug(self) -> bool:
        return any(one.startswith("@") for one in self.meanings)


@lru_cache(maxsize=2)
def search_of(knowledge: Knowledge) -> Search:
    """The search over a knowledge; its index is made once."""
    return Search(knowledge)


class Search:
    """An index in memory over one knowledge."""

    def __init__(self, knowledge: Knowledge) -> None:
        content = knowledge.content
        drugs = [(one.id, (one.label, *one.brands, *one.also)) for one in content.drugs.values()]
        self.words = Lexicon(content.extras["synonyms"], drugs)
        self.texts = list(texts(knowledge))
        self._index: dict[str, dict[int, float]] = defaultdict(dict)
        self._questions: list[list[frozenset[str]]] = []
        self.known: set[str] = set()
        self._sizes: list[float] = []
        for number, text in enumerate(self.texts):
            self._enter(number, text)
        self._mean = sum(self._sizes) / max(len(self._sizes), 1)

    def _enter(self, number: int, text: Text) -> None:
        counts: Counter[str] = Counter()
        for field, weight in _FIELDS.items():
            for part in getattr(text, field):
                tokens = self.words.tokens(part)
                self.known.update(tokens)
                for stems, meanings in self.words.read(tokens):
                    for key in (*stems, *meanings):
                        counts[key] += weight  # type: ignore[assignment]
        for key, weight in counts.items():
            self._index[key][number] = weight
        self._sizes.append(float(sum(counts.values())))
        asked = [text.title] if text.kind == "page" else [text.title, text.names]
        self._questions.append([self._keys(phrase) for part in asked for phrase in part])

    def _keys(self, phrase: str) -> frozenset[str]:
        """A question as the set of what it means: of a term with a meaning that, else its stems; words that say nothing aside."""
        found: set[str] = set()
        for stems, meanings in self.words.read(self._telling(self.words.tokens(phrase))):
            found |= meanings or set(stems)
        return frozenset(found)

    def _telling(self, tokens: list[str]) -> list[str]:
        """The tokens without words that say nothing; all of them where nothing else is left. A phrase keeps its own small words."""
        kept: list[str] = []
        for stems, meanings in self.words.read(tokens):
            size = len(stems)
            here = tokens[:size]
            tokens = tokens[size:]
            kept += here if meanings or not self.words.says_nothing(here[0]) else []
        return kept

    def _in_phrases(self, tokens: list[str]) -> set[str]:
        """The words that mean something together, although nobody knows them alone: `gamma knife`."""
        found: set[str] = set()
        at = 0
        for stems, meanings in self.words.read(tokens):
            if meanings and len(stems) > 1:
                found.update(tokens[at : at + len(stems)])
            at += len(stems)
        return found

    def find(self, words: str, most: int = 10, kind: str | None = None) -> list[Found]:
        """The best answers, of one kind where asked; empty where nothing here answers."""
        return self.ask(words, most, kind).found

    def ask(self, words: str, most: int = 10, kind: str | None = None) -> Answers:
        """The best answers, with what became of words that are not known here."""
        tokens = self.words.tokens(words)
        instead, unknown, read = {}, [], []
        said = self._telling(tokens) or tokens
        in_phrases = self._in_phrases(said)
        for word in said:
            near = word if word in in_phrases else self._nearest(word)
            if near and near != word:
                instead[word] = near
            if not near:
                unknown.append(word)
            read.append(near or word)
        terms = self._terms(read)
        if not terms or len(unknown) == len(read):
            return Answers(found=[], instead=instead, unknown=unknown)
        asked = frozenset().union(*(one.meanings or frozenset(one.stems) for one in terms))
        scores = self._scores(terms, asked, kind)
        best = max((plain for _, plain in scores.values()), default=0.0)
        ranked = sorted(((score, number) for number, (score, plain) in scores.items() if plain >= _NOISE * best), key=_order)
        found = [self._found(number, score, terms) for score, number in ranked[:most]]
        return Answers(found=found, instead=instead, unknown=unknown)

    def _terms(self, tokens: list[str]) -> list[_Term]:
        found = []
        for stems, meanings in self.words.read(tokens):
            rare = max((self._rarity(key) for key in (*stems, *meanings)), default=0.0) if not meanings else 0.0
            rare = rare or max(self._rarity(key) for key in meanings)
            drug = any(one.startswith("@") for one in meanings)
            found.append(_Term(stems, meanings, rare * (_DRUG if drug else 1.0)))
        return found

    def _rarity(self, key: str) -> float:
        held = len(self._index.get(key, ()))
        return math.log(1.0 + (len(self.texts) - held + 0.5) / (held + 0.5))

    def _scores(self, terms: list[_Term], asked: frozenset[str], kind: str | None) -> dict[int, tuple[float, float]]:
        """For each text that answers: its score, and the same without what its being asked just so adds."""
        held: dict[int, float] = defaultdict(float)  # the weight of the terms that a text holds
        score: dict[int, float] = defaultdict(float)
        whole = sum(one.weight for one in terms)
        for term in terms:
            for number, strength in self._strengths(term).items():
                held[number] += term.weight * min(1.0, strength * 2)
                score[number] += term.weight * strength
        found = {}
        for number, total in score.items():
            text, share = self.texts[number], held[number] / whole if whole else 0.0
            alike = max((_alike(asked, one) for one in self._questions[number]), default=0.0)
            if (kind is not None and text.kind != kind) or (share < _ENOUGH and alike < 0.5):
                continue
            plain = total * share**2 * _KINDS.get(text.kind, 1.0)
            itself = len(terms) == 1 and f"@{text.id}" in terms[0].meanings and text.kind == "drug"
            found[number] = (round(plain * (6 if itself else 1 + 3 * alike**2), 4), plain)
        return found

    def _strengths(self, term: _Term) -> dict[int, float]:
        """How strongly each text holds a term, from 0 to 1: by itself, or by what means the same."""
        found: dict[int, float] = {}
        for number in self._index.get(term.stems[0], ()):
            if all(number in self._index.get(one, ()) for one in term.stems):
                found[number] = min(self._strength(one, number) for one in term.stems)
        for meaning in term.meanings:
            for number in self._index.get(meaning, ()):
                found[number] = max(found.get(number, 0.0), _MEANT * self._strength(meaning, number))
        return found

    def _strength(self, key: str, number: int) -> float:
        often = self._index[key][number]
        return often / (often + 1.2 * (0.4 + 0.6 * self._sizes[number] / self._mean))

    def _nearest(self, word: str) -> str:
        """The word itself where it is known, alone or in a phrase; else one that is nearly it and begins alike; else nothing."""
        if word in self.known or self.words.read([word])[0][1]:
            return word
        if len(word) < _SHORTEST:
            return ""
        alike = [known for known in self.known if known[0] == word[0] and abs(len(known) - len(word)) <= 2]
        near = difflib.get_close_matches(word, alike, n=1, cutoff=_NEAR)
        return near[0] if near else ""

    def _found(self, number: int, score: float, terms: list[_Term]) -> Found:
        text = self.texts[number]
        extract = " ".join(text.head) if text.kind == "answer" else self._extract(text, terms)
        return Found(
            kind=text.kind, id=text.id, title=text.title[0], extract=extract, sources=list(text.sources), score=score,
            pages=list(text.pages),
        )  # fmt: skip

    def _extract(self, text: Text, terms: list[_Term], most: int = 300) -> str:
        """The sentence or two that hold most of what was asked."""
        sentences = [one for part in (*text.head, *text.body) for one in _sentences(part)]
        if not sentences:
            return ""
        if text.kind == "drug":  # its own name says nothing more in its own text
            terms = [one for one in terms if f"@{text.id}" not in one.meanings]
        best, place = -1.0, 0
        for at, sentence in enumerate(sentences):
            tokens = self.words.tokens(sentence)
            keys = {key for stems, meanings in self.words.read(tokens) for key in (*stems, *meanings)} | {
                stem(one) for one in tokens
            }
            worth = sum(one.weight for one in terms if keys & one.meanings or set(one.stems) <= keys)
            if worth > best:
                best, place = worth, at
        found = " ".join(sentences[place : place + 2])
        return found if len(found) <= most else found[: found.rfind(" ", 0, most)] + " …"


def _sentences(part: str) -> list[str]:
    """The sentences of a part; a warning for some people stays whole, so that no sentence of it stands without its condition."""
    whole = " ".join(part.split())
    return [whole] if whole.startswith(CONDITION) else [one for one in re.split(r"(?<=[.!?])\s+", whole) if one]


def _order(pair: tuple[float, int]) -> tuple[float, int]:
    """The best first; of equals, in the order of the texts."""
    return -pair[0], pair[1]


def _alike(asked: frozenset[str], question: frozenset[str]) -> float:
    """How far two questions mean the same, from 0 to 1."""
    return len(asked & question) / len(asked | question) if asked and question else 0.0
