"""One value for a fact: receptors, genes, measurements, and the rest that has a single value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .pool import LOW, Placed, Pool

_CHANGED = frozenset({"mutated", "altered", "fusion", "somatic-pathogenic"})
_RECEPTORS = (
    "er",
    "er-percent",
    "pr",
    "pr-percent",
    "her2-ihc",
    "her2-ish",
    "her2-reported",
    "her2-faint-staining",
    "ki67",
    "histology",
)


def choose_receptors(pool: Pool) -> None:
    for fact in _RECEPTORS:
        first = True
        ones = pool.of(fact)
        if fact in ("er-percent", "pr-percent"):
            continue
        best = pool.best(ones, first)
        if best is not None:
            pool.chosen[fact] = best
    index, er = pool.chosen.get("ki67"), pool.chosen.get("er") or pool.chosen.get("her2-ihc")
    if index is not None and er is not None and not pool.same_specimen(index, er, loose=True):
        pool.chosen.pop("ki67")
    for fact in ("er", "pr"):
        best = pool.chosen.get(fact)
        percents = pool.of(f"{fact}-percent")
        if best is None:
            continue
        same = [
            one
            for one in percents
            if pool.same_specimen(one, best)
            and (one.claim.about == best.claim.about or status_of(pool, float(one.claim.value)) == best.claim.value)
        ]
        percent = pool.best(same, True)
        if percent is not None:
            pool.chosen[f"{fact}-percent"] = percent
        status = best.claim.value
        if percent is not None and status_of(pool, float(percent.claim.value)) != status:
            by_percent = [
                one
                for one in pool.of(fact)
                if pool.same_specimen(one, percent) and one.claim.value == status_of(pool, float(percent.claim.value))
            ]
            if by_percent:
                pool.chosen[fact] = by_percent[-1]
    ihc, ish = pool.chosen.get("her2-ihc"), pool.chosen.get("her2-ish")
    if ihc is not None and ish is not None and not pool.same_specimen(ihc, ish, loose=True):
        older = ish if pool.rank(ish, True) < pool.rank(ihc, True) else ihc
        pool.chosen.pop("her2-ish" if older is ish else "her2-ihc")


def status_of(pool: Pool, percent: float) -> str:
    limits = pool.words.of("scales")["percent"]
    return "positive" if percent >= limits["positive-from"] else "low" if percent >= limits["low-from"] else "negative"


def choose_genes(pool: Pool) -> None:
    for name, fact in pool.facts.items():
        if fact.type != "choice" or not (is_variant(pool, name) and name != "TMB"):
            continue
        ones = pool.of(name)
        if not ones:
            continue
        tested = [one for one in ones if one.claim.strength > LOW]
        best = gene_value(pool, tested or ones)
        if best is not None:
            pool.chosen[name] = best
    best = pool.best(pool.of("TMB"))
    if best is not None:
        pool.chosen["TMB"] = best


def is_variant(pool: Pool, name: str) -> bool:
    """Whether a fact is one of the genes or of the markers of the genome."""
    return name in ("MSI", "TMB") or bool(set(pool.facts[name].values) & _CHANGED)


def gene_value(pool: Pool, ones: Sequence[Placed]) -> Placed | None:
    newest = max(one.day for one in ones)
    latest = [one for one in ones if one.day == newest or one.day == (0, 0, 0)] if newest != (0, 0, 0) else list(ones)
    by_value: dict[str, list[Placed]] = {}
    for one in latest:
        by_value.setdefault(str(one.claim.value), []).append(one)
    if len(by_value) > 1 and "wild-type" in by_value:
        changed = [one for value, group in by_value.items() if value not in ("wild-type",) for one in group]
        plain = by_value["wild-type"]
        vus = [one for one in changed if one.claim.value == "variant-of-uncertain-significance"]
        if vus and len(vus) == len(changed):
            return vus[-1]
        origins = {one.claim.extra.get("origin") for one in changed}
        if all(
            one.claim.extra.get("origin") not in origins or one.claim.extra.get("origin") == "" for one in plain
        ) or newest == (0, 0, 0):
            for one in plain:
                one.claim.sure, one.claim.why = False, "another test found a change"
            by_value.pop("wild-type")
            if not origins & {"", None} and len({str(one.claim.value) for one in changed}) == 1:
                return changed[-1]
            if (
                any(one.claim.extra.get("origin") == "" for one in plain)
                and newest == (0, 0, 0)
                and max(one.claim.strength for one in plain) >= max(one.claim.strength for one in changed)
            ):
                pool.conflict(ones[0].claim.fact, latest)
                return None
    values = set(by_value)
    if len(values) == 1:
        return max(by_value[values.pop()], key=lambda one: (one.claim.strength, one.claim.start))
    if "variant-of-uncertain-significance" in values and len(values) == 2:
        values.discard("variant-of-uncertain-significance")
        return by_value[values.pop()][-1]
    ranked = sorted(latest, key=lambda one: (one.day, one.claim.strength), reverse=True)
    if ranked[0].claim.strength > ranked[1].claim.strength + 2 or ranked[0].claim.value == "germline-pathogenic":
        return ranked[0]
    pool.conflict(ones[0].claim.fact, latest)
    return None


def choose_labs(pool: Pool) -> None:
    units = pool.words.of("units")["units"]
    for fact in (*units, "dpyd", "ugt1a1", "cyp2d6"):
        ones = pool.of(fact)
        if not ones:
            continue

        def newest(one: Placed) -> tuple[Any, ...]:
            date = one.read.paper.date
            day = one.day if one.day != (0, 0, 0) else date.key if date is not None else (0, 0, 0)
            return (one.claim.strength > LOW, day, one.claim.strength, one.claim.start)

        ranked = sorted(ones, key=newest, reverse=True)
        best = ranked[0]
        rivals = [one for one in ranked[1:] if newest(one)[:3] == newest(best)[:3] and _differ(one.claim.value, best.claim.value)]
        if rivals and fact != "lvef":
            pool.conflict(fact, [best, *rivals])
            continue
        pool.chosen[fact] = best
        if fact == "lvef":
            older = [
                one
                for one in ranked[1:]
                if one.claim.value != best.claim.value and (one.day < best.day or one.claim.strength <= LOW)
            ]
            if older:
                pool.chosen["lvef-previous"] = older[0]


def choose_others(pool: Pool) -> None:
    for fact in (
        "menopausal-status",
        "pdl1-cps",
        "pdl1-ic",
        "visceral-crisis-recorded",
        "brain-status",
        "brain-mass-effect",
        "cord-compression",
        "impending-fracture",
        "ulcerated-primary",
        "frail",
        "gestational-week",
        "pregnancy-recorded",
    ):
        ones = pool.of(fact)
        best = pool.best(ones)
        if best is not None:
            pool.chosen[fact] = best
    ones = pool.of("ecog")
    if ones:
        ranked = sorted(
            ones, key=lambda one: (one.claim.strength > LOW, one.day, one.claim.strength, one.claim.start), reverse=True
        )
        undated = [one for one in ranked if one.day == (0, 0, 0) and one.claim.strength > LOW]
        pool.chosen["ecog"] = (
            undated[-1]
            if undated
            and ranked[0].claim.strength <= undated[-1].claim.strength
            and (ranked[0].read.paper.date is None or ranked[0].day < ranked[0].read.paper.date.key)
            else ranked[0]
        )
    denovo = pool.of("de-novo")
    values = {one.claim.value for one in denovo}
    if len(values) == 1:
        pool.chosen["de-novo"] = denovo[-1]
    places = pool.of("primary-in-place")
    if places:
        pool.chosen["primary-in-place"] = places[-1]


def _differ(one: Any, other: Any) -> bool:
    """Whether two values of a measurement are not the same: numbers by more than a rounding, words by any difference."""
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(one - other) > 0.02 * abs(other) + 1e-9
    return bool(one != other)
