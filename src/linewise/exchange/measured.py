"""Measurements of a profile under their usual names and units: `anc_per_ul: 900`, `hb_g_l: 78`, `glucose_mmol_l: 28`, `neutrophils: "0,9"`.

The name is a fact's name or the usual words for it, the end of it a unit that the tables can turn into the fact's own. Nothing is guessed: a name or
unit that is not known, a range and a limit come back as nothing.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from linewise.exchange.codes import Codes, normal
from linewise.exchange.words import book_of

_NUMBER = re.compile(r"\s*(\d+(?:[.,]\d+)?)\s*(.*?)\s*")
_THOUSANDS = re.compile(r"\d{1,3}[.,]\d{3}")
_MULTIPLE = "{ULN}"  # the unit of what counts in multiples of the upper limit of normal
_SHORT = 5  # letters of a name that may be an abbreviation


class Measured(NamedTuple):
    """What a measurement answers, in the fact's own unit."""

    fact: str
    value: float


def number_with_unit(said: object) -> tuple[float, str] | None:
    """A number, or a text that is one with nothing but a unit behind it; nothing where a mark may part thousands or decimals."""
    if isinstance(said, bool):
        return None
    if isinstance(said, int | float):
        return float(said), ""
    found = _NUMBER.fullmatch(said) if isinstance(said, str) else None
    if found is None or _THOUSANDS.fullmatch(found[1]):
        return None
    return float(found[1].replace(",", ".")), found[2]


def measured(name: str, said: object, codes: Codes) -> Measured | None:
    """The fact and value that a member of `labs` stands for; None where its name, its number or its unit is not understood."""
    read = number_with_unit(said)
    if read is None:
        return None
    number, written = read
    parts = name.split("_")
    for size in range(len(parts), 0, -1):
        fact = _fact(" ".join(parts[:size]), codes)
        value = _in_own_unit(fact, number, written or "/".join(parts[size:]), codes) if fact else None
        if value is not None:
            return Measured(fact, value)
    return None


def spoken_of(name: str, codes: Codes) -> tuple[str, ...]:
    """The facts of which the name of a measurement speaks, although its number or unit is not understood."""
    parts = name.split("_")
    return tuple({fact: None for size in range(1, len(parts) + 1) if (fact := _fact(" ".join(parts[:size]), codes))})


def _in_own_unit(fact: str, number: float, unit: str, codes: Codes) -> float | None:
    """A number in the unit that the fact has; None where the unit is not known, the value not possible, or multiples of normal are not said so."""
    shape, plain = codes.facts[fact], _plain(unit)
    multiple = shape.unit == _MULTIPLE
    if not plain and multiple:
        return None  # 30 may be 30 U/L
    value = number if not plain or (multiple and plain == "uln") else codes.converted(fact, number, plain)
    inside = value is not None and (shape.low is None or value >= shape.low) and (shape.high is None or value <= shape.high)
    return value if inside else None


def _plain(unit: str) -> str:
    """A unit as the tables have it: `10e9/l` and `per/ul` as a name writes them are `10*9/l` and `/ul`, `x/uln` is `uln`."""
    plain = unit.lower().replace(" ", "").replace("10e", "10*").replace("percent", "%")
    return re.sub(r"^per/", "/", re.sub(r"^x/?(?=uln$)", "", plain))


def _fact(label: str, codes: Codes) -> str:
    """The number that a name is about: a fact's own name, the name of an observation, or the usual words for one."""
    own = label.replace(" ", "-")
    if own in codes.facts:
        return own if codes.facts[own].type == "number" else ""
    phrase = codes.phrases.get(normal(label))
    book = book_of(codes) if phrase is None else None
    test = None
    if book is not None:
        test = book.test(label) or (book.test(label.upper()) if len(label) <= _SHORT else None)
    meaning = phrase or (test[0] if test else None)
    shape = codes.facts.get(meaning.fact) if meaning is not None else None
    return meaning.fact if meaning is not None and shape is not None and shape.type == "number" else ""
