"""One option for one person: does it fit, who says so here today, what speaks against it, what is still to be known.

The status follows `contract/plan.md`: an option is offered where its criteria hold and a statement that decides in the region is
in force and holds; what forbids it makes it unsuitable; where what decides is unknown, it depends. Nothing here ranks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

import msgspec

from linewise.knowledge import Knowledge
from linewise.knowledge import model as known
from linewise.knowledge.model import Region, Statement, Treatment
from linewise.logic import Decider, Explanation, Question
from linewise.logic.nodes import Includes

from . import model
from .model import Because, Caution, Status
from .words import Words, trial

CURRENT = "current"
"""In `drugs`: whatever is being taken now, continued."""

# Whose statement decides in a region. A licence decides everywhere but in the UK, where NICE decides what is given.
_DECIDING: dict[Region, frozenset[str]] = {
    "US": frozenset({"approved", "recommended", "established"}),
    "EU": frozenset({"approved", "recommended", "established"}),
    "DE": frozenset({"approved", "recommended", "established"}),
    "UK": frozenset({"recommended", "established"}),
}
_BEST: tuple[Status, ...] = model.STATUSES
_LEVELS = {"strong": 0, "moderate": 1, "weak": 2, None: 3}


class Judged(msgspec.Struct):
    """An option's status in one region, with the answers that it was reached from."""

    treatment: Treatment
    region: Region
    status: Status
    fits: bool | None
    stands: bool | None
    forbidden: bool | None
    deciding: list[tuple[Statement, bool | None]]
    blocking: list[tuple[Statement, bool | None]]
    level: str | None


class Options:
    """Decides every option of the knowledge for one person on one day."""

    def __init__(self, knowledge: Knowledge, decider: Decider, words: Words, day: dt.date, current: tuple[str, ...]) -> None:
        self.knowledge, self.decider, self.words, self.day = knowledge, decider, words, day
        self.current = current
        self._region_of: dict[str, Region] = {}
        self._trees: dict[tuple[int, bool], Because] = {}
        self.derived: dict[str, Explanation] = {}

    # Status

    def judge(self, treatment: Treatment, region: Region) -> Judged:
        """The status of one option in one region."""
        value = self.decider.value
        here = [one for one in treatment.standing if one.holds_in(region) and one.in_force(self.day)]
        fits = value(treatment.fits)
        if fits is not False and CURRENT in treatment.drugs and not self.current:
            fits = False
        deciding = [(one, True if one.fits is None else value(one.fits)) for one in here if one.says in _DECIDING[region]]
        blocking = [
            (one, True if one.fits is None else value(one.fits)) for one in here if one.says in ("not-recommended", "withdrawn")
        ]
        stands = _or(holds for _, holds in deciding)
        blocked = _or(holds for _, holds in blocking)
        if blocked is True:
            stands = False
        elif blocked is None and stands is True:
            stands = None
        indicated = _and((fits, stands))
        forbidden = False if indicated is False else self._forbidden(treatment)
        status: Status
        if indicated is False:
            status = "not-indicated"
        elif forbidden is True:
            status = "unsuitable"
        elif indicated is None or forbidden is None:
            status = "depends"
        elif any(one.preferred and one.says == "recommended" and holds is True for one, holds in deciding):
            status = "preferred"
        else:
            status = "suitable"
        return Judged(treatment, region, status, fits, stands, forbidden, deciding, blocking, _strongest(deciding))

    def best(self, treatment: Treatment, regions: Sequence[Region]) -> Judged:
        """The best status over several regions; the first region wins a tie."""
        return min((self.judge(treatment, region) for region in regions), key=lambda one: _BEST.index(one.status))

    def _forbidden(self, treatment: Treatment) -> bool | None:
        """Whether a contraindication holds: one of the option, of a fixed drug, or of every partner to choose from.

        An unknown one leaves the option waiting only where it says `unknown: depends`; otherwise it is a check before the start.
        """
        value = self.decider.value
        answers: list[bool | None] = []
        for caution in self._avoid(treatment):
            holds = True if caution.when is None else value(caution.when)
            answers.append(holds if holds is not None or caution.unknown == "depends" else False)
        for partner in treatment.partners:
            if partner.one_of:
                answers.append(_and(self._partner_forbidden(drug) for drug in partner.one_of))
        return _or(answers)

    def _partner_forbidden(self, drug: str) -> bool | None:
        return _or(True if one.when is None else self.decider.value(one.when) is True for one in self.knowledge.avoid(drug))

    def _avoid(self, treatment: Treatment) -> Iterable[known.Caution]:
        yield from treatment.avoid
        for name in self._fixed(treatment):
            yield from self.knowledge.avoid(name)

    def _fixed(self, treatment: Treatment) -> tuple[str, ...]:
        """The fixed drugs and the local or supportive words of an option, `current` replaced by what is taken."""
        drugs = tuple(name for drug in treatment.drugs for name in (self.current if drug == CURRENT else (drug,)))
        return drugs + treatment.classes

    def drugs(self, treatment: Treatment) -> list[str]:
        return [name for drug in treatment.drugs for name in (self.current if drug == CURRENT else (drug,))]

    def classes(self, treatment: Treatment) -> list[str]:
        """Every class that the option is found under: of its drugs, its partners, its needs for this person."""
        found: dict[str, None] = dict.fromkeys(treatment.classes)
        names = [*treatment.classes, *self.drugs(treatment), *(partner.class_ for partner in treatment.partners)]
        names += [need.class_ for need in self.needs(treatment)]
        for name in names:
            if name in self.knowledge.classes:
                found[name] = None
            found.update(dict.fromkeys(sorted(self.knowledge.classes_of(name))))
        return list(found)

    def needs(self, treatment: Treatment) -> list[known.Need]:
        """What the option includes for this person beyond its drugs; an unknown need is not one yet, but a question."""
        return [need for need in treatment.needs if self.decider.value(need.when) is True]

    # Why

    def because(self, judged: Judged) -> Because:
        """The whole reason of a status, as one tree."""
        treatment = judged.treatment
        fits = self.tree(self.decider.explain(treatment.fits))
        parts = [Because(text="the criteria of this option", value=judged.fits, plain="It fits this record.", all=[fits])]
        parts.append(self._standing_because(judged))
        if judged.status != "not-indicated":
            parts.append(self._forbidden_because(judged))
        value = None if judged.status == "depends" else judged.status in model.OFFERED
        return Because(text=f"{treatment.title} ({judged.region}, {self.day.isoformat()})", value=value, all=parts)

    def _standing_because(self, judged: Judged) -> Because:
        day, region = self.day.isoformat(), judged.region
        items = []
        for one, holds in (*judged.deciding, *judged.blocking):
            inner = [self.tree(self.decider.explain(one.fits))] if one.fits is not None else None
            items.append(Because(text=statement_text(one), value=holds, sources=list(one.source), all=inner))
        text = f"approved or recommended in {region} on {day}"
        if not items:
            text = self._absent(judged.treatment, region)
        return Because(text=text, value=judged.stands, any=items or None)

    def _absent(self, treatment: Treatment, region: Region) -> str:
        """Why no statement decides: not yet, no longer, refused, or nothing known."""
        here = [one for one in treatment.standing if one.holds_in(region)]
        later = [one for one in here if one.says in _DECIDING[region] and one.since.last > self.day]
        ended = [one for one in here if one.until is not None and one.until.first <= self.day]
        if later:
            first = min(later, key=lambda one: one.since.first)
            return f"not yet approved or recommended in {region} on {self.day.isoformat()}: {statement_text(first)}"
        if ended:
            last = max(ended, key=lambda one: one.since.first)
            return f"no longer approved or recommended in {region} on {self.day.isoformat()}: {statement_text(last)}"
        return f"no approval or recommendation known in {region} on {self.day.isoformat()}"

    def _forbidden_because(self, judged: Judged) -> Because:
        items = []
        for caution in self._avoid(judged.treatment):
            if caution.when is None:
                continue
            explained = self.decider.explain(caution.when)
            if explained.value is not False:
                inner = [self.tree(explained)]
                items.append(Because(text=caution.text, value=explained.value, sources=list(caution.source), all=inner))
        value = None if judged.forbidden is None else not judged.forbidden
        return Because(text="nothing forbids it", value=value, not_=items or None)

    def tree(self, explained: Explanation, whole: bool = False) -> Because:
        """An explanation as the plan shows it, in words for people as well.

        A derived fact stands as one node; its own derivation is told once, in `derived`, unless the whole tree is wanted.
        Trees are shared between options: the same words about the same entries are the same object.
        """
        key = (id(explained), whole)
        found = self._trees.get(key)
        if found is None:
            found = self._trees[key] = self._tree(explained, whole)
        return found

    def _tree(self, explained: Explanation, whole: bool) -> Because:
        about = explained.about
        is_leaf = explained.kind == "leaf"
        node = Because(
            text=explained.text,
            value=explained.value,
            plain=self.words.leaf(explained) if is_leaf else "",
            about=about if isinstance(about, str) else about.key,
            from_=list(explained.sources),
            assumed=_assumed(explained),
            note=explained.note,
        )
        if not explained.children:
            return node
        if is_leaf and not whole:
            self.derived.setdefault(explained.text, explained)
            return node
        parts = [self.tree(child, whole) for child in explained.children]
        if explained.kind == "any" or (is_leaf and len(parts) > 1):
            node.any = parts
        elif explained.kind == "not":
            node.not_ = parts
        elif explained.kind == "count":
            node.any, node.at_least = parts, explained.n
        else:
            node.all = parts
        return node

    def derivations(self) -> dict[str, Because]:
        """How every derived fact that some option names was derived, once each."""
        found: dict[str, Because] = {}
        waiting = list(self.derived)
        while waiting:
            text = waiting.pop(0)
            if text in found:
                continue
            parts = [self.tree(child) for child in self.derived[text].children]
            top = self.tree(self.derived[text])
            found[text] = msgspec.structs.replace(
                top, any=parts if len(parts) > 1 else None, all=parts if len(parts) == 1 else None
            )
            waiting += [name for name in self.derived if name not in found]
        return found

    def sentence(self, judged: Judged) -> str:
        """The reason of a status in one sentence, taken from the same tree."""
        explain, reasons = self.decider.explain, self.words.reasons
        if judged.fits is False:
            if CURRENT in judged.treatment.drugs and not self.current:
                return "Does not fit: no treatment is going on now."
            return f"Does not fit: {reasons(explain(judged.treatment.fits), 3)}."
        if judged.stands is False:
            return self._no_standing(judged)
        if judged.forbidden is True:
            return f"Not for you now: {self._why_forbidden(judged)}"
        if judged.status == "depends":
            still = [self.about(about) for about in self.open(judged)]
            return f"May fit. Still to be known: {', '.join(dict.fromkeys(still))}."
        why = reasons(explain(judged.treatment.fits), 5)
        return f"Fits: {why}." if why else "Fits everybody with metastatic disease."

    def _no_standing(self, judged: Judged) -> str:
        blocked = [one for one, holds in judged.blocking if holds]
        if blocked:
            return f"Not available for this use in {judged.region}: {statement_text(blocked[0])}."
        narrower = [one for one, holds in judged.deciding if holds is False and one.fits is not None]
        if narrower:
            why = self.words.reasons(self.decider.explain(narrower[0].fits), 2)  # type: ignore[arg-type]
            return f"Outside what {narrower[0].body} covers in {judged.region}: {why}."
        text = self._absent(judged.treatment, judged.region)
        return f"{text[0].upper()}{text[1:]}."

    def _why_forbidden(self, judged: Judged) -> str:
        for caution in self._avoid(judged.treatment):
            if caution.when is None or self.decider.value(caution.when) is True:
                return caution.plain or caution.text
        return "every partner drug is forbidden."

    # What is still open

    def open(self, judged: Judged) -> list[str | Question]:
        """The unknown facts that could still change the status, in the order in which they are asked."""
        found: dict[str | Question, None] = {}

        def add(items: Iterable[str | Question]) -> None:
            found.update(dict.fromkeys(items))

        if judged.fits is None:
            add(self.decider.open(judged.treatment.fits))
        if judged.stands is None:
            for one, holds in (*judged.deciding, *judged.blocking):
                if holds is None and one.fits is not None:
                    add(self.decider.open(one.fits))
        if judged.forbidden is None:
            for caution in self._avoid(judged.treatment):
                if caution.unknown == "depends" and caution.when is not None:
                    add(self.decider.open(caution.when))
        return list(found)

    def about(self, asked: str | Question) -> str:
        """What a still unknown thing is called."""
        if isinstance(asked, str):
            fact = self.knowledge.facts.get(asked)
            return fact.label if fact else asked
        return self.words.question(asked, None).removeprefix("not known ").removesuffix(": not known")

    def unmet_checks(self, judged: Judged) -> dict[str, list[str]]:
        """Tests to be done before an option starts and the reasons: its own list, and contraindications not yet known."""
        found: dict[str, list[str]] = {}
        facts = self.knowledge.facts
        answered = {fact.test for fact in facts.values() if fact.test and self.decider.fact_value(fact.id) is not None}
        for test in judged.treatment.tests:
            if test not in answered:
                found.setdefault(test, []).append("to be done before it starts")
        for caution in self._avoid(judged.treatment):
            if caution.when is not None and self.decider.value(caution.when) is None:
                for about in self.decider.open(caution.when):
                    fact = facts.get(about) if isinstance(about, str) else None
                    if fact is not None and fact.test is not None:
                        found.setdefault(fact.test, []).append(caution.plain or caution.text)
        return found

    # What the person is told about it

    def cautions(self, treatment: Treatment) -> list[Caution]:
        """Every caution of the option: contraindications, warnings, needs; first those that hold."""
        found: list[Caution] = []
        named = self.drugs(treatment) + [drug for partner in treatment.partners for drug in partner.one_of]
        owner = named[0] if named else treatment.id
        found += self.worded(owner, treatment.avoid, forbids=True) + self.worded(owner, treatment.caution)
        for name in dict.fromkeys([*named, *treatment.classes]):
            found += self.worded(name, self.knowledge.avoid(name), forbids=True)
            found += self.worded(name, self.knowledge.cautions(name))
        for need in treatment.needs:
            applies = self.decider.value(need.when)
            if applies is not False:
                found.append(self._need(need, owner, applies))
        found += self._off_label(treatment, owner)
        return sorted(_once(found), key=lambda one: (one.applies is None, _SEVERITIES.index(one.severity)))

    def worded(self, drug: str, cautions: Iterable[known.Caution], forbids: bool = False) -> list[Caution]:
        """The cautions of one drug that hold, or that may hold."""
        found = []
        for one in cautions:
            applies = True if one.when is None else self.decider.value(one.when)
            # A contraindication is always shown; that it does not hold here is said.
            if applies is False and not forbids:
                continue
            explained = self.decider.explain(one.when) if one.when is not None else None
            check = (
                [] if explained is None or applies is not None else [self.about(about) for about in self.decider.open(one.when)]
            )  # type: ignore[arg-type]
            found.append(
                Caution(
                    drug=drug,
                    id=one.id,
                    severity="contraindicated" if forbids else one.severity,
                    text=one.text,
                    plain=one.plain or "",
                    applies=applies,
                    always=one.when is None,
                    because=self.words.reasons(explained, 2) if explained is not None and applies else "",
                    check=check,
                    review=one.review,
                    sources=list(one.source),
                )
            )
        return found

    def _need(self, need: known.Need, drug: str, applies: bool | None) -> Caution:
        return Caution(
            drug=drug,
            id=f"{need.class_}-required",
            severity="major",
            text=need.text,
            plain=need.plain or "",
            applies=applies,
            because=self.words.reasons(self.decider.explain(need.when), 2) if applies else "",
            review=need.review,
            sources=list(need.source),
        )

    def _off_label(self, treatment: Treatment, drug: str) -> list[Caution]:
        """Said where only recommendations outside the label carry the option."""
        region = self._region_of.get(treatment.id)
        if region is None:
            return []
        judged = self.judge(treatment, region)
        carrying = [one for one, holds in judged.deciding if holds]
        if not carrying or any(not one.off_label for one in carrying):
            return []
        text = f"Outside the marketing authorisation; recommended by {', '.join(sorted({one.body for one in carrying}))}."
        plain = "This use is outside what the drug is licensed for. Ask your team why they suggest it and who pays."
        sources = sorted({source for one in carrying for source in one.source})
        return [Caution(drug=drug, id="off-label", severity="moderate", text=text, plain=plain, sources=sources)]

    def option(self, judged: Judged) -> model.Option:
        """The finished option."""
        treatment = judged.treatment
        self._region_of[treatment.id] = judged.region
        shown = judged.status != "not-indicated"
        open_ = self.open(judged) if judged.status == "depends" else []
        review = treatment.review
        return model.Option(
            id=treatment.id,
            title=treatment.title,
            kind=treatment.kind,
            drugs=self.drugs(treatment),
            classes=self.classes(treatment),
            partners=[list(partner.one_of) for partner in treatment.partners],
            status=judged.status,
            region=judged.region,
            reason=self.sentence(judged),
            plain=treatment.plain or "",
            because=self.because(judged),
            depends_on=list(dict.fromkeys(self._test_or_fact(about) for about in open_)),
            cautions=self.cautions(treatment) if shown else [],
            evidence=[self._evidence(name) for name in treatment.evidence if name in self.knowledge.evidence] if shown else [],
            standing=[row for one in treatment.standing for row in self._standing(one)],
            declined=self._declined(treatment),
            level=judged.level,
            tests=list(treatment.tests),
            review=review if isinstance(review, str) else None,
            sources=list(treatment.source),
        )

    def _test_or_fact(self, about: str | Question) -> str:
        if not isinstance(about, str):
            return about.key
        fact = self.knowledge.facts.get(about)
        return fact.test if fact is not None and fact.test else about

    def _declined(self, treatment: Treatment) -> bool:
        declined = self.decider.fact_value("declines")
        if not isinstance(declined, frozenset) or not declined:
            return False
        names = {*self.classes(treatment), *self.drugs(treatment)}
        if "all-anticancer-treatment" in declined and treatment.kind in ("systemic",):
            return True
        return any(name in names for name in declined)

    def _evidence(self, name: str) -> model.Evidence:
        found = self.knowledge.evidence[name]
        sources = list(found.source) + [s for one in found.results for s in one.source if s not in found.source]
        return model.Evidence(
            id=name,
            source=sources[0] if sources else "",
            trial=found.name,
            population=found.population or "",
            result=trial(found),
            sources=list(dict.fromkeys(sources)),
        )

    def _standing(self, one: Statement) -> Iterable[model.Standing]:
        in_force = one.in_force(self.day)
        applies = True if one.fits is None else self.decider.value(one.fits)
        for region in one.region:
            yield model.Standing(
                body=one.body,
                region=region,
                statement=one.text or _SAYS[one.says],
                strength=one.strength or "",
                since=one.since.text,
                until=one.until.text if one.until else None,
                source=one.source[0] if one.source else "",
                says=one.says,
                in_force=in_force,
                applies=applies if in_force else False,
                preferred=one.preferred,
                level=one.level,
                review=one.review,
            )


def _assumed(explained: Explanation) -> bool:
    """Whether the answer rests on silence: that something is in a list never does, that it is not may."""
    if not explained.assumed:
        return False
    node = explained.node
    return not (explained.value is True and isinstance(node, Includes) and node.mode != "only")


_SEVERITIES = ("contraindicated", "major", "moderate")
_SAYS = {
    "approved": "approved for this use",
    "recommended": "recommended",
    "established": "long in use; needs no separate decision",
    "not-recommended": "not recommended",
    "withdrawn": "withdrawn",
    "under-review": "under review",
}


def statement_text(one: Statement) -> str:
    """`NICE: recommended since 2025-02`, `FDA: approved 2019-03-08 until 2021-08-27`."""
    until = f" until {one.until.text}" if one.until else ""
    strength = f" ({one.strength})" if one.strength else ""
    return f"{one.body}: {one.text or _SAYS[one.says]}{strength}, since {one.since.text}{until}"


def _and(values: Iterable[bool | None]) -> bool | None:
    found = list(values)
    return False if False in found else None if None in found else True


def _or(values: Iterable[bool | None]) -> bool | None:
    found = list(values)
    return True if True in found else None if None in found else False


def _strongest(deciding: list[tuple[Statement, bool | None]]) -> str | None:
    levels = [one.level for one, holds in deciding if holds is not False and one.level is not None]
    return min(levels, key=lambda level: _LEVELS[level], default=None)


def _once(cautions: list[Caution]) -> list[Caution]:
    """The same caution inherited on two ways is said once."""
    found: dict[tuple[str, str, str], Caution] = {}
    for one in cautions:
        found.setdefault((one.drug, one.id, one.text), one)
    return list(found.values())
