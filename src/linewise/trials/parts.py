"""The parts of a sentence that rules understood, and what several of them say together."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from linewise.logic.nodes import DAYS_IN

from . import pair
from .model import Kind
from .pair import OPEN, Pair
from .tags import Named
from .words import Rule, Words

MARKED = re.compile(r"¤(\d+)¤")
ITEM = re.compile(r"¤\d+¤|§|[a-z0-9+%<>=⟨⟩‡][\w+%.'/⟨⟩-]*")
_JOINING = re.compile(r"^\s*(?:,\s*)?(and/or|or|and(?: (?:has|have|is|are))?|,)(?=\s)")
_RECEPTOR = re.compile(r"(?:her2|er|pr|hr|subtype)(?=[- ])")
SET = re.compile(r"for metastatic disease|as adjuvant|in last line")
SETTING = re.compile(r"⟨(?:adv|adj)⟩")


class Part(msgspec.Struct):
    says: Pair
    rule: str = ""
    stays: bool = False
    firm: bool = False
    ground: bool = False
    loose: bool = False  # of a treatment in any setting: one that stands behind the whole list narrows it
    of_lines: bool = False  # of treatments against the cancer


def turned(text: str, parts: list[Part], words: Words) -> str:
    """The text without the negations that stand directly before a part, which then says its opposite.

    Any other negation that no rule took along leaves every part behind it open: what it turns round is not clear.
    """
    place = 0
    while (found := MARKED.search(text, place)) is not None:
        place = found.end()
        part = parts[int(found.group(1))]
        if (direct := words.turned.search(text[: found.start()])) is not None and direct.group().strip():
            part.says = pair.opposite(part.says)
            text = f"{text[: direct.start()]} {text[found.start() :]}"
            place = direct.start() + 1 + len(found.group())
        elif words.turns.search(text[: found.start()]) is not None:
            part.says, part.firm = OPEN, False
    return text


def firm_ones(text: str, parts: list[Part]) -> list[str]:
    """What a receptor must be by a sentence. Several that "or" joins are one; one that "or" joins to something else is none."""
    found: list[str] = []
    for run in re.findall(r"(?:¤\d+¤[ ,()/]*(?:or |and/or )?[ ,()/]*)+", text):
        marks = [part for number in MARKED.findall(run) if not (part := parts[int(number)]).ground]
        place = text.index(run)
        open_ = (
            re.search(r"\bor\W*$", text[:place]) or re.search(r"\bor\W*$", run) or re.match(r"\W*or\b", text[place + len(run) :])
        )
        if not any(part.firm for part in marks) or (
            open_ and not text[place + len(run) :].strip().startswith(("histolog", "cytolog"))
        ):
            continue
        if len(marks) > 1 and re.search(r"\bor\b", run):
            if all(part.firm for part in marks):
                found.append(pair.either([part.says for part in marks]).may)
        else:
            found += [part.says.may for part in marks if part.firm]
    return [one for one in found if one not in (pair.YES, pair.NO)]


def agreeing(pairs: list[Pair]) -> list[Pair]:
    """What several parts say together. Parts that say different things of one receptor ("positive, low or ultralow") are alternatives."""
    receptors: dict[str, list[Pair]] = {}
    for one in pairs:
        about = _RECEPTOR.match(one.may)
        receptors.setdefault(about.group(0) if about else f"other {len(receptors)}", []).append(one)
    return [one for group in receptors.values() for one in (group if len({p.may for p in group}) == 1 else [pair.mixed(group)])]


def plain_or(text: str) -> bool:
    """Whether a text is single things that "or" joins, and nothing else."""
    return (
        "and" not in ITEM.findall(text)
        and not re.search(r"[,;()/]", text)
        and all(len(MARKED.findall(one)) == 1 for one in re.split(r"\bor\b", text))
    )


def inside_of(text: str) -> list[str]:
    """The parts that were understood inside a longer one, with the words that join them."""
    items = [one for one in ITEM.findall(text) if one[0] == "¤" or one in ("and", "or")]
    places = [place for place, one in enumerate(items) if one[0] == "¤"]
    return items[places[0] : places[-1] + 1] if places else []


def joining(text: str) -> str:
    """The joining word with which a part begins: it belongs to the sentence, not to the part."""
    found = _JOINING.match(text)
    return found.group(1) if found else ""


def of_kind(rule: Rule, found: re.Match[str], named: list[Named]) -> bool:
    """Whether the treatments that a rule found are of its kind: those that make a line, or other medicines."""
    tag = found.groupdict().get("t") if rule.of else None
    if tag is None:
        return True
    one = named[int(tag.strip("⟨⟩"))]
    return one.lines is (rule.of == "lines") or one.outside


def also_meant(rule: Rule, found: re.Match[str], named: list[Named]) -> list[Named] | None:
    """The treatments, where a rule that owns its part took more of them along than it names: all are meant. None where they are of two kinds."""
    groups = {name: value for name, value in found.groupdict().items() if name.startswith("t") and value}
    first = next(iter(groups.values()), None)
    if not rule.owns or first is None:
        return named
    places = [int(one) for one in re.findall(r"⟨(\d+)⟩", found.group(0)) if f"⟨{one}⟩" not in list(groups.values())[1:]]
    ones = [named[place] for place in places]
    if len(ones) < 2:
        return named
    if len({one.lines for one in ones}) > 1:
        return None
    together = Named(
        tuple(dict.fromkeys(name for one in ones for name in one.ones)), False, any(one.outside for one in ones), ones[0].lines
    )
    main = int(first.strip("⟨⟩"))
    return [together if place == main else one for place, one in enumerate(named)]


def filled(criterion: str | None, found: re.Match[str], named: list[Named], kind: Kind, counts: Mapping[str, str]) -> str:
    """A criterion of a rule with the numbers and treatments of the text.

    A pattern with two ways of writing names their groups `n` and `n2`. `{c}` counts lines, where a conjugate is chemotherapy, too.
    """
    if criterion is None:
        return pair.NO
    groups: dict[str, str] = {}
    for name, value in found.groupdict().items():
        if value is not None:
            groups.setdefault(name.rstrip("23"), value.strip())
    if "{grade}" in criterion or "{beyond}" in criterion:
        grade, beyond = _grades(groups)
        criterion = criterion.replace("{grade}", str(grade)).replace("{beyond}", str(beyond))
    if "{n|months}" in criterion:
        criterion = criterion.replace("{n|months}", f"{_months(groups):g}")
    for name in ("n", "m", "op"):
        criterion = criterion.replace("{" + name + "}", groups.get(name, "0"))
    if "{t}" not in criterion and "{c}" not in criterion:
        return criterion
    tag = re.search(r"\d+", groups.get("t", ""))
    if tag is None:
        return pair.NO
    one = named[int(tag.group())]
    if one.every and kind == "exclusion":
        one = Named(one.ones, False, one.outside)
    return one.template(criterion, counts)


def _grades(groups: dict[str, str]) -> tuple[int, int]:
    """The lowest grade that a bound from below takes in, and the lowest that a bound from above leaves out; from 1 to 4."""
    number, sign = int(groups.get("n", "2")), groups.get("op", ">=")
    return tuple(min(max(one, 1), 4) for one in (number + (sign == ">"), number + (sign != "<")))  # type: ignore[return-value]


def _months(groups: dict[str, str]) -> float:
    """A time in days or weeks as months."""
    days = float(groups["n"]) * (7 if groups.get("u", "").startswith("week") else 1)
    return round(days / DAYS_IN["months"], 2)
