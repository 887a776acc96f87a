"""Where a sentence ends: not after abbreviations, numbers that count, and semicolons inside brackets."""

from __future__ import annotations

import re
from collections.abc import Sequence

from linewise.papers.sheet import Span

_BEGINS = r"(?:[A-ZÄÖÜ]|[a-z]{1,3}[A-Z])"
"""How a sentence begins: with a capital, or a short form that has them inside, such as `ctDNA` or `pT2`."""
_SENTENCE = re.compile(rf"[.!?](?=[\s\xa0]+[\"“„(]?(?:{_BEGINS}|[0-9(>]))|[.!?](?=\s*\n)|;(?=\s)")
_NUMBER_END = re.compile(r"(?:^|[\s(])\d{1,2}\.$")


def sentences(text: str, spans: Sequence[Span], short: frozenset[str], ordinals: frozenset[str]) -> list[list[Span]]:
    """The sentences of some stretches of text. Full stops after abbreviations and numbers end none."""
    found: list[list[Span]] = [[]]
    for number, (start, end) in enumerate(spans):
        at = start
        for stop in _SENTENCE.finditer(text, start, end):
            if stop.start() < at:
                continue
            before = text[max(at, stop.start() - 14) : stop.start() + 1]
            if (
                stop.group() == ";"
                and text[stop.end() : end].lstrip()[:1].isdigit()
                and text[stop.end() : end].lstrip()[1:2] != "."
            ):
                continue  # a second value of the same thing
            if stop.group() == ";" and text.count("(", at, stop.start()) > text.count(")", at, stop.start()):
                continue
            if stop.group() == "." and _ordinal(before, text[stop.end() : end], ordinals):
                continue
            if stop.group() == "." and (
                _abbreviated(before, short) or (_NUMBER_END.search(before) and not text[stop.end() : end].lstrip()[:1].isupper())
            ):
                continue
            if (
                stop.group() == "."
                and _NUMBER_END.search(before)
                and re.match(r"\s+[A-ZÄÖÜ][a-zä]+\s+(?:19|20)\d\d", text[stop.end() : end])
            ):
                continue
            found[-1].append((at, stop.end()))
            found.append([])
            at = stop.end()
        if text[at:end].strip():
            found[-1].append((at, end))
            tail = text[at:end].rstrip()
            following = text[spans[number + 1][0] : spans[number + 1][1]].lstrip() if number + 1 < len(spans) else ""
            if (
                tail[-1:] in ".!?"
                and re.match(rf"[\"“„(]?{_BEGINS}", following)
                and not _abbreviated(tail[-14:], short)
                and not _ordinal(tail[-8:], " " + following, ordinals)
            ):
                found.append([])
        elif number + 1 == len(spans) and not found[-1]:
            break
    return [one for one in found if one]


def _ordinal(before: str, after: str, ordinals: frozenset[str]) -> bool:
    """`1. Linie`, `2. Zyklus`: a number that counts what follows."""
    word = re.match(r"\s+([^\W\d_]+)", after)
    return word is not None and word.group(1).lower() in ordinals and bool(re.search(r"(?:^|[^\d.,])\d{1,2}\.$", before))


def _abbreviated(before: str, short: frozenset[str]) -> bool:
    word = re.search(r"([^\W\d_]+)\.$", before)
    if word is None:
        return False
    if word.group(1) == "J" and re.search(r"\d\s*J\.$", before):
        return False  # an age
    return len(word.group(1)) == 1 or word.group(1).lower() in short
