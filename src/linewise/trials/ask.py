"""Trials to ask about, beside a plan: what may fit or depends on a fact. They are no options and are never ranked among them."""

from __future__ import annotations

from linewise.plan import Plan
from linewise.plan.model import TrialsToAsk, TrialToAsk

from .document import ordered, recruitment, recruits
from .known import known_entries
from .match import Match, Matcher, Readings

MOST = 3
"""How many are shown; the others are counted."""
NOTE = "A trial team decides who can join. This list reads public registry entries, which can be old or incomplete."
_WISHES, _NOTHING = "declines", "all-anticancer-treatment"


def matches_of(plan: Plan) -> list[Match]:
    """The trials of the knowledge for the person of a plan, those that fit first; with those that do not fit.

    None where no option can be given on the record, or the person wants no treatment of the cancer; none whose entry is newer than the day that
    is asked about, or says that it does not recruit.
    """
    declined = plan.decider.fact_value(_WISHES)
    if plan.scope is not None or (isinstance(declined, frozenset) and _NOTHING in declined):
        return []
    matcher, readings = Matcher(plan.record, plan.knowledge, plan.day), Readings(plan.knowledge)
    entries = [one for one in known_entries(plan.knowledge) if recruits(one) and (one.read_on is None or one.read_on <= plan.day)]
    return ordered([matcher.match(entry, readings) for entry in entries])


def to_ask(plan: Plan) -> TrialsToAsk:
    """The trials of the knowledge that this person may ask about, those that depend on the least first."""
    found = [one for one in matches_of(plan) if one.status != "does-not-fit"]
    return TrialsToAsk(shown=[trial_to_ask(one, plan) for one in found[:MOST]], more=len(found[MOST:]), note=NOTE)


def trial_to_ask(match: Match, plan: Plan) -> TrialToAsk:
    """What is told of one trial beside a plan."""
    entry = match.entry
    facts = [_about(word) for one in match.unknown if one.open == "fact" for word in one.missing]
    return TrialToAsk(
        id=entry.id,
        title=entry.title,
        phase=entry.phase,
        status=match.status,
        depends_on=list(dict.fromkeys(facts)),
        unchecked=sum(one.open == "team" for one in match.unknown),
        ask=recruitment(match, plan.day),
        countries=list(entry.countries),
        url=entry.url,
    )


def _about(words: str) -> str:
    """An open fact or question as something that a trial depends on: `whether it grew`, `lines since then`."""
    return words.removeprefix("not known ").removesuffix(": not known")


def depends(trial: TrialToAsk, most: int = 4) -> str:
    """What a trial hangs on, as one phrase: `depends on heart function and whether it grew`; `may fit` where nothing is open."""
    if not trial.depends_on and not trial.unchecked:
        return "may fit"
    named = trial.depends_on[:most]
    left = len(trial.depends_on) - len(named)
    parts = [*named, *([f"{left} more"] if left else []), *(["what the trial team has to check"] if trial.unchecked else [])]
    return f"depends on: {'; '.join(parts)}"


def places(trial: TrialToAsk, most: int = 3) -> str:
    """Where a trial has places: the countries, or how many they are."""
    if not trial.countries:
        return "countries not named"
    return f"in {', '.join(trial.countries)}" if len(trial.countries) <= most else f"in {len(trial.countries)} countries"
