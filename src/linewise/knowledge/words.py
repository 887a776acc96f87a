"""Words as people write them, levelled for finding: one spelling, word stems, and the groups of words that mean the same.

What means the same, how spellings differ and which words say nothing stands in `learn/synonyms.yaml`, not here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

_WORD = re.compile(r"[a-z0-9]+(?:[/.+-][a-z0-9]+)*\+?")
_PARTS = re.compile(r"[a-z0-9]+")
_NOTHING: frozenset[str] = frozenset()
_ENDINGS = (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("s", ""))


class Lexicon:
    """The words of one language, as the knowledge has them. `names` are further names of one thing each, such as brands of a drug."""

    def __init__(self, words: dict[str, Any], names: Iterable[tuple[str, Iterable[str]]] = ()) -> None:
        self.spelling = tuple((re.compile(pattern), instead) for pattern, instead in words["spelling"])
        self._level = lru_cache(maxsize=65536)(self._in_one_spelling)
        self.empty = frozenset(self.tokens(" ".join(words["empty"])))
        self._phrases: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for number, group in enumerate(words["groups"]):
            self._add(f"#{number}", group)
        for name, written in names:
            self._add(f"@{name}", written)
        for found in self._phrases.values():
            found.sort(key=lambda pair: -len(pair[0]))

    def _add(self, concept: str, phrases: Iterable[str]) -> None:
        for phrase in phrases:
            stems = tuple(stem(word) for word in self.tokens(phrase))
            if stems and (stems, concept) not in self._phrases.setdefault(stems[0], []):
                self._phrases[stems[0]].append((stems, concept))

    def tokens(self, text: str) -> list[str]:
        """The words of a text in one spelling: lower case, without accents, American, hyphens as spaces. A sign inside a name stays: `her2+`."""
        plain = text.lower().replace("’", "'")
        if not plain.isascii():
            plain = "".join(sign for sign in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(sign))
        plain = plain.replace("'s", "").replace("'", "")
        return [self._level(word) for whole in _WORD.findall(plain) for word in _PARTS.findall(whole)]

    def _in_one_spelling(self, word: str) -> str:
        if not word.isdigit():
            for pattern, instead in self.spelling:
                word = pattern.sub(instead, word)
        return word

    def read(self, tokens: list[str]) -> list[tuple[tuple[str, ...], frozenset[str]]]:
        """The tokens as terms: each the stems it is written with, and the things that it means. The longest phrase goes first."""
        stems, place = [stem(word) for word in tokens], 0
        found: list[tuple[tuple[str, ...], frozenset[str]]] = []
        while place < len(stems):
            phrases = self._phrases.get(stems[place])
            if phrases is None:
                found.append(((stems[place],), _NOTHING))
                place += 1
                continue
            here = [pair for pair in phrases if tuple(stems[place : place + len(pair[0])]) == pair[0]]
            length = len(here[0][0]) if here else 1
            meanings = frozenset(concept for phrase, concept in here if len(phrase) == length)
            found.append((tuple(stems[place : place + length]), meanings))
            place += length
        return found

    def says_nothing(self, word: str) -> bool:
        return word in self.empty


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """A word without its ending, so that `drugs` finds `drug` and `tired` finds `tiredness` where the knowledge says so."""
    if len(word) < 4 or word.isdigit():
        return word
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith(("ss", "us", "is")):
            word = word[: -len(ending)] + instead
            if ending in ("ing", "ed") and len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
                word = word[:-1]
            break
    return word[:-1] if len(word) > 4 and word.endswith("e") else word
