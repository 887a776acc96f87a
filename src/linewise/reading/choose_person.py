"""The person: sex and age, out of every paper's words and of what the form of a file says."""

from __future__ import annotations

from collections import Counter

from .pool import Pool


def choose_person(pool: Pool) -> None:
    votes: Counter[str] = Counter()
    for placed in pool.placed:
        if placed.claim.fact == "sex":
            votes[str(placed.claim.value)] += 1 + max(0, placed.claim.strength + 4) ** 2
    for read in pool.reads:
        hint = read.paper.sheet.hints.get("sex")
        if hint:
            votes[hint] += 1000
    if votes:
        best = votes.most_common(2)
        if len(best) == 1 or best[0][1] > 1.5 * best[1][1]:
            pool.profile["sex"] = best[0][0]
    for placed in pool.placed:
        if placed.claim.fact == "sex":
            placed.claim.sure = placed.claim.value == pool.profile.get("sex")
    ages = pool.of("age")
    born = next((read.paper.born for read in pool.reads if read.paper.born is not None), None)
    date = max((read.paper.date for read in pool.reads if read.paper.date is not None), key=lambda day: day.key, default=None)
    age: int | None = None
    if born is not None and date is not None:
        early = bool(date.month and born.month) and (date.month, date.day or 31) < (born.month, born.day or 1)
        age = date.year - born.year - early
    said = [int(one.claim.value) for one in ages]
    if age is None or not 18 <= age <= 110:
        common = Counter(said).most_common(1)
        age = common[0][0] if common else None
    elif said and all(abs(one - age) > 1 for one in said) and len(set(said)) == 1 and ages[0].claim.strength > 0 and not born:
        age = said[0]
    for one in ages:
        if age is not None and abs(int(one.claim.value) - age) > 1:
            one.claim.sure, one.claim.why = False, "not the age today"
    if age is not None and 18 <= age <= 110:
        pool.profile["age"] = age
