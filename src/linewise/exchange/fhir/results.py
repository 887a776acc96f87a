"""Results as values: a coded answer, a number with its unit, or a line of text taken apart completely.

Text is never searched for patterns. Every part of it must be understood: a known word, a percentage, a number, or a word
listed as changing nothing. "positive (90 %)" is; "cannot be called positive" is not, and is listed as unread.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from linewise.exchange.codes import Codes, Meaning, normal
from linewise.exchange.fhir.node import Node, codings, node, nodes, number, text, wording


class Finding(msgspec.Struct):
    """What a result says. `said` is how it was written; `problem`, if any, why it cannot be used."""

    said: str = ""
    words: set[str] = msgspec.field(default_factory=set)
    meanings: list[Meaning] = msgspec.field(default_factory=list)
    number: float | None = None
    unit: str = ""
    comparator: str = ""
    problem: str = ""
    missing: str = ""  # why there is no result, in the record's own words
    coded: bool = False  # whether a code said it, so that its words add nothing


def finding(observation: Node, codes: Codes) -> Finding:
    """The result of an observation or of one of its components."""
    found = _value(observation, codes)
    for concept in nodes(observation.get("interpretation")):
        # An interpretation confirms or stands in for the value; one that is no result word (point mutation) says nothing.
        found.words |= {meaning.word for meaning in _known(concept, codes) if meaning.word}
    if {"positive", "negative"} <= found.words:
        found.problem = "the result contradicts itself"
    if not (found.words or found.meanings or found.number is not None or found.problem or found.said):
        found.missing = wording(observation.get("dataAbsentReason")) or "no result is given"
    return found


def _value(observation: Node, codes: Codes) -> Finding:
    """The first value of a kind that can be read. A quantity that carries a code is a coded answer (old mCODE writers)."""
    for member in ("valueCodeableConcept", "valueQuantity", "valueInteger", "valueDecimal", "valueBoolean", "valueString",
                   "valueRange", "valueRatio"):  # fmt: skip
        value = observation.get(member)
        if value is None or value == {}:
            continue
        if member == "valueQuantity" and number(node(value).get("value")) is not None:
            return _quantity(node(value))
        if member in ("valueInteger", "valueDecimal") and number(value) is not None:
            return Finding(said=f"{value:g}", number=number(value))
        if member == "valueBoolean" and isinstance(value, bool):
            return Finding(said="yes" if value else "no", words={"positive" if value else "negative"})
        if member == "valueString" and text(value):
            return from_text(text(value), codes)
        if member == "valueRange":
            return _range(node(value))
        if member == "valueRatio":
            return _ratio(node(value))
        if isinstance(value, dict):
            return from_concept(value, codes)
        return Finding(said=str(value)[:80], problem="the value is not of the kind that FHIR asks for here")
    return Finding()


def from_concept(concept: Node, codes: Codes) -> Finding:
    """A coded answer. Where no code is known its wording is read; where it contradicts the code, neither is believed."""
    found = Finding(said=wording(concept), meanings=_known(concept, codes))
    found.coded = bool(found.meanings)
    found.words = {meaning.word for meaning in found.meanings if meaning.word}
    forms = {text(concept.get("text")), *(coding.display for coding in codings(concept))} - {""}
    named = [from_text(form, codes) for form in sorted(forms)]
    if not found.meanings:
        phrases = [codes.phrases[normal(form)] for form in sorted(forms) if normal(form) in codes.phrases]
        best = next((item for item in named if not item.problem), None)
        if phrases:
            found.meanings, found.words = phrases, {meaning.word for meaning in phrases if meaning.word}
        elif best is not None:
            found = msgspec.structs.replace(best, said=found.said)
        else:
            found.problem = "the answer is not known here"
    for item in named:
        if not item.problem and {"positive", "negative"} <= found.words | item.words:
            found.problem = "the code and its wording contradict each other"
    return found


def _known(concept: Any, codes: Codes) -> list[Meaning]:
    found = (codes.meaning(coding.system, coding.code) for coding in codings(concept))
    return [meaning for meaning in found if meaning is not None]


def _quantity(quantity: Node) -> Finding:
    value = number(quantity.get("value"))
    unit = text(quantity.get("code")) or text(quantity.get("unit"))
    comparator = text(quantity.get("comparator"))
    said = f"{comparator}{value:g} {text(quantity.get('unit')) or unit}".strip()
    return Finding(said=said, number=value, unit=unit, comparator=comparator)


def _range(value: Node) -> Finding:
    low, high = (number(node(value.get(end)).get("value")) for end in ("low", "high"))
    unit = next((u for end in ("low", "high") if (u := text(node(value.get(end)).get("code")))), "")
    unit = unit or text(node(value.get("low")).get("unit"))
    said = f"{'' if low is None else f'{low:g}'} to {'' if high is None else f'{high:g}'} {unit}".strip()
    if low is None:
        return Finding(said=said, problem="a range without its lower end")
    return Finding(said=said, number=low, unit=unit, comparator=">=")


def _ratio(value: Node) -> Finding:
    top, bottom = (number(node(value.get(end)).get("value")) for end in ("numerator", "denominator"))
    if top is None or not bottom:
        return Finding(said="a ratio", problem="the ratio lacks a part")
    return Finding(said=f"{top:g}:{bottom:g}", number=top / bottom)


_COMPARE = {"lt": "<", "gt": ">", "lte": "<=", "gte": ">=", "<": "<", "<=": "<=", "≤": "<=", ">": ">", ">=": ">=", "≥": ">=", "less than": "<", "under": "<", "below": "<",
            "more than": ">", "greater than": ">", "over": ">", "above": ">", "at least": ">="}  # fmt: skip
_SIGNS = "|".join(sorted(map(re.escape, _COMPARE), key=len, reverse=True))
_PERCENT = re.compile(
    rf"(?P<sign>{_SIGNS})?\s*(?:about |approx(?:imately|\.)? |~\s*)?(?P<low>\d+(?:[.,]\d+)?)\s*%?"
    r"(?:\s*(?:-|–|to)\s*(?P<high>\d+(?:[.,]\d+)?))?\s*(?:%|per ?cent)"
)
_NUMBER = re.compile(rf"(?P<sign>{_SIGNS})?\s*(?P<low>\d+(?:[.,]\d+)?)")
_MEASURED = re.compile(
    rf"(?P<sign>{_SIGNS})?\s*(?P<low>\d+(?:[.,]\d+)?)\s*(?P<unit>(?:x?\s?10[*^e]\d\d?\s?/\s?[^\s\d()]+|\{{[^\s{{}}]+\}}|/?[^\W\d_%][^\s()]*))\s*(?:\(?(?:h|l|hh|ll|high|low)\)?|\*)?"
)
"""A number with its unit, and the mark of a laboratory for what is high or low."""
_THOUSANDS = re.compile(r"[1-9]\d{0,2},\d{3}")
_COUNTS = ("/", "cells/", "zellen/")
"""Units of counts of cells: there, a comma before three digits parts thousands."""
_SCORED = re.compile(r"(?:ecog|grade|grad|score)?\s*(?P<score>\d)\s*[-–:=.)]\s*(?P<rest>\D.*)", re.DOTALL)


_LONGEST = 20_000
"""Letters of a text that may be a result."""


def from_text(said: str, codes: Codes) -> Finding:
    """A result written as text, if every part of it is understood; else with the part that was not as its problem."""
    if len(said) > _LONGEST:
        return Finding(said=f"{said[:200]} …", problem=f"a text of {len(said)} letters is no result", coded=True)
    found = Finding(said=said)
    rest = said.lower()
    if normal(rest) in codes.phrases:
        found.meanings = [codes.phrases[normal(rest)]]
        found.words = {meaning.word for meaning in found.meanings if meaning.word}
        return found
    if normal(rest) in codes.words:  # "0" and "2+" are words of their scale before they are numbers
        found.words = {codes.words[normal(rest)]}
        return found
    scored = _SCORED.fullmatch(rest.strip())
    if scored and normal(scored["rest"]) in codes.words:  # "1 - restricted in …": a score with the words of its scale
        found.words, found.number = {codes.words[normal(scored["rest"])]}, float(scored["score"])
        return found
    measured = _MEASURED.fullmatch(rest.strip())
    if measured and _THOUSANDS.fullmatch(measured["low"]) and not measured["unit"].lower().startswith(_COUNTS):
        found.problem = f"the comma in {measured['low']} may part thousands or decimals"
        found.coded = True  # read as a line of a report it would be taken for one of them
        return found
    if measured and not _all_words(measured["unit"], codes):
        _take_number(found, measured, measured["unit"].replace(" ", ""))
        return found
    percent = _PERCENT.search(rest)
    if percent:
        rest = rest[: percent.start()] + " ; " + rest[percent.end() :]
        _take_number(found, percent, "%")
        if percent["high"]:
            found.comparator = ">="
    left = _take_words(found, rest, codes)
    if left and found.number is None and _NUMBER.fullmatch(left.strip()):
        match = _NUMBER.fullmatch(left.strip())
        assert match is not None
        _take_number(found, match, "")
        left = ""
    if left:
        found.problem = f"“{left}” is not understood"
    return found


def _all_words(text: str, codes: Codes) -> bool:
    """Whether what follows a number is no unit: a result word, or a word that changes nothing."""
    return normal(text) in codes.words or normal(text) in codes.fillers


def _take_number(found: Finding, match: re.Match[str], unit: str) -> None:
    thousands = _THOUSANDS.fullmatch(match["low"]) and unit.lower().startswith(_COUNTS)
    found.number, found.unit = float(match["low"].replace(",", "" if thousands else ".")), unit
    found.comparator = _COMPARE.get(match["sign"] or "", "")


def _take_words(found: Finding, rest: str, codes: Codes) -> str:
    """Take the longest known wordings from the text, part by part; what is left over comes back."""
    left: list[str] = []
    for part in re.split(r"[;,:()\[\]/|]+|\.(?:\s|$)", rest):
        tokens = normal(part).split()
        while tokens:
            for size in range(min(len(tokens), 6), 0, -1):
                form = " ".join(tokens[:size])
                if form in codes.words:
                    found.words.add(codes.words[form])
                elif form not in codes.fillers:
                    continue
                tokens = tokens[size:]
                break
            else:
                left.append(tokens.pop(0))
    return " ".join(left)
