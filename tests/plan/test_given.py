"""How an option is given: with dose and source for the team and in the document, without a dose for the person."""

from __future__ import annotations

import datetime as dt
import re

from linewise.exchange import Codes
from linewise.exchange.profile import read_profile
from linewise.knowledge import Knowledge
from linewise.plan import make_plan
from linewise.plan.given import taken

_AMOUNT = re.compile(r"\d\s*(mg|g|µg|ml|Gy)\b")


def test_no_line_for_the_person_holds_a_dose(knowledge: Knowledge) -> None:
    assert [line for one in knowledge.treatments.values() for line in taken(one, knowledge) if _AMOUNT.search(line)] == []


def test_the_team_reads_dose_and_schedule(knowledge: Knowledge) -> None:
    (line,) = taken(knowledge.treatments["elacestrant"], knowledge, team=True)
    assert line == "elacestrant: 345 mg, by mouth, once daily with food"


def test_the_document_holds_the_doses_with_their_sources(knowledge: Knowledge, codes: Codes) -> None:
    profile = {
        "sex": "female",
        "age": 62,
        "menopausal_status": "postmenopausal",
        "metastatic_sites": ["bone"],
        "metastatic_lines": [],
    }
    profile |= {"er": {"status": "positive"}, "pr": {"status": "positive"}, "her2": {"ihc": "0", "status": "negative"}, "ecog": 0}
    plan = make_plan(read_profile(profile, "given", codes, True), knowledge, dt.date(2026, 11, 30), "EU")
    option = plan.option("ribociclib-aromatase-inhibitor")
    assert {one.drug: one.dose for one in option.regimen}["ribociclib"] == "600 mg"
    assert {name for one in option.regimen for name in one.sources} <= set(plan.sources_of([option]))
