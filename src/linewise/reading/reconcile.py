"""One answer out of all that was claimed: the metastasis before the primary, the latest before the older, a correction before what it corrects.

What disagrees with equal right is a conflict, and neither side is sure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from linewise.phrases.claims import Claim, Course
from linewise.phrases.dates import Day
from linewise.phrases.lexicon import Words
from linewise.phrases.tokens import number, tokens_of

from .lines import Lines
from .model import SCHEMA, Conflict, DocumentRead, Finding, Left, Person, Reading, TreatmentRead

if TYPE_CHECKING:
    from .reader import Read

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
_SETS = ("sites", "comorbidities", "medications", "planned", "declines", "prefers", "symptoms", "reactions")
_LOW = -10


class Answer(msgspec.Struct):
    reading: Reading


class Placed(msgspec.Struct):
    """A claim with its paper."""

    claim: Claim
    read: Any
    number: int
    id: str = ""

    @property
    def day(self) -> tuple[int, int, int]:
        day = self.claim.day
        return day.key if day is not None else (0, 0, 0)


class Reconciliation:
    """Over all papers of one person."""

    def __init__(self, reads: Sequence[Read], words: Words) -> None:
        self.reads, self.words = reads, words
        self.facts = words.knowledge.facts
        self.placed: list[Placed] = []
        self.conflicts: list[Conflict] = []
        self.profile: dict[str, Any] = {}
        self.chosen: dict[str, Placed] = {}

    def run(self) -> Reading:
        for number_, read in enumerate(self.reads):
            for claim in sorted(read.claims, key=lambda one: (one.start, one.fact)):
                if read.foreign:
                    claim.sure, claim.why = False, read.foreign
                self.placed.append(Placed(claim, read, number_))
        self._once()
        self._denied()
        for index, placed in enumerate(self.placed, 1):
            placed.id = f"f{index}"
        self._person()
        self._results()
        self._genes()
        self._labs()
        self._sets()
        self._other()
        lines = Lines(self.reads, self.words, self.profile)
        lines.run()
        profile = self._profile(lines)
        return Reading(
            SCHEMA, tuple(self._documents()), tuple(self._finding(one) for one in self.placed), tuple(self._treatments(lines)),
            tuple(self.conflicts), tuple(self._left()), profile,
        )  # fmt: skip

    def _denied(self) -> None:
        """An illness that a list states and denies is not sure."""
        denied = {
            (one.number, one.claim.value)
            for one in self.placed
            if one.claim.fact == "comorbidities" and one.claim.why.startswith("negated") and one.claim.section == "illnesses"
        }
        for one in self.placed:
            if one.claim.fact == "comorbidities" and one.claim.sure and (one.number, one.claim.value) in denied:
                one.claim.sure, one.claim.why = False, "another place denies it"

    def _once(self) -> None:
        """The same claim at the same place counts once."""
        seen: set[tuple[Any, ...]] = set()
        kept = []
        for placed in self.placed:
            key = (placed.number, placed.claim.fact, str(placed.claim.value), placed.claim.start, placed.claim.end)
            if key not in seen:
                seen.add(key)
                kept.append(placed)
        self.placed = kept

    def of(self, *facts: str) -> list[Placed]:
        return [placed for placed in self.placed if placed.claim.fact in facts and placed.claim.sure]

    # One value for a fact

    def _rank(self, placed: Placed, first: bool) -> tuple[Any, ...]:
        claim = placed.claim
        day = placed.day
        if (
            day == (0, 0, 0)
            and placed.read.paper.kind in ("pathology report", "laboratory")
            and placed.read.paper.date is not None
        ):
            day = placed.read.paper.date.key
        return (claim.strength > _LOW, claim.about == "metastasis" if first else False, day, claim.strength, claim.start)

    def _best(self, ones: Sequence[Placed], first: bool = False) -> Placed | None:
        """The claim that decides; a conflict where another of the same right says otherwise."""
        if not ones:
            return None
        ranked = sorted(ones, key=lambda one: self._rank(one, first), reverse=True)
        best = ranked[0]
        top = self._rank(best, first)
        rivals = [one for one in ranked[1:] if self._rank(one, first)[:3] == top[:3] and one.claim.value != best.claim.value]
        rivals = [
            one for one in rivals if (top[3] - one.claim.strength <= 1 and one.read is best.read) or one.read is not best.read
        ]
        if rivals and best.claim.section == "addendum" and all(one.claim.section != "addendum" for one in rivals):
            rivals = []
        if rivals:
            self._conflict(best.claim.fact, [best, *rivals])
            return None
        return best

    def _conflict(self, fact: str, ones: Sequence[Placed]) -> None:
        values = ", ".join(dict.fromkeys(str(one.claim.value) for one in ones))
        self.conflicts.append(
            Conflict(fact, tuple(one.id for one in ones), f"the papers say {values}, and nothing decides between them")
        )
        for one in ones:
            one.claim.sure, one.claim.why = False, one.claim.why or "another place disagrees"

    # The person

    def _person(self) -> None:
        votes: Counter[str] = Counter()
        for placed in self.placed:
            if placed.claim.fact == "sex":
                votes[str(placed.claim.value)] += 1 + max(0, placed.claim.strength + 4) ** 2
        for read in self.reads:
            hint = read.paper.sheet.hints.get("sex")
            if hint:
                votes[hint] += 1000
        if votes:
            best = votes.most_common(2)
            if len(best) == 1 or best[0][1] > 1.5 * best[1][1]:
                self.profile["sex"] = best[0][0]
        for placed in self.placed:
            if placed.claim.fact == "sex":
                placed.claim.sure = placed.claim.value == self.profile.get("sex")
        ages = self.of("age")
        born = next((read.paper.born for read in self.reads if read.paper.born is not None), None)
        date = max((read.paper.date for read in self.reads if read.paper.date is not None), key=lambda day: day.key, default=None)
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
            self.profile["age"] = age

    # Receptors

    def _results(self) -> None:
        for fact in _RECEPTORS:
            first = True
            ones = self.of(fact)
            if fact in ("er-percent", "pr-percent"):
                continue
            best = self._best(ones, first)
            if best is not None:
                self.chosen[fact] = best
        index, er = self.chosen.get("ki67"), self.chosen.get("er") or self.chosen.get("her2-ihc")
        if index is not None and er is not None and not self._same_specimen(index, er, loose=True):
            self.chosen.pop("ki67")
        for fact in ("er", "pr"):
            best = self.chosen.get(fact)
            percents = self.of(f"{fact}-percent")
            if best is None:
                continue
            same = [one for one in percents if self._same_specimen(one, best)]
            percent = self._best(same, True)
            if percent is not None:
                self.chosen[f"{fact}-percent"] = percent
            status = best.claim.value
            if percent is not None and self._status_of(float(percent.claim.value)) != status:
                by_percent = [
                    one
                    for one in self.of(fact)
                    if self._same_specimen(one, percent) and one.claim.value == self._status_of(float(percent.claim.value))
                ]
                if by_percent:
                    self.chosen[fact] = by_percent[-1]
        ihc, ish = self.chosen.get("her2-ihc"), self.chosen.get("her2-ish")
        if ihc is not None and ish is not None and not self._same_specimen(ihc, ish, loose=True):
            older = ish if self._rank(ish, True) < self._rank(ihc, True) else ihc
            self.chosen.pop("her2-ish" if older is ish else "her2-ihc")

    def _status_of(self, percent: float) -> str:
        limits = self.words.of("scales")["percent"]
        return "positive" if percent >= limits["positive-from"] else "low" if percent >= limits["low-from"] else "negative"

    def _same_specimen(self, one: Placed, other: Placed, loose: bool = False) -> bool:
        a, b = one.claim, other.claim
        if one.read is not other.read and a.about != b.about:
            return False
        if a.about is not None and b.about is not None and a.about != b.about:
            return False
        if a.statement == b.statement and one.read is other.read:
            return True
        if a.day is not None and b.day is not None:
            months = a.day.months_to(b.day)
            return abs(months) <= 3 if months is not None else a.day.year == b.day.year
        return True

    # Genes

    def _genes(self) -> None:
        for name, fact in self.facts.items():
            if fact.type != "choice" or (
                not set(fact.values) & {"mutated", "altered", "fusion", "somatic-pathogenic"} and name != "MSI"
            ):
                continue
            ones = self.of(name)
            if not ones:
                continue
            tested = [one for one in ones if one.claim.strength > _LOW]
            best = self._gene(tested or ones)
            if best is not None:
                self.chosen[name] = best
        best = self._best(self.of("TMB"))
        if best is not None:
            self.chosen["TMB"] = best

    def _gene(self, ones: Sequence[Placed]) -> Placed | None:
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
                    self._conflict(ones[0].claim.fact, latest)
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
        self._conflict(ones[0].claim.fact, latest)
        return None

    # Labs

    def _labs(self) -> None:
        units = self.words.of("units")["units"]
        for fact in (*units, "dpyd", "ugt1a1", "cyp2d6"):
            ones = self.of(fact)
            if not ones:
                continue

            def newest(one: Placed) -> tuple[Any, ...]:
                date = one.read.paper.date
                day = one.day if one.day != (0, 0, 0) else date.key if date is not None else (0, 0, 0)
                return (one.claim.strength > _LOW, day, one.claim.strength, one.claim.start)

            ranked = sorted(ones, key=newest, reverse=True)
            best = ranked[0]
            rivals = [
                one
                for one in ranked[1:]
                if newest(one)[:3] == newest(best)[:3]
                and abs(_float(one.claim.value) - _float(best.claim.value)) > 0.02 * abs(_float(best.claim.value)) + 1e-9
            ]
            if rivals and fact not in ("lvef",) and self._other_kind(best, rivals):
                self._conflict(fact, [best, *rivals])
                continue
            self.chosen[fact] = best
            if fact == "lvef":
                older = [
                    one
                    for one in ranked[1:]
                    if one.claim.value != best.claim.value and (one.day < best.day or one.claim.strength <= _LOW)
                ]
                if older:
                    self.chosen["lvef-previous"] = older[0]

    def _other_kind(self, best: Placed, rivals: Sequence[Placed]) -> bool:
        return all(one.claim.statement != best.claim.statement or True for one in rivals)

    # Sets

    def _sets(self) -> None:
        for fact in ("sites", "comorbidities", "planned", "declines", "prefers"):
            sure = self.of(fact)
            if sure:
                self.chosen_set(fact, [str(one.claim.value) for one in sure])
        self._medications()
        self._symptoms()
        self._reactions()

    def chosen_set(self, fact: str, values: Iterable[str]) -> None:
        self.profile[f"_{fact}"] = list(dict.fromkeys(values))

    def _medications(self) -> None:
        listed = [placed for placed in self.placed if placed.claim.fact == "medications"]
        newest = max(
            (
                read.paper.date.key
                for read in self.reads
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
                one
                for one in sure
                if one.read.paper.date is not None and one.read.paper.date.key < newest and len(self.reads) > 1
            ]
            if len(old) == len(sure) and old:
                continue
            names.append(drug)
        if names:
            self.profile["_medications"] = names

    def _symptoms(self) -> None:
        found: dict[str, dict[str, Any]] = {}
        for one in self.of("symptoms"):
            entry = found.setdefault(str(one.claim.value), {"name": one.claim.value})
            if "grade" in one.claim.extra:
                entry["grade"] = one.claim.extra["grade"]
        for general, special in (
            ("dyspnoea", "dyspnoea-on-exertion"),
            ("dyspnoea", "dyspnoea-at-rest"),
            ("cough", "dry-cough"),
            ("headache", "new-headache"),
            ("back-pain", "severe-back-pain"),
        ):
            if special in found:
                found.pop(general, None)
        if found:
            self.profile["_symptoms"] = list(found.values())

    def _reactions(self) -> None:
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for one in self.of("reactions"):
            value = one.claim.value
            entry = found.setdefault((value["drug"], value["effect"]), dict(value))
            if value.get("grade", 0) > entry.get("grade", 0):
                entry["grade"] = value["grade"]
        if found:
            self.profile["_reactions"] = list(found.values())

    # The rest

    def _other(self) -> None:
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
            ones = self.of(fact)
            best = self._best(ones)
            if best is not None:
                self.chosen[fact] = best
        ones = self.of("ecog")
        if ones:
            ranked = sorted(
                ones, key=lambda one: (one.claim.strength > _LOW, one.day, one.claim.strength, one.claim.start), reverse=True
            )
            undated = [one for one in ranked if one.day == (0, 0, 0) and one.claim.strength > _LOW]
            self.chosen["ecog"] = (
                undated[-1]
                if undated
                and ranked[0].claim.strength <= undated[-1].claim.strength
                and (ranked[0].read.paper.date is None or ranked[0].day < ranked[0].read.paper.date.key)
                else ranked[0]
            )
        denovo = self.of("de-novo")
        values = {one.claim.value for one in denovo}
        if len(values) == 1:
            self.chosen["de-novo"] = denovo[-1]
        places = self.of("primary-in-place")
        if places:
            self.chosen["primary-in-place"] = places[-1]

    # Writing the profile

    def _profile(self, lines: Lines) -> dict[str, Any]:
        out: dict[str, Any] = {}
        if "sex" in self.profile:
            out["sex"] = self.profile["sex"]
        if "age" in self.profile:
            out["age"] = self.profile["age"]

        def put(path: str, fact: str, change: Any = None) -> None:
            placed = self.chosen.get(fact)
            if placed is None:
                return
            _set(out, path, change(placed.claim.value) if change else placed.claim.value)

        put("menopausal_status", "menopausal-status")
        put("pregnant", "pregnancy-recorded")
        put("gestational_week", "gestational-week")
        for name in ("er", "pr"):
            put(f"{name}.status", name)
            put(f"{name}.percent", f"{name}-percent")
        put("her2.ihc", "her2-ihc")
        put("her2.ish", "her2-ish")
        status = self._her2_status()
        if status:
            _set(out, "her2.status", status)
        plain = not any(read.garbled for read in self.reads)  # what is inferred from many words needs all of them
        about = self._receptors_from() if plain else ""
        if about:
            out["receptors_from"] = about
        put("ki67_percent", "ki67")
        put("histology", "histology")
        put("pdl1.cps", "pdl1-cps")
        put("pdl1.ic", "pdl1-ic")
        variants = {}
        for name, fact in self.facts.items():
            placed = self.chosen.get(name)
            if placed is not None and (
                name in ("MSI", "TMB") or set(fact.values) & {"mutated", "altered", "fusion", "somatic-pathogenic"}
            ):
                variants[name] = placed.claim.value
        if variants:
            out["variants"] = variants
        sites = self.profile.get("_sites", [])
        if self.chosen.get("brain-status") is not None and self.chosen["brain-status"].claim.value == "none" and "brain" in sites:
            self.chosen.pop("brain-status")
        metastatic = lines.metastatic or bool(sites)
        denovo = self.chosen.get("de-novo")
        if denovo is not None and metastatic:
            out["de_novo"] = denovo.claim.value
        elif metastatic and lines.adjuvant and denovo is None and plain:
            out["de_novo"] = False
        if sites:
            out["metastatic_sites"] = sites
        place = self.chosen.get("primary-in-place")
        if place is not None and place.claim.value is True:
            out["primary_in_place"] = True
        put("ulcerated_primary", "ulcerated-primary")
        put("visceral_crisis", "visceral-crisis-recorded")
        if "brain" in sites or (
            self.chosen.get("brain-status") is not None and self.chosen["brain-status"].claim.value == "none"
        ):
            put("brain.status", "brain-status")
        if "brain" in sites:
            put("brain.mass_effect", "brain-mass-effect")
        put("bone.cord_compression", "cord-compression")
        if "bone" in sites:
            put("bone.impending_fracture", "impending-fracture")
        put("ecog", "ecog")
        put("frail", "frail")
        if lines.adjuvant:
            out["adjuvant"] = lines.adjuvant
        if lines.lines:
            out["metastatic_lines"] = lines.lines
        if "_reactions" in self.profile:
            out["reactions"] = self.profile["_reactions"]
        if "_comorbidities" in self.profile:
            out["comorbidities"] = self._specific(self.profile["_comorbidities"])
        labs = {}
        for member, name in _members(self.words).items():
            placed = self.chosen.get(name)
            if placed is not None:
                labs[member] = placed.claim.value
        if labs:
            out["labs"] = labs
        if "_medications" in self.profile:
            out["medications"] = self.profile["_medications"]
        if "_planned" in self.profile:
            out["planned"] = self.profile["_planned"]
        if "_symptoms" in self.profile:
            out["symptoms"] = self.profile["_symptoms"]
        wishes = {name: self.profile[f"_{name}"] for name in ("declines", "prefers") if f"_{name}" in self.profile}
        if wishes:
            out["preferences"] = wishes
        return out

    def _specific(self, names: list[str]) -> list[str]:
        """A general illness gives way to the exact one."""
        facts = self.words.of("parts").get("more-exact", {})
        return [name for name in names if not any(other in names for other in facts.get(name, ()))]

    def _her2_status(self) -> str:
        rules = self.words.of("scales")["her2"]["status"]
        ihc, ish, said = self.chosen.get("her2-ihc"), self.chosen.get("her2-ish"), self.chosen.get("her2-reported")
        key = []
        if ihc is not None:
            key.append(str(ihc.claim.value))
            faint = self.chosen.get("her2-faint-staining")
            if ihc.claim.value == "0" and faint is not None and self._same_specimen(faint, ihc):
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
            and not self._same_specimen(said, ihc)
            and self._rank(said, True)[:3] > self._rank(ihc, True)[:3]
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
                and self._same_specimen(said, ihc)
                and said.claim.statement >= ihc.claim.statement
                else ""
            )
        return str(said.claim.value) if said is not None else ""

    def _receptors_from(self) -> str:
        for fact in ("er", "her2-ihc", "her2-ish", "her2-reported", "pr"):
            placed = self.chosen.get(fact)
            if placed is None:
                continue
            alike = {
                one.claim.about
                for one in self.of(fact)
                if one.claim.value == placed.claim.value and one.claim.about and self._same_specimen(one, placed)
            }
            return placed.claim.about or (str(alike.pop()) if len(alike) == 1 else "")
        return ""

    # Writing the rest

    def _documents(self) -> Iterable[DocumentRead]:
        for read in self.reads:
            paper = read.paper
            notes = [*paper.sheet.notes, *([read.foreign] if read.foreign else [])]
            yield DocumentRead(
                paper.sheet.name, paper.kind, paper.language, paper.date.text if paper.date else None, paper.sheet.pages,
                Person(paper.sheet.hints.get("name"), paper.born.text if paper.born else None, self.profile.get("sex")), tuple(notes),
            )  # fmt: skip

    def _finding(self, placed: Placed) -> Finding:
        claim, sheet = placed.claim, placed.read.paper.sheet
        day = claim.day.text if claim.day is not None else None
        why = claim.why or ("stated" if claim.sure else "not certain")
        return Finding(
            placed.id,
            claim.fact,
            claim.value,
            day,
            claim.about,
            sheet.quote(claim.start, claim.end),
            sheet.where(claim.start, claim.end),
            claim.sure,
            why,
            claim.unit,
        )

    def _treatments(self, lines: Lines) -> Iterable[TreatmentRead]:
        for read, course in lines.all:
            sheet = read.paper.sheet
            yield TreatmentRead(
                course.drugs, course.first.text if course.first else None, course.last.text if course.last else None, course.stopped_for,
                course.setting, course.state, sheet.quote(course.start, course.end), sheet.where(course.start, course.end), course.sure,
                course.why or ("stated" if course.sure else "not certain"), course.months, course.response,
            )  # fmt: skip

    def _left(self) -> Iterable[Left]:
        """Statements that name a receptor or a gene, and of which nothing was taken."""
        for number_, read in enumerate(self.reads):
            used = [(one.claim.start, one.claim.end) for one in self.placed if one.number == number_]
            for statement in read.paper.statements:
                if statement.section in (
                    "definitions",
                    "therapies",
                    "education",
                    "gene-list",
                    "technique",
                    "administration",
                    "family",
                ):
                    continue
                for match in statement.matches:
                    if not (match.has("receptor") or match.has("marker") or (match.has("gene") and match.id("gene") != "other")):
                        continue
                    start, end = statement.tokens[match.first].start, statement.tokens[match.last - 1].end
                    if not any(a <= start < b or a < end <= b for a, b in used):
                        stop = statement.tokens[min(match.last + 8, len(statement.tokens)) - 1].end
                        sheet = read.paper.sheet
                        yield Left(
                            sheet.quote(start, stop),
                            sheet.where(start, min(stop, max(start + 1, stop))),
                            "no result was understood here",
                        )


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


def _float(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return float(hash(str(value)) % 1000)


def reconciled(reads: Sequence[Read], words: Words) -> Answer:
    return Answer(Reconciliation(reads, words).run())


__all__ = ["Answer", "Course", "Day", "number", "reconciled", "tokens_of"]
