"""Does an option fit one person, does somebody say so here today, does anything forbid it, and what is still open.

The status follows `contract/plan.md`: an option is offered where its criteria hold and a statement that decides in the region is
in force and holds; what forbids it, a contraindication or a rule of conduct, makes it unsuitable; where what decides is unknown, or a red
flag is up that one of its drugs may have caused, it depends. Nothing here ranks, and nothing is worded: `plan.options` does that.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

import msgspec

from linewise.knowledge import Knowledge
from linewise.knowledge import model as known
from linewise.knowledge.model import Region, Statement, Treatment
from linewise.logic import Decider, Question
from linewise.logic.kleene import all_of, any_of
from linewise.logic.recent import later

from . import model
from .conduct import Conducts
from .model import Status
from .order import placed

CURRENT = "current"
"""In `drugs`: whatever is being taken now, continued."""

_BEST: tuple[Status, ...] = model.STATUSES
_LEVELS = {"strong": 0, "moderate": 1, "weak": 2, None: 3}


_EXPIRES_AFTER = 12
"""Months after its review was due from which an option rests on nothing that somebody still vouches for."""


def review_due(treatment: Treatment) -> dt.date | None:
    """The last day on which an option's medicine counts as reviewed; None where no review is planned."""
    review = treatment.review
    return review.next.last if isinstance(review, known.Review) else None


def expires_on(treatment: Treatment) -> dt.date | None:
    """The day from which an option is no longer offered because its review is long overdue."""
    due = review_due(treatment)
    return later(due, _EXPIRES_AFTER) if due is not None else None


def expired(treatment: Treatment, day: dt.date) -> bool:
    """Whether an option's review is so long overdue on a day that it is no longer offered."""
    end = expires_on(treatment)
    return end is not None and day >= end


Answers = list[tuple[Statement, bool | None]]
"""Statements, each with whether it holds for the person."""


class Judged(msgspec.Struct):
    """An option's status in one region, with the answers that it was reached from."""

    treatment: Treatment
    region: Region
    status: Status
    fits: bool | None
    stands: bool | None
    forbidden: bool | None
    deciding: Answers
    blocking: Answers
    level: str | None
    second: bool = False  # a label says to avoid it here, so it is never the first choice
    expired: bool = False  # its review is long overdue, so nobody can say that it still holds


class Judge:
    """Judges the options of the knowledge for one person on one day. `current` are the drugs of the line that is going on."""

    def __init__(self, knowledge: Knowledge, decider: Decider, day: dt.date, current: tuple[str, ...]) -> None:
        self.knowledge, self.decider, self.day, self.current = knowledge, decider, day, current
        self.conduct = Conducts(knowledge, decider)

    def judge(self, treatment: Treatment, region: Region) -> Judged:
        """The status of one option in one region. Where its own criteria fail, who says so is not asked (`stand` tells)."""
        fits = self.decider.value(treatment.fits)
        if fits is not False and CURRENT in treatment.drugs and not self.current:
            fits = False
        if fits is False:
            return Judged(treatment, region, "not-indicated", False, None, None, [], [], None)
        deciding, blocking, stands = self.stand(treatment, region)
        indicated = all_of((fits, stands))
        forbidden = False if indicated is False else self._forbidden(treatment, region)
        second = False
        status: Status
        if indicated is False:
            status = "not-indicated"
        elif forbidden is True:
            status = "unsuitable"
        elif indicated is None or forbidden is None or expired(treatment, self.day):
            status = "depends"
        else:
            second = self._second(treatment)
            named_first = any(one.names_first for one in placed(deciding, region))
            status = "preferred" if named_first and not second else "suitable"
        level, late = _strongest(deciding), expired(treatment, self.day)
        return Judged(treatment, region, status, fits, stands, forbidden, deciding, blocking, level, second, late)

    def stand(self, treatment: Treatment, region: Region) -> tuple[Answers, Answers, bool | None]:
        """The statements in force that decide, those that block, and whether together they let the option stand."""
        value, deciding, blocking = self.decider.value, [], []
        for one in treatment.standing:
            if one.in_force(self.day):
                if one.decides_in(region):
                    deciding.append((one, True if one.fits is None else value(one.fits)))
                elif one.blocks_in(region):
                    blocking.append((one, True if one.fits is None else value(one.fits)))
        stands = any_of(holds for _, holds in deciding)
        blocked = any_of(holds for _, holds in blocking)
        if blocked is True:
            stands = False
        elif blocked is None and stands is True:
            stands = None
        return deciding, blocking, stands

    def best(self, treatment: Treatment, regions: Sequence[Region]) -> Judged:
        """The best status over several regions; the first region wins a tie."""
        return min((self.judge(treatment, region) for region in regions), key=lambda one: _BEST.index(one.status))

    def _forbidden(self, treatment: Treatment, region: Region) -> bool | None:
        """Whether a contraindication or a rule of conduct holds: of the option, of a fixed drug, or of every partner to choose from.

        One that the record is silent about leaves the option waiting only where it says `unknown: depends`; otherwise it is a check before the
        start. One that an entry leaves open that was not understood always does: the entry may be the very contraindication. So does a
        red flag that is up and that a drug which would go on may have caused.
        """
        answers: list[bool | None] = [self.decider.held(one.when, one.unknown == "depends") for one in self.avoid(treatment)]
        for name in self.fixed(treatment):
            answers.append(self.conduct.blocks(name, region))
            if self.conduct.waits_for(name):
                answers.append(None)
        for partner in treatment.partners:
            if partner.one_of:
                answers.append(all_of(self._partner_forbidden(drug, region) for drug in partner.one_of))
        return any_of(answers)

    def _partner_forbidden(self, drug: str, region: Region) -> bool | None:
        avoid = (self.decider.held(one.when) for one in self.knowledge.avoid(drug))
        return any_of((*avoid, self.conduct.blocks(drug, region, partner=True)))

    def _second(self, treatment: Treatment) -> bool:
        """Whether a label says to avoid the option here: for the option, a fixed drug, or every partner to choose from."""
        own = (self.advised(self.knowledge.cautions(name)) for name in self.fixed(treatment))
        partners = (
            all(self.advised(self.knowledge.cautions(drug)) for drug in partner.one_of)
            for partner in treatment.partners
            if partner.one_of
        )
        return bool(self.advised(treatment.caution)) or any(own) or any(partners)

    def advised(self, cautions: Iterable[known.Caution]) -> list[known.Caution]:
        """Of some cautions those with which a label says to avoid the drug and that hold, or may for an entry that was not understood."""
        return [one for one in cautions if one.advice and self.decider.held(one.when) is not False]

    def avoid(self, treatment: Treatment) -> Iterable[known.Caution]:
        """The contraindications of an option and of everything fixed in it."""
        yield from treatment.avoid
        for name in self.fixed(treatment):
            yield from self.knowledge.avoid(name)

    def fixed(self, treatment: Treatment) -> tuple[str, ...]:
        """The fixed drugs and the local or supportive words of an option, `current` replaced by what is taken."""
        drugs = tuple(name for drug in treatment.drugs for name in (self.current if drug == CURRENT else (drug,)))
        return drugs + treatment.classes

    def drugs(self, treatment: Treatment) -> list[str]:
        """The fixed drugs of an option, `current` replaced by what is taken."""
        return [name for drug in treatment.drugs for name in (self.current if drug == CURRENT else (drug,))]

    def classes(self, treatment: Treatment) -> list[str]:
        """Every class that the option is found under: of its drugs, its partners, its needs for this person."""
        found: dict[str, None] = dict.fromkeys(treatment.classes)
        names = [*treatment.classes, *self.drugs(treatment), *(partner.class_ for partner in treatment.partners)]
        for need in self.needs(treatment):  # a need that any kind of it meets is found under each kind
            names += [need.class_, *(kind.id for kind in self.knowledge.classes.values() if need.class_ in kind.is_)]
        for name in names:
            if name in self.knowledge.classes:
                found[name] = None
            found.update(dict.fromkeys(sorted(self.knowledge.classes_of(name))))
        return list(found)

    def needs(self, treatment: Treatment) -> list[known.Need]:
        """What the option includes for this person beyond its drugs; an unknown need is not one yet, but a question."""
        return [need for need in treatment.needs if self.decider.value(need.when) is True]

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
            for caution in self.avoid(judged.treatment):
                if self.decider.held(caution.when, caution.unknown == "depends") is None and caution.when is not None:
                    add(self.decider.open(caution.when))
            for name in self.fixed(judged.treatment):
                for rule, _, holds in self.conduct.rules(name, judged.region):
                    if holds is None and self.decider.held(rule.when, rule.unknown == "depends") is None:
                        add(self.decider.open(rule.when))
            for drug in (drug for partner in judged.treatment.partners for drug in partner.one_of):
                for caution in self.knowledge.avoid(drug):
                    if self.decider.held(caution.when) is None and caution.when is not None:
                        add(self.decider.open(caution.when))
        return list(found)

    def waits_for(self, treatment: Treatment) -> list[known.Alert]:
        """The red flags that are up and that going on with a drug of this option waits for."""
        found = {one.id: one for name in self.fixed(treatment) for one in self.conduct.waits_for(name)}
        return list(found.values())


def _strongest(deciding: list[tuple[Statement, bool | None]]) -> str | None:
    levels = [one.level for one, holds in deciding if holds is not False and one.level is not None]
    return min(levels, key=lambda level: _LEVELS[level], default=None)
