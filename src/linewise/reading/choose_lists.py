"""Facts of which there are several: places, illnesses, medicines, symptoms, harms, wishes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .pool import Pool


def choose_lists(pool: Pool) -> None:
    for fact in ("sites", "comorbidities", "planned", "declines", "prefers"):
        sure = pool.of(fact)
        if sure:
            put_list(pool, fact, [str(one.claim.value) for one in sure])
    choose_medications(pool)
    choose_symptoms(pool)
    choose_reactions(pool)


def put_list(pool: Pool, fact: str, values: Iterable[str]) -> None:
    pool.profile[f"_{fact}"] = list(dict.fromkeys(values))


def choose_medications(pool: Pool) -> None:
    listed = [placed for placed in pool.placed if placed.claim.fact == "medications"]
    newest = max(
        (
            read.paper.date.key
            for read in pool.reads
            if read.paper.date is not None and any(c.fact == "medications" for c in read.claims)
        ),
        default=(0, 0, 0),
    )
    names: list[str] = []
    for drug in dict.fromkeys(str(one.claim.value) for one in listed):
        ones = [one for one in listed if one.claim.value == drug]
        sure = [one for one in ones if one.claim.sure]
        if not sure:
            continue
        stopped = [one for one in ones if not one.claim.sure and one.claim.why in ("stopped", "its days are over")]
        if (
            stopped
            and max(one.claim.start for one in stopped) > max(one.claim.start for one in sure)
            and max(one.claim.strength for one in sure) <= max(one.claim.strength for one in stopped)
        ):
            for one in sure:
                one.claim.sure, one.claim.why = False, "stopped elsewhere in the paper"
            continue
        if stopped and all(one.claim.strength == 0 for one in sure):
            continue
        old = [
            one for one in sure if one.read.paper.date is not None and one.read.paper.date.key < newest and len(pool.reads) > 1
        ]
        if len(old) == len(sure) and old:
            continue
        names.append(drug)
    if names:
        pool.profile["_medications"] = names


def choose_symptoms(pool: Pool) -> None:
    found: dict[str, dict[str, Any]] = {}
    for one in pool.of("symptoms"):
        entry = found.setdefault(str(one.claim.value), {"name": one.claim.value})
        if "grade" in one.claim.extra:
            entry["grade"] = one.claim.extra["grade"]
    for general, special in pool.words.of("parts")["more-exact-symptoms"].items():
        if any(name in found for name in special):
            found.pop(general, None)
    if found:
        pool.profile["_symptoms"] = list(found.values())


def choose_reactions(pool: Pool) -> None:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for one in pool.of("reactions"):
        value = one.claim.value
        entry = found.setdefault((value["drug"], value["effect"]), dict(value))
        if value.get("grade", 0) > entry.get("grade", 0):
            entry["grade"] = value["grade"]
    if found:
        pool.profile["_reactions"] = list(found.values())
