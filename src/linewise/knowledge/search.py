"""Search over everything in the knowledge: answers as extracts with their sources.

SQLite's full-text index (FTS5, bm25) does the ranking. Spelling is levelled first (British and American, hyphens, accents), drug brands
are words of their drug, and a word that occurs nowhere is replaced by the nearest one that does.
"""

from __future__ import annotations

import difflib
import re
import sqlite3
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import msgspec

from .book import Knowledge
from .model import Content

_LEVEL = [  # British to American, on whole words: oestrogen, tumour, haemoglobin, diarrhoea, randomised, fibre, anaemia
    (r"^oe", "e"), (r"oe", "e"), (r"ae", "e"), (r"our(s?)$", r"or\1"), (r"our(?=[aeiou])", "or"), (r"is(e|ed|es|ing|ation)$", r"iz\1"),
    (r"ys(e|ed|es|ing)$", r"yz\1"), (r"([bt])re$", r"\1er"), (r"ll(ed|ing)$", r"l\1"), (r"logue$", "log"),
]  # fmt: skip
_WORD = re.compile(r"[a-z0-9]+(?:/[0-9]+)?")
_NEAR = 0.75


class Found(msgspec.Struct, kw_only=True):
    """One answer: what it is, an extract around the words found, and its sources."""

    kind: str
    id: str
    title: str
    extract: str
    sources: list[str]
    score: float


class Search:
    """An index in memory over one knowledge."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.texts = list(_texts(knowledge.content))
        self.database = sqlite3.connect(":memory:", check_same_thread=False)
        self.database.execute("CREATE VIRTUAL TABLE words USING fts5(title, names, body, tokenize = 'porter')")
        rows = [(level(one.title), level(f"{one.id} {one.names}"), level(one.body)) for one in self.texts]
        self.database.executemany("INSERT INTO words VALUES (?, ?, ?)", rows)
        self.known = sorted({word for row in rows for text in row for word in _WORD.findall(text)})

    def find(self, words: str, most: int = 10, kind: str | None = None) -> list[Found]:
        """The best answers, of one kind where asked; empty where no word of the question, nor one near it, occurs anywhere."""
        asked = [self._nearest(word) for word in _WORD.findall(level(words))]
        terms = [f'"{word}"' for word in asked if word]
        if not terms:
            return []
        wanted = " OR ".join(terms)
        query = "SELECT rowid, bm25(words, 8.0, 4.0, 1.0) AS score FROM words WHERE words MATCH ? ORDER BY score LIMIT ?"
        found = []
        for row, score in self.database.execute(query, (wanted, most * 12)):
            text = self.texts[row - 1]
            if kind is not None and text.kind != kind:
                continue
            whole = level(f"{text.title} {text.names} {text.body}")
            matched = sum(word in whole for word in asked if word)
            extract = _extract(text.body, [word for word in asked if word])
            found.append(
                Found(
                    kind=text.kind,
                    id=text.id,
                    title=text.title,
                    extract=extract,
                    sources=list(text.sources),
                    score=round(-score * matched, 3),
                )
            )
        return sorted(found, key=lambda one: -one.score)[:most]

    def _nearest(self, word: str) -> str:
        if word in _EMPTY:
            return ""
        if word in self._set:
            return word
        near = difflib.get_close_matches(word, self.known, n=1, cutoff=_NEAR)
        return near[0] if near else ""

    @property
    def _set(self) -> frozenset[str]:
        return _frozen(tuple(self.known))


@lru_cache(maxsize=4)
def _frozen(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(words)


_EMPTY = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "can",
        "do",
        "does",
        "for",
        "from",
        "how",
        "i",
        "if",
        "in",
        "is",
        "it",
        "me",
        "my",
        "of",
        "on",
        "or",
        "so",
        "that",
        "the",
        "this",
        "to",
        "what",
        "when",
        "where",
        "which",
        "who",
        "why",
        "will",
        "with",
        "you",
        "your",
    ]
)


def level(text: str) -> str:
    """Words levelled for finding: lower case, without accents, American spelling, hyphens as spaces."""
    plain = unicodedata.normalize("NFKD", text.lower())
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign)).replace("-", " ")
    return re.sub(r"[a-z]+", lambda found: _levelled(found.group()), plain)


@lru_cache(maxsize=65536)
def _levelled(word: str) -> str:
    for pattern, instead in _LEVEL:
        word = re.sub(pattern, instead, word)
    return word


class _Text(msgspec.Struct, frozen=True):
    """One thing that can be found. `names` are words that lead to it without being its title."""

    kind: str
    id: str
    title: str
    names: str
    body: str
    sources: tuple[str, ...]


def _texts(content: Content) -> Iterator[_Text]:
    for page in content.pages.values():
        body = re.sub(r"\[\^[^\]]+\]|[#*_`>]", "", page.body)
        yield _Text("page", page.id, page.title, page.topic, f"{page.summary} {body}", page.sources)
    for term in content.glossary.values():
        yield _Text("glossary", term.id, term.term, " ".join(term.also), term.plain, term.source)
    for drug in content.drugs.values():
        cautions = (*drug.avoid, *drug.caution)
        body = f"{drug.plain or ''} {drug.how or ''} {' '.join(one.plain or one.text for one in cautions)}"
        yield _Text("drug", drug.id, drug.label, " ".join((*drug.brands, *drug.also)), body, drug.source or _cited(cautions))
    for treatment in content.treatments.values():
        body = " ".join(part for part in (treatment.plain, treatment.text, treatment.aim, treatment.harm) if part)
        yield _Text("option", treatment.id, treatment.title, " ".join(treatment.classes), body, _cited(treatment.standing))
    for effect in content.effects.values():
        body = f"{effect.plain or ''} {' '.join(one.text for one in effect.helps)}"
        names = " ".join((effect.label, *effect.also))
        yield _Text("side effect", effect.id, effect.plain_name or effect.label, names, body, _cited(effect.helps))
    for alert in content.alerts.values():
        yield _Text("red flag", alert.id, alert.title, "", alert.plain, alert.source)
    for test in content.tests.values():
        yield _Text("test", test.id, test.title, "", test.plain, test.source)
    for trial in content.evidence.values():
        body = f"{trial.population or ''} {trial.plain or ''}"
        yield _Text("trial", trial.id, trial.name, trial.nct or "", body, trial.source or _cited(trial.results))
    for one in content.organisations.values():
        yield _Text("organisation", one.id, one.name, " ".join(one.countries), one.plain, one.source)


def _cited(parts: Iterable[Any], most: int = 3) -> tuple[str, ...]:
    return tuple(dict.fromkeys(source for one in parts for source in one.source))[:most]


def _extract(body: str, words: list[str], most: int = 220) -> str:
    """The sentence or two with most of the words."""
    sentences = re.split(r"(?<=[.!?])\s+", " ".join(body.split()))
    scored = [(sum(word in level(sentence) for word in words), -index) for index, sentence in enumerate(sentences)]
    best = -max(scored)[1] if scored else 0
    text = " ".join(sentences[best : best + 2])
    return text if len(text) <= most else text[: text.rfind(" ", 0, most)] + " …"
