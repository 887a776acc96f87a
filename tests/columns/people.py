"""Invented records for the cohort tests: dated histories with everything that makes grouping hard, and stated profiles."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

from linewise.knowledge import Knowledge
from linewise.record import Administration, Course, Entry, Event, Medication, Origin, Reaction, Record, Unread

DAY = dt.date(2026, 11, 1)
_DRUGS = [
    "letrozole", "anastrozole", "exemestane", "fulvestrant", "tamoxifen", "palbociclib", "ribociclib", "abemaciclib", "everolimus",
    "capecitabine", "paclitaxel", "docetaxel", "trastuzumab", "pertuzumab", "trastuzumab-deruxtecan", "carboplatin", "goserelin",
    "leuprorelin", "zoledronic-acid", "denosumab", "ondansetron", "something-unknown", "eribulin", "cyclophosphamide", "doxorubicin",
]  # fmt: skip


def day(chance: random.Random, missing: float = 0.05) -> dt.date | None:
    return None if chance.random() < missing else dt.date(2014, 1, 1) + dt.timedelta(days=chance.randint(0, 4900))


def history(chance: random.Random) -> Record:
    """A record of administrations and turns of the disease, in no order."""
    record = Record(
        id=str(chance.random()),
        birth=day(chance),
        declared=frozenset(chance.sample(["adjuvant", "metastatic_lines", "sites"], 2)),
    )
    drugs = chance.sample(_DRUGS, chance.randint(1, 7))
    missing = chance.choice([0.0, 0.05, 0.05, 0.5])  # some records say no days at all
    for number in range(chance.choice([0, 1, 3, 6, 12, 25])):
        start = day(chance, missing)
        if start is not None and chance.random() < 0.6:  # near to another one, as regimens are
            start = dt.date(2019, 1, 1) + dt.timedelta(days=15 * chance.randint(0, 60))
        elif start is not None and chance.random() < 0.3:  # a short time ago
            start = DAY - dt.timedelta(days=chance.randint(0, 120))
        end = start + dt.timedelta(days=chance.choice([0, 20, 90, 400])) if start and chance.random() < 0.6 else day(chance, 0.8)
        record.administrations.append(
            Administration(
                drug=chance.choice(drugs), start=start, end=end, ongoing=chance.choice([None, None, False, end is None]),
                supply=chance.choice([None, None, None, "dispensed", "dispensed", "requested"]),
                planned=chance.random() < 0.05, unsure=chance.random() < 0.1, setting=chance.choice([None, None, None, "adjuvant", "metastatic"]),
                stopped_for=chance.choice([None, None, None, None, "progression", "toxicity", "completion", "choice"]),
                origin=Origin(f"MedicationStatement/{number}"),
            )
        )  # fmt: skip
    if chance.random() < 0.4:
        record.administrations += refills(chance, chance.choice(drugs))
    for _ in range(chance.choice([0, 1, 3, 5])):
        what = chance.choice(["progression", "progression", "response", "stable", "surgery"])
        record.events.append(Event(what=what, on=day(chance), origin=Origin("e")))
    if chance.random() < 0.7:
        record.events.append(Event(what="metastatic", on=day(chance, 0.2), origin=Origin("e")))
    if chance.random() < 0.3:
        record.entries.append(Entry(fact="metastatic", value=chance.random() < 0.8, origin=Origin("m")))
    return record


def refills(chance: random.Random, drug: str) -> list[Administration]:
    """A drug handed out in packs, some early, some late, some two at a time, some only asked for."""
    found, start, pack = [], DAY - dt.timedelta(days=chance.randint(0, 700)), chance.choice([21, 28, 84])
    for number in range(chance.randint(1, 12)):
        supply = chance.choice(["dispensed", "dispensed", "dispensed", "requested"])
        end = start + dt.timedelta(days=pack - 1)
        found.append(
            Administration(drug=drug, start=start, end=end, supply=supply, origin=Origin(f"MedicationDispense/{number}"))
        )
        if chance.random() < 0.2:  # given on the day on which it was handed over
            found.append(Administration(drug=drug, start=start, origin=Origin(f"MedicationAdministration/{number}")))
        start += dt.timedelta(days=chance.choice([0, pack - 7, pack, pack, pack + 3, pack + 30, pack + 31, pack + 200]))
    return found


def filled(chance: random.Random, knowledge: Knowledge) -> Record:
    """A history, with dated results of every fact, contradictions and old values among them."""
    record = history(chance)
    record.chart = chance.random() < 0.5
    facts = [fact for fact in knowledge.facts.values() if not fact.derived]
    for _ in range(chance.choice([3, 20, 60])):
        fact = chance.choice(facts)
        if fact.id == "metastatic":
            continue
        for _ in range(chance.choice([1, 1, 2, 3])):
            record.entries.append(entry(chance, fact))
    if chance.random() < 0.9:
        record.entries.append(Entry(fact="metastatic", value=True, origin=Origin("m")))
    for _ in range(chance.choice([0, 1, 3])):
        drug = chance.choice([*knowledge.drugs, "an-unknown-drug"])
        effect = chance.choice(["ild", "anaphylaxis", "neuropathy", "rash", "a word nobody knows"])
        grade = chance.choice([None, 1, 2, 3, 4])
        ongoing = chance.choice([None, True, False])
        record.reactions.append(
            Reaction(drug=drug, effect=effect, grade=grade, ongoing=ongoing, on=day(chance, 0.4), origin=Origin("r"))
        )
    for _ in range(chance.choice([0, 1, 3])):
        drug = chance.choice([*knowledge.drugs, *knowledge.classes, "an-unknown-drug"])
        days = {"start": day(chance, 0.5), "end": day(chance, 0.6)}
        record.medications.append(Medication(drug=drug, unsure=chance.random() < 0.2, origin=Origin("m"), **days))
    for number in range(chance.choice([0, 0, 1, 4])):
        record.unread.append(unread(chance, knowledge, number))
    if chance.random() < 0.3:
        record.courses += stated(chance, knowledge)
    return record


def entry(chance: random.Random, fact: Any) -> Entry:
    value: Any
    if fact.type == "number":
        low, high = fact.range or (0, 100)
        value = float(round(chance.uniform(low, high)))
    elif fact.type == "yes-no":
        value = chance.random() < 0.5
    else:
        value = chance.choice(list(fact.values) or ["left hip", "back"])
    on = DAY - dt.timedelta(days=chance.choice([0, 5, 31, 60, 200, 400, 900])) if chance.random() < 0.8 else None
    if on and chance.random() < 0.05:
        on = DAY + dt.timedelta(days=30)
    return Entry(
        fact=fact.id, value=value, on=on, specimen=chance.choice([None, "primary", "metastasis"]), grade=chance.choice([None, 1, 2, 3]),
        since_days=chance.choice([None, 2.0, 9.0]), absent=fact.type == "set" and chance.random() < 0.1,
        until=DAY - dt.timedelta(days=chance.choice([-20, 0, 20])) if fact.type == "set" and chance.random() < 0.1 else None,
        origin=Origin("x"),
    )  # fmt: skip


def unread(chance: random.Random, knowledge: Knowledge, number: int) -> Unread:
    """Something that was not understood, about a fact, a list, a member of one, or what was given."""
    touches = []
    for _ in range(chance.choice([0, 1, 1, 3])):
        kind = chance.choice(["fact", "member", "list", "list"])
        fact = chance.choice(
            [one for one in knowledge.facts.values() if not one.derived and (kind != "member" or one.type == "set")]
        )
        if kind == "list":
            touches.append(
                chance.choice(
                    [
                        "treatments",
                        "treatments:unnamed",
                        "medications",
                        "reactions",
                        "course",
                        "comorbidities",
                        "symptoms",
                        "sites",
                    ]
                )
            )
        else:
            touches.append(f"{fact.id}:{chance.choice(list(fact.values))}" if kind == "member" and fact.values else fact.id)
    on = DAY - dt.timedelta(days=chance.choice([-30, 0, 5, 60, 400, 900])) if chance.random() < 0.8 else None
    return Unread(
        where=f"Condition/{number}", what="words", why="not known here", touches=tuple(dict.fromkeys(touches)), on=on,
        until=DAY - dt.timedelta(days=chance.choice([-20, 0, 20])) if chance.random() < 0.3 else None,
        specimen=chance.choice([None, None, "primary", "metastasis"]),
    )  # fmt: skip


def stated(chance: random.Random, knowledge: Knowledge) -> list[Course]:
    names = [*_DRUGS, "chemotherapy", "cdk4-6-inhibitor"]
    found = []
    for number in range(chance.randint(1, 5)):
        found.append(
            Course(
                drugs=tuple(chance.sample(names, chance.randint(1, 3))), setting=chance.choice(["adjuvant", "metastatic", "metastatic"]),
                start=day(chance, 0.5), months=chance.choice([None, 3.0, 14.0]), months_since_end=chance.choice([None, 0.0, 4.0, 30.0]),
                stopped_for=chance.choice([None, "progression", "toxicity", "completion"]), ongoing=chance.random() < 0.3,
                best_response=chance.choice([None, None, "PR", "PD"]),
                origins=(Origin(f"line {number}"),),
            )
        )  # fmt: skip
    return found
