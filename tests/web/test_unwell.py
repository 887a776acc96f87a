"""I feel unwell: from every page two taps to a sign, the alarm at once, and numbers that dial."""

from __future__ import annotations

import re
from typing import Any

import pytest

from linewise.knowledge import open_knowledge
from linewise.web.calls import calls_for


def test_every_page_leads_there(person: Any) -> None:
    for path in ("/start", "/learn", "/start/import", "/guide/region", "/diary", "/nothing-here"):
        assert 'href="/unwell"' in person.get(path).text, path


def test_eight_groups_and_two_taps(person: Any) -> None:
    page = person.get("/unwell").text
    groups = re.findall(r'href="/unwell/([a-z]+)"', page)
    assert len(groups) == 8
    assert 'value="leg-weakness"' in person.get("/unwell/back").text
    answer = person.post("/unwell/back", symptom="leg-weakness")
    assert "Please act on this" in answer.text
    assert answer.text.index('class="urgent emergency"') < 6000


@pytest.mark.parametrize("sign", sorted({name for group in open_knowledge().guide.groups for name in group.symptoms}))
def test_an_alarm_that_hangs_on_what_is_not_known_is_shown_too(make: Any, knowledge: Any, sign: str) -> None:
    """Without a record, every red flag that a sign may raise is there: unknown is never no."""
    from linewise.web.views_diary import _symptoms_in

    person = make()
    group = next(one.id for one in open_knowledge().guide.groups if sign in one.symptoms)
    answer = person.post(f"/unwell/{group}", symptom=sign)
    twin = person.get(f"{answer.url.path}.json").json()
    shown = {one["id"] for one in [*twin["urgent"], *twin["perhaps"]]}
    for alert in knowledge.content.alerts.values():
        if alert.act != "next-visit" and sign in _symptoms_in(alert.when, knowledge) and _alone(alert.when, sign, knowledge):
            assert alert.id in shown, alert.id


def _alone(when: Any, sign: str, knowledge: Any) -> bool:
    """Whether the sign, with everything that is not a symptom left open, leaves the red flag possible."""
    from linewise.logic import Decider
    from linewise.record import Chart, Course, Entry, Medication, Origin, Record

    from .people import DAY

    record = Record(entries=[Entry(fact="symptoms", value=sign, origin=Origin("test"))])
    record.courses = [Course(drugs=("?",), setting=setting, ongoing=None, undated=True) for setting in ("adjuvant", "metastatic")]
    record.medications = [Medication(drug="?", origin=Origin("test"))]
    record.unsure = frozenset({"comorbidities"})
    return Decider(knowledge.vocabulary, Chart(record, knowledge, DAY)).value(when) is not False


def test_a_temperature_alone_is_enough(person: Any) -> None:
    for text in ("39,2", "102.6"):
        answer = person.post("/unwell/fever", temperature=text)
        assert "Please act on this" in answer.text and "39.2 °C" in answer.text
    assert person.post("/unwell/fever", temperature="²").status_code == 422


def test_what_i_feel_is_never_judged_by_the_invented_record(person: Any) -> None:
    person.example()
    answer = person.post("/unwell/fever", symptom="fever")
    twin = person.get(f"{answer.url.path}.json").json()
    assert "fever-on-treatment" in {one["id"] for one in [*twin["urgent"], *twin["perhaps"]]}


@pytest.mark.parametrize(("region", "number"), [("US", "911"), ("UK", "999"), ("DE", "112"), ("EU", "112")])
def test_the_numbers_of_the_place_dial_and_my_team_comes_first(person: Any, region: str, number: str) -> None:
    person.post("/guide/region", answer=region, do="next")
    person.post("/mine/team", name="Night line", phone="030 999", when="nights")
    text = person.post("/unwell/back", symptom="leg-weakness").text
    assert 0 < text.index('href="tel:030999"') < text.index(f'href="tel:{number}"')
    others = {"911", "999", "112"} - {number}
    assert not [one for one in others if f'href="tel:{one}"' in text]


def test_where_nobody_said_the_place_all_emergency_numbers_stand_there(person: Any) -> None:
    text = person.post("/unwell/back", symptom="leg-weakness").text
    for number in ("112", "999", "911"):
        assert f'href="tel:{number}"' in text


@pytest.mark.parametrize(
    ("region", "number"), [("US", "988"), ("UK", "116123"), ("DE", "08001110111"), ("EU", "116123"), ("", "988")]
)
def test_thoughts_of_ending_life_come_with_a_crisis_line(person: Any, region: str, number: str) -> None:
    if region:
        person.post("/guide/region", answer=region, do="next")
    text = person.post("/unwell/mood", symptom="suicidal-thoughts").text
    alarm = text[text.index('class="urgent emergency"') :]
    assert f'href="tel:{number}"' in alarm[: alarm.index("</section>")]


def test_the_numbers_have_sources_and_dial() -> None:
    for region in ("US", "UK", "DE", "EU", None):
        calls = calls_for(region, open_knowledge())
        assert calls.emergency and calls.crisis
        for one in [*calls.emergency, *calls.doctor, *calls.crisis]:
            assert one.sources and re.fullmatch(r"\+?\d{3,}", one.dial)


def test_another_sign_goes_into_the_same_entry_and_then_the_week(person: Any) -> None:
    answer = person.post("/unwell/belly", symptom="diarrhoea")
    entry = answer.url.path.rsplit("/", 1)[1]
    again = person.post("/unwell/fever", symptom="fever", entry=entry)
    assert again.url.path == answer.url.path
    assert f"/diary/new?entry={entry}" in again.text
    person.post("/diary/new", entry=entry, note="all day")
    (one,) = person.get("/diary.json").json()["entries"]
    assert one["symptoms"] == ["diarrhoea", "fever"] and one["note"] == "all day"


def test_no_alarm_is_no_promise(person: Any) -> None:
    text = person.post("/unwell/belly", symptom="constipation").text
    assert "not a promise" in text or "urgent" in text
