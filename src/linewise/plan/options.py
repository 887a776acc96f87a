"""One option in words: why it fits or not, who says so, what to know about it, what is still open. All from one explanation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

import msgspec

from linewise.knowledge import model as known
from linewise.knowledge.counted import arm_of, drugs_of
from linewise.knowledge.model import Region, Statement, Treatment
from linewise.logic import Explanation, Node, Question
from linewise.logic.nodes import Includes

from . import model
from .conduct import BLOCKING
from .given import given, taken
from .judge import CURRENT, Judge, Judged, review_due
from .later import Group, Later
from .model import Because, Caution
from .order import Rank, like_this, placed, rank
from .words import Words, trial

WISHES = "declines"
"""The fact that holds what a person does not want."""
_MAY_GO_ON = "whether treatment may go on beside this alarm"


class Options:
    """Words every option for one person: the reason, the cautions, the evidence, all from the same answers."""

    def __init__(self, judge: Judge, words: Words) -> None:
        self.judge, self.words = judge, words
        self.knowledge, self.decider, self.day = judge.knowledge, judge.decider, judge.day
        self._shown: dict[str, Judged] = {}
        self._ranks: dict[str, Rank] = {}
        self._drugs_in: dict[Region, list[str]] = {}
        self._trees: dict[tuple[int, bool | None], Because] = {}
        self.derived: dict[str, Explanation] = {}

    # Why

    def because(self, judged: Judged, brief: bool = False) -> Because:
        """The whole reason of a status, as one tree; with `brief`, of an option whose criteria fail only the branch that fails."""
        treatment = judged.treatment
        failed = brief and judged.fits is False
        explained = self.decider.explain(treatment.fits)
        fits = self._failing(explained) if failed else self.tree(explained)
        parts = [Because(text="the criteria of this option", value=judged.fits, plain="the criteria of this option", all=[fits])]
        if not failed:
            parts.append(self._standing_because(judged))
        if judged.status != "not-indicated":
            parts.append(self._forbidden_because(judged))
        value = None if judged.status == "depends" else judged.status in model.OFFERED
        return Because(text=f"{treatment.title} ({judged.region}, {self.day.isoformat()})", value=value, all=parts)

    def _standing_because(self, judged: Judged) -> Because:
        day, region = self.day.isoformat(), judged.region
        deciding, blocking, stands = self.judge.stand(judged.treatment, region)
        items = []
        for one, holds in (*deciding, *blocking):
            inner = [self.tree(self.decider.explain(one.fits))] if one.fits is not None else None
            items.append(Because(text=statement_text(one), value=holds, sources=list(one.source), all=inner))
        text = f"approved or recommended in {region} on {day}"
        if not items:
            text = self._absent(judged.treatment, region)
        return Because(text=text, value=stands, any=items or None)

    def _absent(self, treatment: Treatment, region: Region) -> str:
        """Why no statement decides: not yet, no longer, refused, or nothing known."""
        here = [one for one in treatment.standing if one.holds_in(region)]
        later = [one for one in here if one.decides_in(region) and one.since.last > self.day]
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
        for caution in self.judge.avoid(judged.treatment):
            if caution.when is None:
                continue
            explained = self.decider.explain(caution.when)
            if explained.value is not False:
                inner = [self.tree(explained)]
                told = self.words.told(caution)
                items.append(
                    Because(text=caution.text, plain=told, value=explained.value, sources=list(caution.source), all=inner)
                )
        for name in self.judge.fixed(judged.treatment):
            for rule, steps, holds in self.judge.conduct.rules(name, judged.region):
                if steps & BLOCKING and (holds or rule.unknown == "depends"):
                    inner = [self.tree(self.decider.explain(rule.when))]
                    items.append(Because(text=rule.text, value=holds, sources=list(rule.source), all=inner))
        for alert in self.judge.waits_for(judged.treatment):
            inner = [self.tree(self.decider.explain(alert.when)), Because(text=_MAY_GO_ON, value=None, plain=_MAY_GO_ON)]
            items.append(Because(text=alert.title, value=None, sources=list(alert.source), all=inner))
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

    def _failing(self, explained: Explanation) -> Because:
        """Of a failed criterion the parts that made it fail. Each of these trees is made once."""
        if explained.kind != "all" or explained.value is not False:
            return self.tree(explained)
        key = (id(explained), None)
        found = self._trees.get(key)
        if found is None:
            parts = [self._failing(child) for child in explained.children if child.value is False]
            plain = _JOINED["all"].format(explained.n)
            found = self._trees[key] = Because(text=explained.text, value=False, plain=plain, all=parts)
        return found

    def _tree(self, explained: Explanation, whole: bool) -> Because:
        about = explained.about
        is_leaf = explained.kind == "leaf"
        node = Because(
            text=explained.text,
            value=explained.value,
            plain=self.words.leaf(explained) if is_leaf else _JOINED.get(explained.kind, "").format(explained.n),
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
        while len(found) < len(self.derived):  # a derivation may name further derived facts: they are added at the end
            for text in list(self.derived)[len(found) :]:
                parts = [self.tree(child) for child in self.derived[text].children]
                top = self.tree(self.derived[text])
                found[text] = msgspec.structs.replace(
                    top, any=parts if len(parts) > 1 else None, all=parts if len(parts) == 1 else None
                )
        return found

    def sentence(self, judged: Judged) -> str:
        """The reason of a status in one sentence, taken from the same tree."""
        explain, reasons = self.decider.explain, self.words.reasons
        if judged.fits is False:
            if CURRENT in judged.treatment.drugs and not self.judge.current:
                return "Does not fit: no treatment is going on now."
            return f"Does not fit: {reasons(explain(judged.treatment.fits), 3)}."
        if judged.stands is False:
            return self._no_standing(judged)
        if judged.forbidden is True:
            return f"Not for you now: {self.why_forbidden(judged)}"
        if judged.status == "depends":
            return f"May fit. Still to be known: {', '.join(dict.fromkeys(self.still_open(judged)))}."
        why = reasons(explain(judged.treatment.fits), 5)
        if judged.second:
            return f"Fits, with a better choice: {self.why_second(judged)}"
        return f"Fits: {why}." if why else "Fits everybody with metastatic disease."

    def still_open(self, judged: Judged, tests: bool = False) -> list[str]:
        """What an option waits for: facts that are not known (or with `tests` the test that tells them), alarms that are up, a review due."""
        still = [self.test_about(about) if tests else self.about(about) for about in self.judge.open(judged)]
        if judged.forbidden is None:
            still += [alert.title for alert in self.judge.waits_for(judged.treatment)]
        if judged.expired:
            still.append(f"whether this still holds (it was due for review by {review_due(judged.treatment)})")
        return list(dict.fromkeys(still))

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

    def why_forbidden(self, judged: Judged) -> str:
        """What keeps an option from being offered, in the words for people."""
        for caution in self.judge.avoid(judged.treatment):
            if caution.when is None or self.decider.value(caution.when) is True:
                return self.words.told(caution)
        blocked = self._blocked(judged)
        rules = [f"{self.knowledge.label(name)}: {self.words.told(rules[0])}" for name, rules in blocked.items() if rules]
        going = [self.knowledge.label(name) for name in self._partners_that_go_on(blocked)] if rules else []
        meanwhile = [f"{' and '.join(going)} {'goes' if len(going) == 1 else 'go'} on meanwhile."] if going else []
        return " ".join([*rules, *meanwhile]) or "every partner drug is forbidden."

    def _blocked(self, judged: Judged) -> dict[str, list[known.Conduct]]:
        """The drugs of an option, each with the rules that keep it from beginning or going on."""
        rules = self.judge.conduct.rules
        return {
            name: [rule for rule, steps, holds in rules(name, judged.region) if holds and steps & BLOCKING]
            for name in self.judge.fixed(judged.treatment)
        }

    def _partners_that_go_on(self, blocked: dict[str, list[known.Conduct]]) -> list[str]:
        """The drugs taken now that, by every rule that holds, go on while the others wait."""
        waiting = [rule for rules in blocked.values() for rule in rules]
        return [
            name
            for name, rules in blocked.items()
            if not rules
            and self.judge.conduct.taken(name)
            and not self.judge.conduct.waits_for(name)
            and all(any(self.knowledge.is_a(name, one) for one in rule.goes_on) for rule in waiting)
        ]

    def why_second(self, judged: Judged) -> str:
        """What a label says to avoid, and which other drugs of the class nobody says it of."""
        treatment = judged.treatment
        names = [*self.judge.fixed(treatment), *(drug for partner in treatment.partners for drug in partner.one_of)]
        for name in names:
            for caution in self.judge.advised(self.knowledge.cautions(name)):
                others = [self.knowledge.label(drug) for drug in self._instead(name, judged.region)]
                better = f" This is not so with {' or '.join(others)}." if others else ""
                return f"{self.words.told(caution)}{better}"
        return next((self.words.told(one) for one in self.judge.advised(treatment.caution)), "")

    def _instead(self, drug: str, region: Region) -> list[str]:
        """The drugs of the same class that no label says to avoid here."""
        own = self.knowledge.drugs[drug].classes if drug in self.knowledge.drugs else ()
        siblings = [
            name for name in self._available(region) if name != drug and set(own) & set(self.knowledge.drugs[name].classes)
        ]
        return [name for name in siblings if not self.judge.advised(self.knowledge.cautions(name)) and not self._barred(name)]

    def _available(self, region: Region) -> list[str]:
        """The drugs of options for people like this one of which somebody whose word decides says something in a region on the day."""
        if region not in self._drugs_in:
            found: dict[str, None] = {}
            for treatment in self.knowledge.treatments.values():
                if self.judge.stand(treatment, region)[0] and self.decider.value(treatment.fits) is not False:
                    found.update(dict.fromkeys(name for name in treatment.drugs if name in self.knowledge.drugs))
            self._drugs_in[region] = list(found)
        return self._drugs_in[region]

    def _barred(self, drug: str) -> bool:
        """Whether a contraindication of a drug holds, or may hold."""
        return any(one.when is None or self.decider.value(one.when) is not False for one in self.knowledge.avoid(drug))

    # What is still open

    def about(self, asked: str | Question) -> str:
        """What a still unknown thing is called, and what was not understood that may be about it."""
        if isinstance(asked, str):
            fact = self.knowledge.facts.get(asked)
            name = fact.label if fact else asked
        else:
            name = self.words.question(asked, None).removeprefix("not known ").removesuffix(": not known")
        return name + misread(self.decider.reading(asked).open)

    def test_about(self, asked: str | Question) -> str:
        """The test that tells what is unknown, where there is one; else what it is called."""
        fact = self.knowledge.facts.get(asked) if isinstance(asked, str) else None
        test = self.knowledge.tests.get(fact.test) if fact is not None and fact.test else None
        return test.title + misread(self.decider.reading(asked).open) if test is not None else self.about(asked)

    @cached_property
    def _answered(self) -> set[str]:
        """The tests whose result is on record."""
        return {fact.test for fact in self.knowledge.facts.values() if fact.test and self.decider.fact_value(fact.id) is not None}

    def unmet_checks(self, judged: Judged) -> dict[str, list[str]]:
        """Tests to be done before an option starts and the reasons: its own list, and contraindications not yet known."""
        found: dict[str, list[str]] = {}
        answered = self._answered
        for test in judged.treatment.tests:
            if test not in answered:
                found.setdefault(test, []).append("to be done before it starts")
        for caution in self.judge.avoid(judged.treatment):
            if caution.when is not None:
                for test in self._unanswered(caution.when):
                    found.setdefault(test, []).append(self.words.told(caution))
        for name in self.judge.fixed(judged.treatment):
            for rule in self.judge.conduct.asked(name, judged.region):
                for test in self._unanswered(rule.when):
                    found.setdefault(test, []).append(self.words.told(rule))
        return found

    def _unanswered(self, when: Node) -> list[str]:
        """The tests that tell whether a criterion holds that forbids something: of one that is not known, or that is false only for want of a result."""
        if (value := self.decider.value(when)) is True:
            return []
        abouts = self.decider.open(when) if value is None else sorted(self.decider.passed_over(when))
        facts = (self.knowledge.facts.get(about) for about in abouts if isinstance(about, str))
        return [fact.test for fact in facts if fact is not None and fact.test is not None]

    # What the person is told about it

    def cautions(self, treatment: Treatment) -> list[Caution]:
        """Every caution of the option: contraindications, warnings, needs; first those that hold."""
        found: list[Caution] = []
        named = self.judge.drugs(treatment) + [drug for partner in treatment.partners for drug in partner.one_of]
        owner = named[0] if named else treatment.id
        found += self.worded(owner, treatment.avoid, forbids=True) + self.worded(owner, treatment.caution)
        for name in dict.fromkeys([*named, *treatment.classes]):
            found += self.worded(name, self.knowledge.avoid(name), forbids=True)
            found += self.worded(name, self.knowledge.cautions(name))
            found += [self._rule(name, rule, steps) for rule, steps in self._due(name, treatment.id)]
        for need in treatment.needs:
            applies = self.decider.value(need.when)
            if applies is not False:
                found.append(self._need(need, owner, applies))
        found += self._off_label(treatment, owner)
        return sorted(_once(found), key=lambda one: (one.applies is None, _SEVERITIES.index(one.severity)))

    def _due(self, drug: str, option: str) -> list[tuple[known.Conduct, frozenset[known.Step]]]:
        """The rules of conduct of a drug that hold, in the region in which the option was judged."""
        judged = self._shown.get(option)
        if judged is None:
            return []
        return [(rule, steps) for rule, steps, holds in self.judge.conduct.rules(drug, judged.region) if holds]

    def _rule(self, drug: str, rule: known.Conduct, steps: frozenset[known.Step]) -> Caution:
        """A rule that holds, as a caution: one that blocks forbids, one that makes the dose smaller warns."""
        further = " ".join(part for part in (rule.dose, rule.until) if part)
        return Caution(
            drug=drug,
            id=rule.id,
            severity="contraindicated" if steps & BLOCKING else "major",
            text=f"{rule.text} {further}".strip(),
            plain=rule.plain or "",
            because=self.words.reasons(self.decider.explain(rule.when), 2),
            review=rule.review,
            sources=list(rule.source),
        )

    def conduct(self, drug: str, region: Region) -> model.GoingOn:
        """Whether a drug that is taken now goes on, and why not."""
        rules = [(rule, steps) for rule, steps, holds in self.judge.conduct.rules(drug, region) if holds and steps]
        alarms = self.judge.conduct.waits_for(drug)
        asked = frozenset(step for _, steps in rules for step in steps)
        open_ = self.judge.conduct.blocks(drug, region) is None
        action: model.Action = (
            "stop" if "stop" in asked else "hold" if "hold" in asked else "ask" if alarms or open_
            else "reduce" if "reduce" in asked else "goes-on"
        )  # fmt: skip
        return model.GoingOn(
            drug=drug,
            label=self.knowledge.label(drug),
            action=action,
            rules=[
                model.Rule(
                    do=sorted(steps), id=rule.id, text=rule.text, plain=rule.plain or "", until=rule.until or "", dose=rule.dose or "",
                    goes_on=list(rule.goes_on), because=self.words.reasons(self.decider.explain(rule.when), 2),
                    review=rule.review, sources=list(rule.source),
                )
                for rule, steps in rules
            ],
            alarms=[alert.id for alert in alarms],
        )  # fmt: skip

    def worded(self, drug: str, cautions: Iterable[known.Caution], forbids: bool = False) -> list[Caution]:
        """The cautions of one drug that hold, or that may hold."""
        found = []
        for one in cautions:
            applies = True if one.when is None else self.decider.value(one.when)
            # A contraindication is always shown; that it does not hold here is said.
            if applies is False and not forbids:
                continue
            explained = self.decider.explain(one.when) if one.when is not None else None
            check: list[str] = []
            if one.when is not None and applies is None:
                check = [self.about(about) for about in self.decider.open(one.when)]
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
                    advice=one.advice,
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
        judged = self._shown.get(treatment.id)
        carrying = [one for one, holds in judged.deciding if holds] if judged is not None else []
        if not carrying or any(not one.off_label for one in carrying):
            return []
        text = f"Outside the marketing authorisation; recommended by {', '.join(sorted({one.body for one in carrying}))}."
        plain = self.knowledge.wording.advice.off_label
        sources = sorted({source for one in carrying for source in one.source})
        return [Caution(drug=drug, id="off-label", severity="moderate", text=text, plain=plain, sources=sources)]

    def option(self, judged: Judged, brief: bool = False) -> model.Option:
        """The finished option; with `brief`, one whose criteria fail is explained by the branch that fails."""
        treatment = judged.treatment
        self._shown[treatment.id] = judged
        shown = judged.status != "not-indicated"
        open_ = self.judge.open(judged) if judged.status == "depends" else []
        waits = [one.id for one in self.judge.waits_for(treatment)] if judged.status == "depends" else []
        old = ["review"] if judged.status == "depends" and judged.expired else []
        review = treatment.review
        return model.Option(
            id=treatment.id,
            title=treatment.title,
            kind=treatment.kind,
            drugs=self.judge.drugs(treatment),
            classes=self.judge.classes(treatment),
            partners=[list(partner.one_of) for partner in treatment.partners],
            regimen=given(treatment, self.knowledge) if shown else [],
            taken=taken(treatment, self.knowledge) if shown else [],
            status=judged.status,
            region=judged.region,
            reason=self.sentence(judged),
            plain=treatment.plain or "",
            because=self.because(judged, brief),
            depends_on=list(dict.fromkeys([*(self._test_or_fact(about) for about in open_), *waits, *old])),
            cautions=self.cautions(treatment) if shown else [],
            evidence=[self._evidence(name, treatment) for name in treatment.evidence if name in self.knowledge.evidence]
            if shown
            else [],
            standing=[row for one in treatment.standing for row in self._standing(one)],
            declined=self._declined(treatment),
            level=judged.level,
            group=self.group(judged),
            rank=list(self.rank(judged).because),
            visits=self.rank(judged).visits,
            disagreement=self._disagreement(judged),
            tests=list(treatment.tests),
            review=review if isinstance(review, str) else None,
            sources=list(treatment.source),
        )

    # Where it stands among the others

    def rank(self, judged: Judged) -> Rank:
        """Where an option stands among those of its status."""
        name = judged.treatment.id
        if name not in self._ranks:
            places = placed(judged.deciding, judged.region)
            self._ranks[name] = rank(judged.treatment, places, self.decider, self.knowledge)
        return self._ranks[name]

    @cached_property
    def _later(self) -> Later:
        return Later(self.knowledge, self.decider)

    def group(self, judged: Judged) -> Group:
        """Under which heading a page shows an option."""
        if judged.status in model.OFFERED:
            return "first" if judged.status == "preferred" else "also"
        if judged.status == "depends":
            return "depends"
        nothing_goes_on = CURRENT in judged.treatment.drugs and not self.judge.current
        return "not-now" if judged.fits is not False or nothing_goes_on else self._later.group(judged.treatment)

    def _disagreement(self, judged: Judged) -> str:
        """One sentence where some bodies put an option first and others last, or advise against it."""
        here = [one for one, holds in (*judged.deciding, *judged.blocking) if holds]
        high = [one for one in here if one.names_first]
        low = [one for one in here if one.position == "possible" or one.says == "not-recommended"]
        if not high or not low:
            return ""
        return f"Guidelines differ: {statement_text(high[0])}; {statement_text(low[0])}."

    def _test_or_fact(self, about: str | Question) -> str:
        if not isinstance(about, str):
            return about.key
        fact = self.knowledge.facts.get(about)
        return fact.test if fact is not None and fact.test else about

    def _declined(self, treatment: Treatment) -> bool:
        declined = self.decider.fact_value(WISHES)
        if not isinstance(declined, frozenset) or not declined:
            return False
        names = {*self.judge.classes(treatment), *self.judge.drugs(treatment)}
        if "all-anticancer-treatment" in declined and treatment.kind in ("systemic",):
            return True
        return any(name in names for name in declined)

    def _evidence(self, name: str, treatment: Treatment) -> model.Evidence:
        found = self.knowledge.evidence[name]
        comparator = arm_of(found, drugs_of(treatment), self.knowledge, own=True) == "control"
        sources = list(found.source) + [s for one in found.results for s in one.source if s not in found.source]
        like = like_this(found, self.decider)
        differs = self.words.reasons(self.decider.explain(found.people), 2) if found.people is not None and like is False else ""
        return model.Evidence(
            id=name,
            people=like,
            differs=differs,
            source=sources[0] if sources else "",
            trial=found.name,
            population=found.population or "",
            result=trial(found, comparator),
            comparator=comparator,
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
                at=one.at or "",
                review=one.review,
            )


def _assumed(explained: Explanation) -> bool:
    """Whether the answer rests on silence: that something is in a list never does, that it is not may."""
    if not explained.assumed:
        return False
    node = explained.node
    return not (explained.value is True and isinstance(node, Includes) and node.mode != "only")


def misread(entries: Sequence[str]) -> str:
    """` (not understood: Condition/1: CHF)`, or nothing."""
    more = f" and {len(entries) - 2} more" if len(entries) > 2 else ""
    return f" (not understood: {'; '.join(entries[:2])}{more})" if entries else ""


_JOINED = {"all": "all of these", "any": "any of these", "not": "it is not so that", "count": "at least {} of these"}
"""How the parts of a reason hang together, in words."""

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


def _once(cautions: list[Caution]) -> list[Caution]:
    """The same caution inherited on two ways is said once."""
    found: dict[tuple[str, str, str], Caution] = {}
    for one in cautions:
        found.setdefault((one.drug, one.id, one.text), one)
    return list(found.values())
