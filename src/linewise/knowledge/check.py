"""Verify knowledge whole: every statement sourced, every source used, every id known, dates sane, nothing unreachable.

A fault is wrong and stops the build; a remark is worth a look (a review that is due, a statement that needs confirmation).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from linewise.logic import Node, subject, walk
from linewise.logic.check import check, check_definitions
from linewise.logic.nodes import Ask, Compare, Includes, Is, Known
from linewise.logic.where import did_you_mean

from . import check_conduct, check_wording, counted
from .anchors import lacking
from .book import Knowledge
from .load import Loaded, load_folder
from .model import Caution, Content, Review, Source, Statement, Treatment, When, doubt
from .skeleton import TODO

_FOLDERS = (
    "sources", "facts", "tests", "classes", "drugs", "treatments", "evidence", "alerts", "effects", "pages", "glossary",
    "questions", "organisations", "answers", "studies",
)  # fmt: skip


def check_folder(root: Path, today: dt.date | None = None) -> tuple[list[str], list[str], dict[str, int]]:
    """Faults, remarks, and how much there is of each kind."""
    loaded = load_folder(root)
    checking = _Checking(loaded, today or dt.date.today())
    checking.run()
    counts = {name: len(getattr(loaded.content, name)) for name in _FOLDERS}
    counts["criteria"] = len(loaded.criteria)
    return list(dict.fromkeys(loaded.problems + checking.faults)), list(dict.fromkeys(checking.remarks)), counts


class _Checking:
    def __init__(self, loaded: Loaded, today: dt.date) -> None:
        self.loaded, self.content, self.today = loaded, loaded.content, today
        self.knowledge = Knowledge(loaded.content)
        self.faults: list[str] = []
        self.remarks: list[str] = []
        self.used: Counter[str] = Counter()

    def run(self) -> None:
        self.criteria()
        for folder in _FOLDERS:
            for name, thing in getattr(self.content, folder).items():
                self.walk(f"{folder}/{name}", thing)
        for name in ("guide", "item_bank", "numbers", "outlook"):
            self.walk(f"top/{name}", getattr(self.content, name))
        for words in self.content.wording.values():
            self.walk("top/outlook", words.outlook)
        self.app()
        for message in check_wording.faults(self.knowledge):
            self.faults.append(message)
        for message in check_wording.gaps(self.knowledge):
            self.remarks.append(message)
        self.extras("extras", self.content.extras)
        self.references()
        self.vocabulary()
        self.faults += lacking(self.content)
        self.shown()
        self.regions()
        self.drafts()
        self.classes()
        for treatment in self.content.treatments.values():
            self.treatment(treatment)
        for owner, message in (
            *check_conduct.faults(self.knowledge),
            *check_conduct.gaps(self.knowledge),
            *counted.gaps(self.knowledge),
        ):
            self.fault(owner, message)
        self.unused()

    def fault(self, owner: str, message: str, word: str = "") -> None:
        """A fault of a thing; `word` is the value that is wrong, whose own line is then named."""
        self.faults.append(f"{self.place(owner, word)}: {owner.split('/', 1)[-1]}: {message}")

    def place(self, owner: str, word: str) -> str:
        """File and line of a thing, or of a value in it."""
        place = self.content.places.get(owner, owner)
        file, _, first = place.rpartition(":")
        document = self.loaded.documents.get(owner)
        if not word or document is None or not first.isdigit():
            return place
        lines = [document.places[path].line for path, value in document.values() if value == word or path[-1:] == (word,)]
        return f"{file}:{min((line for line in lines if line >= int(first)), default=int(first))}"

    def remark(self, owner: str, message: str) -> None:
        self.remarks.append(f"{self.content.places.get(owner, owner)}: {owner.split('/', 1)[-1]}: {message}")

    # Criteria

    def criteria(self) -> None:
        vocabulary = self.knowledge.vocabulary
        self.faults += [str(problem) for problem in check_definitions(vocabulary)]
        for written in self.loaded.criteria:
            self.faults += [str(problem) for problem in check(written.node, vocabulary, written.where)]

    # Everything that carries a source, a date or a review

    def walk(self, owner: str, thing: Any) -> None:
        if isinstance(thing, Statement):
            self.statement(owner, thing)
        if isinstance(thing, Source):
            self.source(owner, thing)
        if isinstance(thing, Review):
            self.review(owner, thing)
        elif isinstance(thing, msgspec.Struct) and type(thing).__module__.startswith("linewise.knowledge"):
            if (why := doubt(thing)) is not None:
                self.remark(owner, f"review needed: {_short(thing)} ({why})")
                if not why or not str(getattr(thing, "review", "")).startswith("needed:"):
                    self.fault(owner, f"`review` is `needed: why it could not be confirmed; who could`: {_short(thing)}")
            cited = (getattr(thing, name, ()) for name in ("source", "sources", "composite_source"))
            for source in (one for ids in cited if isinstance(ids, tuple) for one in ids):
                self.used[source] += 1
                self.exists(owner, "source", (source,), self.content.sources)
            if _needs_source(thing) and not getattr(thing, "source", ()):
                self.fault(owner, f"no source: {_short(thing)}")
            for field in thing.__struct_fields__:
                self.walk(owner, getattr(thing, field))
        elif isinstance(thing, dict):
            for value in thing.values():
                self.walk(owner, value)
        elif isinstance(thing, tuple | list):
            for value in thing:
                self.walk(owner, value)

    def source(self, owner: str, one: Source) -> None:
        if not one.url:
            self.fault(owner, "no address (`url`): where can a reader find it?")
        if one.date is None and not one.undated:
            self.fault(owner, "neither a `date` nor, under `undated`, why it has none")

    def statement(self, owner: str, one: Statement) -> None:
        if one.until is not None and one.until.last <= one.since.first:
            self.fault(owner, f"{one.body}: until {one.until.text} is not after since {one.since.text}")
        if one.since.first > self.today:
            self.fault(owner, f"{one.body}: since {one.since.text} lies in the future")
        if not one.region:
            self.fault(owner, f"{one.body}: no region")

    def review(self, owner: str, review: Review) -> None:
        if review.next.last < self.today:
            self.remark(owner, f"its review of {review.next.text} has passed")
        if review.last.first > self.today or review.next.last < review.last.first:
            self.fault(owner, f"review dates make no sense: {review.last.text}, {review.next.text}")

    # Ids

    def references(self) -> None:
        content, known = self.content, self.knowledge
        treatable = set(content.drugs) | set(content.classes)
        for name, fact in content.facts.items():
            self.exists(f"facts/{name}", "test", [fact.test] if fact.test else [], content.tests)
            self.exists(f"facts/{name}", "fact", [fact.earlier] if fact.earlier else [], content.facts)
        for name, drug in content.drugs.items():
            self.exists(f"drugs/{name}", "class", drug.classes, content.classes)
            self.exists(f"drugs/{name}", "test", (one.test for one in drug.monitor), content.tests)
            if name in content.classes:
                self.fault(f"drugs/{name}", "a class has the same id")
        for name, alert in content.alerts.items():
            self.exists(f"alerts/{name}", "test", alert.tests, content.tests)
        for name, treatment in content.treatments.items():
            owner = f"treatments/{name}"
            self.exists(owner, "drug", (drug for drug in treatment.drugs if drug != "current"), content.drugs)
            self.exists(owner, "class", treatment.classes, content.classes)
            self.exists(owner, "class", (partner.class_ for partner in treatment.partners), content.classes)
            self.exists(owner, "class", (need.class_ for need in treatment.needs), content.classes)
            self.exists(owner, "drug", (drug for one in treatment.partners for drug in one.one_of), content.drugs)
            self.exists(owner, "drug", (one.drug for one in treatment.regimen), treatable)
            self.exists(owner, "trial", treatment.evidence, content.evidence)
            self.exists(owner, "test", (*treatment.tests, *(one.test for one in treatment.monitor)), content.tests)
            for partner in treatment.partners:
                for choice in partner.one_of:
                    if choice in content.drugs and not known.is_a(choice, partner.class_):
                        self.fault(owner, f"partner `{choice}` is not of the class `{partner.class_}`")
        for name, trial in content.evidence.items():
            self.exists(f"evidence/{name}", "effect", (one.effect for one in trial.effects), content.effects)
            for arm in (trial.treatment, trial.control):
                self.exists(f"evidence/{name}", "drug", arm.drugs if arm else (), treatable)
        for name, page in content.pages.items():
            self.exists(f"pages/{name}", "page", page.related, content.pages)
        for name, answer in content.answers.items():
            self.exists(f"answers/{name}", "page", answer.pages, content.pages)
        for name, ask in content.questions.items():
            self.exists(f"questions/{name}", "treatment", ask.treatments, content.treatments)
            self.exists(f"questions/{name}", "class", ask.classes, treatable)

    def vocabulary(self) -> None:
        """Every caution goes by a word of `cautions.yaml`, and every word is used."""
        words = self.content.caution_words
        used = set()
        for folder in ("drugs", "classes", "treatments"):
            for name, thing in getattr(self.content, folder).items():
                ids = [one.id for one in (*thing.avoid, *thing.caution, *getattr(thing, "conduct", ()))]
                self.exists(f"{folder}/{name}", "caution (cautions.yaml)", ids, words)
                used.update(ids)
        for word in words:
            if word not in used:
                self.remark(f"caution-words/{word}", "no caution goes by this word")

    def exists(self, owner: str, kind: str, names: Iterable[str], among: Iterable[str]) -> None:
        known = among if isinstance(among, dict | set) else set(among)
        for name in names:
            if name not in known:
                hint = did_you_mean(name, known)
                self.fault(owner, f"there is no {kind} `{name}`" + (f"; {hint}" if hint else ""), name)

    def classes(self) -> None:
        for name, one in self.content.classes.items():
            self.exists(f"classes/{name}", "class", one.is_, self.content.classes)
            if any(name in self.knowledge.classes_of(parent) for parent in one.is_):
                self.fault(f"classes/{name}", "the class is above itself")

    # Options

    def treatment(self, treatment: Treatment) -> None:
        owner = f"treatments/{treatment.id}"
        if not treatment.standing:
            self.fault(owner, "nobody says anything about it: it can never be offered (no `standing`)")
        elif not any(one.decides_in(None) or one.says == "under-review" for one in treatment.standing):
            self.remark(owner, "no statement that decides: it can never be offered")
        if not treatment.plain:
            self.fault(owner, "no `plain` sentence for people")
        decides = any(one.decides_in(None) for one in treatment.standing)
        given = {one.drug for one in treatment.regimen if (one.dose or one.schedule) and one.source}
        for drug in treatment.drugs if decides and treatment.kind in ("systemic", "bone") else ():
            if drug != "current" and drug not in given:
                self.fault(owner, f"`regimen` does not say how `{drug}` is given (dose, schedule, source)")

    def drafts(self) -> None:
        """What an author still has to write."""
        for owner, document in {one.file: (owner, one) for owner, one in self.loaded.documents.items()}.values():
            if any(TODO in str(value) for _, value in document.values()):
                self.remark(owner, "a draft: TODO is left in it")

    def regions(self) -> None:
        """Every region that is named stands in `regions.yaml`."""
        content = self.content
        for name, place in content.regions.items():
            self.exists(f"regions/{name}", "region", place.also, content.regions)
        if content.numbers is not None:
            self.exists("top/numbers", "region", content.numbers.regions, content.regions)
        if content.guide is not None:
            steps = (one for one in content.guide.steps if one.member == "region")
            self.exists(
                "top/guide", "region", (name for one in steps for name in one.choices if name != one.open), content.regions
            )

    def shown(self) -> None:
        """What faces show are facts and their values."""
        found = self.content.shown
        named = [*found.plan, *found.always, *found.visit, *found.cohort]
        named += [name for one in found.receptors for name in (one.fact, one.finer) if name]
        self.exists("top/shown", "fact", named, self.content.facts)
        for one in found.receptors:
            if one.finer in self.content.facts:
                self.exists("top/shown", f"value of `{one.finer}`", one.values, self.content.facts[one.finer].values)

    def app(self) -> None:
        """The questions and words of the app name only what there is."""
        content, guide, numbers = self.content, self.content.guide, self.content.numbers
        if guide is not None:
            symptoms = self.knowledge.vocabulary.symptoms
            self.exists("top/guide", "section", (one.section for one in guide.steps), guide.sections)
            self.exists(
                "top/guide",
                "step",
                (one.coarse or one.unsure for one in guide.steps if one.coarse or one.unsure),
                {one.id for one in guide.steps},
            )
            self.exists("top/guide", "line of the drawn report", (one.report for one in guide.steps if one.report), guide.report)
            self.exists("top/guide", "drug or class", guide.kinds, set(content.drugs) | set(content.classes))
            self.exists("top/guide", "effect", (effect for row in guide.compare for effect in row.effects), content.effects)
            self.exists("top/guide", "symptom", (one for group in guide.groups for one in group.symptoms), symptoms)
            self.exists("top/guide", "page", guide.learn.start, content.pages)
            self.exists("top/guide", "alert", (one.alert for one in guide.card), content.alerts)
        if content.item_bank is not None:
            bank = content.item_bank
            asked = (number for listed in (bank.core, *bank.with_.values(), *bank.at.values()) for number in listed)
            self.exists("top/proctcae", "term", (str(number) for number in asked), {str(number) for number in bank.terms})
            self.exists(
                "top/proctcae",
                "symptom",
                (one.symptom for one in bank.terms.values() if one.symptom),
                self.knowledge.vocabulary.symptoms,
            )
            self.exists("top/proctcae", "class", bank.with_, content.classes)
        if numbers is not None:
            self.exists("top/numbers", "alert", numbers.crisis_alerts, content.alerts)

    def extras(self, owner: str, thing: Any) -> None:
        """The sources that plain files name, under `source` or any key that ends so."""
        if isinstance(thing, dict):
            for key, value in thing.items():
                if str(key).endswith("source") and isinstance(value, str | list):
                    names = [value] if isinstance(value, str) else value
                    self.used.update(names)
                    self.exists(owner, "source", names, self.content.sources)
                else:
                    self.extras(owner, value)
        elif isinstance(thing, list):
            for value in thing:
                self.extras(owner, value)

    def unused(self) -> None:
        for source in self.content.sources:
            if not self.used[source]:
                self.fault(f"sources/{source}", "nothing uses this source")
        asked = set(self.asked())
        given = {drug for one in self.content.treatments.values() for drug in one.drugs}
        given |= {drug for one in self.content.treatments.values() for partner in one.partners for drug in partner.one_of}
        for name, drug in self.content.drugs.items():
            if name not in given | asked and not (self.knowledge.classes_of(name) & asked) and not (drug.avoid or drug.caution):
                self.remark(f"drugs/{name}", "no option contains it, no criterion asks for it, and it warns of nothing")

    def asked(self) -> Iterator[str]:
        """Every drug and class that some criterion names."""
        for written in self.loaded.criteria:
            for node in walk(written.node):
                yield from _names(node)


def _names(node: Node) -> Iterator[str]:
    if not isinstance(node, Is | Known | Compare | Includes | Ask):
        return
    about = subject(node)
    treatment = getattr(about, "treatment", None)
    if treatment is not None:
        yield from treatment.names


def _needs_source(thing: Any) -> bool:
    """Statements about medicine; not the words of the dictionary, and not a whole file whose parts have sources."""
    return type(thing).__name__ in {
        "Caution", "Need", "Statement", "Result", "EffectRate", "Alert", "Advice", "Monitoring", "Test", "Ctcae", "Term", "Organisation", "Answer",
    }  # fmt: skip


def _short(thing: Any) -> str:
    if isinstance(thing, Statement):
        return f"{thing.body} {thing.says} {thing.since.text}"
    if isinstance(thing, Caution):
        return f"{thing.id}: {thing.text[:60]}"
    for name in ("text", "title", "term", "name", "endpoint", "effect", "test", "drug", "id"):
        value = getattr(thing, name, None)
        if isinstance(value, str) and value:
            return value[:70]
    return type(thing).__name__


__all__ = ["Content", "When", "check_folder"]
