"""What a result counts for while it is not final: it decides nothing, leaves open what it says, and may raise an alarm."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from linewise.columns.decide import Matrix
from linewise.columns.events import of_records
from linewise.exchange import Codes
from linewise.knowledge import Knowledge
from linewise.plan import Plan, make_plan

from .build import NEGATIVE, POSITIVE, Json, about, breast_cancer, bundle, concept, medicine, observation, read_one

DAY = dt.date(2024, 6, 1)
FINAL = ("final", "amended", "corrected", "appended")
NOT_FINAL = ("preliminary", "registered", "unknown", "in-a-way-that-nobody-knows")
TAKEN_BACK = ("entered-in-error", "cancelled")
OFFERED = ("preferred", "suitable")


def platelets(value: float, on: str = "2024-05-30", **members: Any) -> Json:
    quantity = {"value": value, "unit": "10*9/L", "code": "10*9/L", "system": "http://unitsofmeasure.org"}
    return observation("777-3", effectiveDateTime=on, valueQuantity=quantity, **members)


def treated() -> list[Json]:
    """HER2-positive disease on trastuzumab emtansine, of which platelets decide whether it goes on."""
    receptors = [
        observation("85337-4", valueCodeableConcept=concept(*NEGATIVE)),
        observation("85339-0", valueCodeableConcept=concept(*NEGATIVE)),
        observation("85319-2", valueCodeableConcept=concept(*POSITIVE)),
    ]
    return [*breast_cancer(), *receptors, medicine("1371041", effectivePeriod={"start": "2024-02-01"})]


def plan(knowledge: Knowledge, codes: Codes, *resources: Json) -> Plan:
    return make_plan(read_one(bundle(*treated(), *resources), codes), knowledge, DAY, "EU")


def bleeding(found: Plan) -> bool:
    """Whether the count of platelets raises an alarm."""
    return any("platelet" in one.because.lower() for one in found.urgent)


@pytest.mark.parametrize("status", [*FINAL, *NOT_FINAL])
def test_a_dangerous_value_raises_its_alarm_whether_it_is_final_or_not(status: str, knowledge: Knowledge, codes: Codes) -> None:
    found = plan(knowledge, codes, platelets(9, status=status))
    assert bleeding(found)
    assert any("not final" in one.because for one in found.urgent) == (status in NOT_FINAL)
    assert found.status("continue-current") not in OFFERED


@pytest.mark.parametrize("status", NOT_FINAL)
def test_a_harmless_value_that_is_not_final_makes_nothing_firm(status: str, knowledge: Knowledge, codes: Codes) -> None:
    assert plan(knowledge, codes, platelets(210)).status("continue-current") in OFFERED
    found = plan(knowledge, codes, platelets(210, status=status))
    assert found.status("continue-current") == "depends"
    assert not bleeding(found)
    assert any("not final" in row["why"] and row["touches"] for row in found.unread)


@pytest.mark.parametrize("status", TAKEN_BACK)
def test_what_was_taken_back_was_never_said_and_is_listed(status: str, knowledge: Knowledge, codes: Codes) -> None:
    found = plan(knowledge, codes, platelets(9, status=status))
    assert not bleeding(found)
    assert [row["why"] for row in found.unread if "Observation" in row["where"]] == ["marked as entered in error or cancelled"]


def test_a_harmless_value_that_is_not_final_calls_no_alarm_off(knowledge: Knowledge, codes: Codes) -> None:
    found = plan(knowledge, codes, platelets(9, "2024-05-29"), platelets(210, "2024-05-31", status="preliminary"))
    assert bleeding(found)
    assert found.status("continue-current") not in OFFERED


def test_a_final_result_goes_before_one_of_the_same_day_that_is_not(knowledge: Knowledge, codes: Codes) -> None:
    """Laboratories send both. The danger still raises its alarm: it may have been found later on that day."""
    calm = plan(knowledge, codes, platelets(205), platelets(210, status="preliminary"))
    assert calm.status("continue-current") in OFFERED
    assert bleeding(plan(knowledge, codes, platelets(205), platelets(9, status="preliminary")))


def test_an_older_result_that_is_not_final_changes_nothing(knowledge: Knowledge, codes: Codes) -> None:
    assert (
        plan(knowledge, codes, platelets(9, "2024-05-01", status="preliminary"), platelets(210)).status("continue-current")
        in OFFERED
    )


def test_receptors_that_are_not_final_make_no_subtype(knowledge: Knowledge, codes: Codes) -> None:
    her2 = observation("85319-2", valueCodeableConcept=concept(*POSITIVE), status="preliminary")
    record = read_one(bundle(*breast_cancer(), her2), codes)
    assert "her2-ihc" not in {one.fact for one in record.entries}
    assert not make_plan(record, knowledge, DAY, "EU").subject.subtype.startswith("her2")


def test_a_questionnaire_that_is_half_filled_in_raises_alarms_and_decides_nothing(knowledge: Knowledge, codes: Codes) -> None:
    asked = {
        "item": [{"linkId": "1", "text": "Shortness of breath", "answer": [{"valueBoolean": True}]}],
        "authored": "2024-05-31",
    }
    for status, counts in (("completed", True), ("in-progress", False)):
        record = read_one(bundle(*breast_cancer(), about("QuestionnaireResponse", status=status, **asked)), codes)
        assert ("symptoms" in {one.fact for one in record.entries}) == counts, status
        would = [one.would for one in record.unread if one.would is not None]
        assert bool(would) != counts


@pytest.mark.parametrize("status", [*NOT_FINAL, "final"])
@pytest.mark.parametrize("value", [9, 60, 210])
def test_many_people_at_once_are_judged_alike(value: float, status: str, knowledge: Knowledge, codes: Codes) -> None:
    record = read_one(bundle(*treated(), platelets(value, status=status)), codes)
    alone = make_plan(record, knowledge, DAY, "EU")
    matrix = Matrix(knowledge, DAY, "EU")
    together = matrix.status(matrix.table(of_records([record]))).collect().row(0, named=True)
    assert {name: alone.status(name) for name in together} == together
