"""Laboratory values in a sentence: `Platelets ≥ 100,000/µL` is `platelets >= 100`, in the unit of the fact."""

from __future__ import annotations

import re

from .pair import OPEN, Pair, exactly
from .words import Lab, Words

_SIGN = r"(?P<sign><=|>=|<|>|=)"
_NUMBER = r"(?P<number>\d+(?:[ ,]\d{3})*(?:\.\d+)?)"
_VALUE = re.compile(rf"^[^<>=;.]{{0,60}}?{_SIGN}\s*{_NUMBER}")
_GAP = re.compile(r"^(?:[^<>=;.\d]|\.(?!\s|$)){0,60}")
_UNIT = 40  # letters behind the number in which its unit stands


def take_labs(text: str, words: Words, into: list[Pair], mark: str) -> str:
    """The text with every value it understands replaced by a mark; what they say is added to `into`.

    A value whose unit is not understood, or that is asked of one sex, is left open: it is neither fulfilled nor failed.
    """
    for lab in words.labs:
        start = 0
        while (found := lab.find.search(text, start)) is not None:
            taken = _value(lab, text, found.end(), words)
            if taken is None:
                start = found.end()
                continue
            pair, end = taken
            into.append(pair)
            put = mark.format(len(into) - 1)
            text = f"{text[: found.start()]} {put} {text[end:]}"
            start = found.start() + len(put) + 1
    return text


def _value(lab: Lab, text: str, start: int, words: Words) -> tuple[Pair, int] | None:
    rest = text[start:]
    found = _VALUE.match(rest)
    if found is None:
        return None
    if words.turns.search(rest[: found.start("sign")]):
        return OPEN, start + found.end()  # "must not be …": what it turns round is not clear
    number = float(re.sub(r"[ ,]", "", found.group("number")))
    behind = rest[found.end() :]
    factor, end = _unit(lab, behind, number)
    if factor is None:
        return OPEN, start + found.end()
    value = number * factor
    end = start + found.end() + end
    if not lab.least <= value <= lab.most or words.by_sex.match(text[end:]):
        return OPEN, end
    criterion = f"{lab.fact} {found.group('sign')} {value:g}"
    if lab.unless is not None:
        pattern, where = lab.unless
        more = pattern.match(text[end:])
        if more is not None:
            other = float(more.group("number")) * factor
            return exactly(f"({criterion}) or ({where} and {lab.fact} {found.group('sign')} {other:g})"), end + more.end()
    return exactly(criterion), end


def _unit(lab: Lab, behind: str, number: float) -> tuple[float | None, int]:
    """The factor to the unit of the fact, and how far the unit reaches."""
    for pattern, factor in lab.units:
        found = pattern.match(behind[:_UNIT])
        if found is not None and lab.least <= number * factor <= lab.most:
            return factor, found.end()
    return None, 0
