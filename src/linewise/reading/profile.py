"""The profile that a person confirms, written from what was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from linewise.phrases.lexicon import Words

from .choose_values import is_variant
from .lines import Lines
from .pool import Pool

_FIRST = {"menopausal_status": "menopausal-status", "pregnant": "pregnancy-recorded", "gestational_week": "gestational-week"}
_RECEPTORS = {
    "er.status": "er",
    "er.percent": "er-percent",
    "pr.status": "pr",
    "pr.percent": "pr-percent",
    "her2.ihc": "her2-ihc",
    "her2.ish": "her2-ish",
}
_MARKERS = {"ki67_percent": "ki67", "histology": "histology", "pdl1.cps": "pdl1-cps", "pdl1.ic": "pdl1-ic"}
_PRIMARY = {"ulcerated_primary": "ulcerated-primary", "visceral_crisis": "visceral-crisis-recorded"}
_FITNESS = {"ecog": "ecog", "frail": "frail"}


def profile_of(pool: Pool, lines: Lines) -> dict[str, Any]:
    """The members of a profile, in their order; what is not known is left out."""
    out: dict[str, Any] = {name: pool.profile[name] for name in ("sex", "age") if name in pool.profile}
    plain = not any(read.garbled for read in pool.reads)  # what is inferred from many words needs all of them
    _put(pool, out, _FIRST)
    _tumour(pool, out, plain)
    _spread(pool, lines, out, plain)
    if lines.adjuvant:
        out["adjuvant"] = lines.adjuvant
    if lines.lines:
        out["metastatic_lines"] = lines.lines
    if "_reactions" in pool.profile:
        out["reactions"] = pool.profile["_reactions"]
    if "_comorbidities" in pool.profile:
        out["comorbidities"] = pool.profile["_comorbidities"]
    labs = {member: pool.chosen[name].claim.value for member, name in _members(pool.words).items() if name in pool.chosen}
    if labs:
        out["labs"] = labs
    for name in ("medications", "planned", "symptoms"):
        if f"_{name}" in pool.profile:
            out[name] = pool.profile[f"_{name}"]
    wishes = {name: pool.profile[f"_{name}"] for name in ("declines", "prefers") if f"_{name}" in pool.profile}
    if wishes:
        out["preferences"] = wishes
    return out


def _put(pool: Pool, out: dict[str, Any], members: Mapping[str, str]) -> None:
    """Write what was chosen of some facts, by the member of the profile that holds it."""
    for path, fact in members.items():
        if fact in pool.chosen:
            _set(out, path, pool.chosen[fact].claim.value)


def _tumour(pool: Pool, out: dict[str, Any], plain: bool) -> None:
    """Receptors, markers and genes."""
    _put(pool, out, _RECEPTORS)
    status = her2_status(pool)
    if status:
        _set(out, "her2.status", status)
    about = receptors_from(pool) if plain else ""
    if about:
        out["receptors_from"] = about
    _put(pool, out, _MARKERS)
    variants = {name: pool.chosen[name].claim.value for name in pool.facts if name in pool.chosen and is_variant(pool, name)}
    if variants:
        out["variants"] = variants


def _spread(pool: Pool, lines: Lines, out: dict[str, Any], plain: bool) -> None:
    """Where the cancer is, and what it does there."""
    sites = pool.profile.get("_sites", [])
    brain = pool.chosen.get("brain-status")
    without = brain is not None and brain.claim.value == "none"
    if without and "brain" in sites:
        pool.chosen.pop("brain-status")
        without = False
    metastatic = lines.metastatic or bool(sites)
    denovo = pool.chosen.get("de-novo")
    if denovo is not None and metastatic:
        out["de_novo"] = denovo.claim.value
    elif metastatic and lines.adjuvant and denovo is None and plain:
        out["de_novo"] = False
    if sites:
        out["metastatic_sites"] = sites
    place = pool.chosen.get("primary-in-place")
    if place is not None and place.claim.value is True:
        out["primary_in_place"] = True
    _put(pool, out, _PRIMARY)
    if "brain" in sites or without:
        _put(pool, out, {"brain.status": "brain-status"})
    if "brain" in sites:
        _put(pool, out, {"brain.mass_effect": "brain-mass-effect"})
    _put(pool, out, {"bone.cord_compression": "cord-compression"})
    if "bone" in sites:
        _put(pool, out, {"bone.impending_fracture": "impending-fracture"})
    _put(pool, out, _FITNESS)


def her2_status(pool: Pool) -> str:
    rules = pool.words.of("scales")["her2"]["status"]
    ihc, ish, said = pool.chosen.get("her2-ihc"), pool.chosen.get("her2-ish"), pool.chosen.get("her2-reported")
    key = []
    if ihc is not None:
        key.append(str(ihc.claim.value))
        faint = pool.chosen.get("her2-faint-staining")
        if ihc.claim.value == "0" and faint is not None and pool.same_specimen(faint, ihc):
            key.append("faint")
    if ish is not None:
        if ihc is None:
            return (
                str(ish.claim.value)
                if ish.claim.value == "positive"
                else (str(said.claim.value) if said is not None else "negative")
            )
        key.append(str(ish.claim.value))
    derived = rules.get(" ".join(key), "")
    if (
        said is not None
        and ihc is not None
        and not pool.same_specimen(said, ihc)
        and pool.rank(said, True)[:3] > pool.rank(ihc, True)[:3]
    ):
        return str(said.claim.value)
    if derived:
        if said is not None and said.claim.value == "ultralow" and ihc is not None and ihc.claim.value == "0":
            return "ultralow"
        return str(derived)
    if ihc is not None and ihc.claim.value == "2+":
        return (
            str(said.claim.value)
            if said is not None
            and said.claim.value in ("positive", "negative", "low")
            and pool.same_specimen(said, ihc)
            and said.claim.statement >= ihc.claim.statement
            else ""
        )
    return str(said.claim.value) if said is not None else ""


def receptors_from(pool: Pool) -> str:
    for fact in ("er", "her2-ihc", "her2-ish", "her2-reported", "pr"):
        placed = pool.chosen.get(fact)
        if placed is None:
            continue
        alike = {
            one.claim.about
            for one in pool.of(fact)
            if one.claim.value == placed.claim.value and one.claim.about and pool.same_specimen(one, placed)
        }
        return placed.claim.about or (str(alike.pop()) if len(alike) == 1 else "")
    return ""


def _members(words: Words) -> dict[str, str]:
    """Member of `labs` -> fact."""
    profile = words.knowledge.content.codes.get("profile", {}).get("members", {})
    return {str(path)[2:]: str(fact) for path, fact in profile.items() if str(path).startswith("*.") and "_" in str(path)} | {
        "dpyd": "dpyd",
        "ugt1a1": "ugt1a1",
        "cyp2d6": "cyp2d6",
    }


def _set(out: dict[str, Any], path: str, value: Any) -> None:
    *above, last = path.split(".")
    for part in above:
        out = out.setdefault(part, {})
    out[last] = value
