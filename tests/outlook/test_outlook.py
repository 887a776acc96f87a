"""Somebody asks how long: words first, figures only on request, only of people like them, and no number that the knowledge does not hold."""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
import random
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from linewise.cli import main
from linewise.exchange import Codes, read_bytes
from linewise.knowledge import Knowledge
from linewise.logic import parse
from linewise.outlook import Outlook, make_outlook
from linewise.outlook.model import Figure
from linewise.outlook.people import Standpoint, Unfit, fitting
from linewise.outlook.picture import as_svg, as_text
from linewise.plan import make_plan
from linewise.record import Entry, Origin, Record
from people import person
from places import ROOT

DAY = dt.date(2026, 12, 1)
SHARES = {"worst": (90, 0.25), "lower": (75, 0.5), "upper": (25, 2.0), "best": (10, 3.0)}
"""Of 100 people, how many lived longer than so many times the median (Kiely 2011)."""
HARDEST = 8.0

HORMONE_POSITIVE: dict[str, Any] = {
    "id": "hormone-positive", "region": "EU", "sex": "female", "age": 61, "menopausal_status": "postmenopausal",
    "er": {"status": "positive", "percent": 90}, "pr": {"status": "positive"}, "her2": {"ihc": "0"},
    "metastatic_sites": ["bone"], "brain": {"status": "none"}, "visceral_crisis": False, "ecog": 1,
    "adjuvant": [], "metastatic_lines": [], "comorbidities": [],
}  # fmt: skip
TRIPLE_NEGATIVE = HORMONE_POSITIVE | {
    "id": "triple-negative", "er": {"status": "negative"}, "pr": {"status": "negative"}, "pdl1": {"cps": 18}, "metastatic_sites": ["lung"],
}  # fmt: skip


@pytest.fixture
def ask(knowledge: Knowledge, codes: Codes) -> Any:
    def asked(profile: dict[str, Any], figures: bool = True, arms: bool = False) -> Outlook:
        (record,) = read_bytes(json.dumps(profile).encode(), "a person", codes)
        return make_outlook(make_plan(record, knowledge, DAY), figures=figures, arms=arms)

    return asked


def of(outlook: Outlook, trial: str) -> Figure:
    (found,) = [one for one in outlook.figures if one.trial == trial]
    return found


# Asked, or not


def test_without_being_asked_there_is_no_figure_anywhere(ask: Any) -> None:
    found = ask(HORMONE_POSITIVE, figures=False)
    assert not found.asked and not found.figures and not found.refused and not found.arms
    said = " ".join([*found.before, *found.changes, *found.stays, *found.support])
    assert not re.search(r"\d", said), "words alone hold no number"


def test_the_terminal_shows_words_alone_until_figures_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    record = str(ROOT / "examples/chiara-triple-negative.yaml")
    assert main(["outlook", record, "--as-of", "2026-12-01"]) == 0
    words = capsys.readouterr().out
    assert "--figures" in words and not re.search(r"\d+ (of 100|months|years)", words)
    assert main(["outlook", record, "--as-of", "2026-12-01", "--figures"]) == 0
    figures = capsys.readouterr().out
    assert figures.index("not a forecast") < figures.index("10 of 100")
    assert figures.index("10 of 100") < figures.index("You are not alone")


def test_json_holds_no_figure_that_was_not_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    record = str(ROOT / "examples/chiara-triple-negative.yaml")
    assert main(["outlook", record, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["figures"] == []


class _Terminal:
    def __init__(self, answers: list[str]) -> None:
        self.answers = answers

    def __call__(self, question: str) -> str:
        return self.answers.pop(0)


@pytest.mark.parametrize(("answers", "shown"), [(["n"], 0), ([""], 0), (["y", "n"], 1), (["y", "y", "y", "y", "y", "y"], 2)])
def test_somebody_can_stop_at_any_time(
    answers: list[str], shown: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "me.json"
    path.write_text(json.dumps(HORMONE_POSITIVE))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", _Terminal(answers))
    assert main(["outlook", str(path), "--as-of", "2026-12-01"]) == 0
    out = capsys.readouterr().out
    assert (out.count("A picture of 100 people") >= shown) if shown > 1 else (out.count("A picture of 100 people") == shown)
    assert "You are not alone" in out


# Whose figures


def test_a_first_treatment_has_the_figures_of_a_first_treatment(ask: Any, knowledge: Knowledge) -> None:
    found = ask(HORMONE_POSITIVE)
    figure = of(found, "monaleesa-2")
    (result,) = [one for one in knowledge.evidence["monaleesa-2"].results if one.endpoint == "OS"]
    assert (figure.median, figure.year, figure.checked) == (result.treatment, "2022", "endocrine-trials")
    assert figure.like == "yes"


def test_the_treatment_of_now_is_told_from_its_own_beginning(ask: Any) -> None:
    """On a first treatment nobody is untreated any more; the people of its trial were like this person when it began."""
    found = ask(HORMONE_POSITIVE | {"metastatic_lines": [{"drugs": ["ribociclib", "letrozole"], "months": 21}]})
    figure = of(found, "monaleesa-2")
    assert figure.counted == "present"
    assert any("lies behind you" in line for line in figure.sentences)


def test_the_comparator_has_its_own_figure(ask: Any, knowledge: Knowledge) -> None:
    found = ask(HORMONE_POSITIVE | {"metastatic_lines": [{"drugs": ["letrozole"], "months": 5}]})
    shown = [one for one in found.figures if one.counted == "present"]
    for one in shown:
        control = [each.control for each in knowledge.evidence[one.trial].results if each.endpoint == "OS"]
        assert one.median in control, one.trial


def test_a_drug_more_is_another_treatment(ask: Any) -> None:
    """Letrozole alone was a comparator; letrozole with another drug was not."""
    found = ask(HORMONE_POSITIVE | {"metastatic_lines": [{"drugs": ["everolimus", "letrozole"], "months": 5}]})
    assert [one for one in found.figures if one.counted == "present"] == []


def test_a_drug_less_is_another_treatment(ask: Any) -> None:
    """DESTINY-Breast02 compared with capecitabine and a HER2 drug; capecitabine alone was nobody's treatment there."""
    her2_positive = TRIPLE_NEGATIVE | {"her2": {"ihc": "3+"}}
    behind = [{"drugs": [drug], "stopped_for": "progression"} for drug in ("trastuzumab", "trastuzumab-emtansine")]
    alone = ask(her2_positive | {"metastatic_lines": [*behind, {"drugs": ["capecitabine"], "months": 3}]})
    beside = ask(her2_positive | {"metastatic_lines": [*behind, {"drugs": ["capecitabine", "trastuzumab"], "months": 3}]})
    assert "destiny-breast02" not in {one.trial for one in alone.figures if one.counted == "present"}
    assert of(beside, "her2climb").counted == "present", "its comparator was just that, in people who are closer"
    assert ("destiny-breast02", "closer") in {(one.trial, one.why) for one in beside.refused}


def test_a_group_is_shown_only_to_those_who_are_known_to_be_in_it(ask: Any) -> None:
    assert of(ask(TRIPLE_NEGATIVE), "keynote-355").group == "CPS 10 or more"
    low = ask(TRIPLE_NEGATIVE | {"pdl1": {"cps": 4}})
    unknown = ask({key: value for key, value in TRIPLE_NEGATIVE.items() if key != "pdl1"})
    for one in (*low.figures, *unknown.figures):
        assert one.trial != "keynote-355" or (one.group == "CPS 1 or more" and one in low.figures)


def test_unknown_is_never_a_match(ask: Any, knowledge: Knowledge) -> None:
    found = ask({"sex": "female", "metastatic_sites": ["liver"]})
    assert found.figures == [] and found.none == knowledge.wording.outlook.sentences["none"]  # type: ignore[union-attr]


@pytest.mark.parametrize(("age", "why"), [(70.0, ""), (50.0, "not-like"), (None, "not-known")])
def test_a_study_is_of_those_who_are_known_to_be_like_its_people(age: float | None, why: str, knowledge: Knowledge) -> None:
    trial = next(one for one in knowledge.evidence.values() if any(not result.group for result in one.results))
    entries = [] if age is None else [Entry(fact="age", value=age, origin=Origin("a record"))]
    plan = make_plan(Record(entries=entries), knowledge, DAY, "EU")
    older = msgspec.structs.replace(trial, people=parse("age >= 65"))
    found = fitting(older, list(trial.results), Standpoint(plan.decider, plan.words))
    assert (found.why if isinstance(found, Unfit) else "") == why


@pytest.mark.parametrize(
    "told",
    [
        {"ecog": 3},
        {"visceral_crisis": True},
        {"brain": {"status": "active"}, "metastatic_sites": ["brain"]},
        {"metastatic_sites": []},
    ],
)
def test_people_whom_trials_leave_out_get_no_figure_and_a_reason(told: dict[str, Any], ask: Any) -> None:
    found = ask(TRIPLE_NEGATIVE | told)
    assert found.figures == [] and found.none is not None and len(found.none) > 60


def test_what_is_not_known_of_somebody_is_said_beside_the_figure(ask: Any) -> None:
    found = ask({key: value for key, value in HORMONE_POSITIVE.items() if key != "ecog"})
    figure = of(found, "monaleesa-2")
    assert figure.like == "in-part" and any("ECOG" in one for one in figure.not_known)


def test_one_treatment_has_one_figure(ask: Any) -> None:
    """Two studies of one treatment give two numbers; a frightened person is shown the closer one."""
    found = ask(json.loads(json.dumps(HORMONE_POSITIVE)))
    heads = [one.head for one in found.figures]
    assert len(heads) == len(set(heads)) > 1


# Every number


def test_every_number_is_of_the_knowledge_or_a_checked_multiple_of_it(ask: Any, knowledge: Knowledge) -> None:
    """Over invented people: the median is one arm's own, ends are multiples of it, landmarks are as published, and the pictures hold 100 people."""
    seen = 0
    for seed in range(160):
        for one in ask(person(random.Random(seed))).figures:
            seen += 1
            results = knowledge.evidence[one.trial].results
            if one.median is not None:
                assert any(
                    one.median in (each.treatment, each.control) and each.endpoint == "OS" and each.group == one.group
                    for each in results
                )
            for end in one.scenarios:
                alive, times = SHARES[end.id]
                assert one.median is not None and (end.alive, end.months) == (alive, times * one.median)
                assert end.near is not None or end.id in ("lower", "upper"), "the outer ends only where they were checked"
            for mark in one.landmarks:
                names = {f"OS at {mark.months // 12} years", f"OS at {mark.months} months"}
                assert any(each.endpoint in names and mark.alive in (each.treatment, each.control) for each in results)
            for picture in one.pictures:
                assert sum(part.count for part in picture) == 100
            _printed_numbers_follow(one)
    assert seen >= 10, "the people must have figures for this to say something"


def _printed_numbers_follow(one: Figure) -> None:
    """No number stands in a sentence but counts of people, the year, and the lengths of time, as rounded."""
    ends = [end.months for end in one.scenarios] + ([one.median] if one.median is not None else [])
    allowed = {100, *(end.alive for end in one.scenarios), *(100 - end.alive for end in one.scenarios)}
    for months in ends:
        allowed |= {max(round(months), 1), *divmod(round(months), 12), round(months / 6) // 2}
    for mark in one.landmarks:
        allowed |= {round(mark.months), round(mark.months) // 12, mark.alive}  # type: ignore[arg-type]
    for line in one.sentences:
        if not line.startswith(("The people in this study", "Counted here", "Published", "Time is counted")):
            for number in re.findall(r"\d+(?:\.\d+)?", line):
                assert float(number) in allowed, f"{one.trial}: {number} in {line}"


def test_no_figure_is_of_other_people(knowledge: Knowledge, codes: Codes) -> None:
    """Over invented people, asked of the plan's own decider: the trial's people and the counted group hold; nothing that trials leave out does."""
    seen = 0
    for seed in range(160):
        (record,) = read_bytes(json.dumps(person(random.Random(seed))).encode(), "a person", codes)
        plan = make_plan(record, knowledge, DAY)
        holds = plan.decider.value
        for one in make_outlook(plan, figures=True).figures:
            assert not any(holds(limit.when) is True for limit in knowledge.outlook.limits)
            if one.counted == "option":
                seen += 1
                trial = knowledge.evidence[one.trial]
                assert trial.people is not None and holds(trial.people) is True, (seed, one.trial)
                if one.group:
                    assert any(each.group == one.group and each.people and holds(each.people) is True for each in trial.results)
    assert seen >= 10


def test_no_two_medians_are_joined(ask: Any, knowledge: Knowledge) -> None:
    published = {
        value for trial in knowledge.evidence.values() for one in trial.results for value in (one.treatment, one.control)
    }
    for profile in (HORMONE_POSITIVE, TRIPLE_NEGATIVE):
        assert {one.median for one in ask(profile).figures} - {None} <= published


def test_the_multiples_are_those_of_the_paper(knowledge: Knowledge) -> None:
    assert {one.id: (one.alive, one.times) for one in knowledge.outlook.scenarios} == SHARES
    first = next(one for one in knowledge.outlook.checked if one.id == "first-chemotherapy-trials")
    assert first.share == {"worst": 73, "lower": 97, "upper": 95, "best": 96}
    endocrine = next(one for one in knowledge.outlook.checked if one.id == "endocrine-trials")
    assert endocrine.share == {"worst": 80, "lower": 93, "upper": 76}


def test_a_team_sees_the_published_arms_as_they_stand(ask: Any, knowledge: Knowledge) -> None:
    rows = ask(TRIPLE_NEGATIVE, figures=False, arms=True).arms
    assert rows
    for row in rows:
        found = [
            one for one in knowledge.evidence[row.trial].results
            if (one.endpoint, one.group, one.treatment, one.control, one.hr) == (row.endpoint, row.group, row.treatment_result, row.control_result, row.hr)
        ]  # fmt: skip
        assert len(found) == 1 and row.sources


# Words and pictures


def test_the_words_are_easy_to_read(ask: Any) -> None:
    spec = importlib.util.spec_from_file_location("readability", ROOT / "tests/knowledge/test_readability.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = ask(HORMONE_POSITIVE)
    words = [*found.before, *found.meaning, *found.changes, *found.stays, *found.support]
    assert module.grade(" ".join(words)) <= HARDEST
    told = [line for figure in found.figures for line in figure.sentences]
    assert module.grade(" ".join(dict.fromkeys(told))) <= HARDEST


def test_the_picture_says_in_text_what_it_draws(ask: Any) -> None:
    (picture,) = of(ask(HORMONE_POSITIVE), "monaleesa-2").pictures
    rows = as_text(picture)
    assert "".join(rows[:5]).replace(" ", "") == "".join(part.sign * part.count for part in picture)
    drawn = as_svg(picture, "100 people")
    assert drawn.count("<circle") == 100 and all(word in drawn for part in picture for word in part.label.split())
    assert 'role="img"' in drawn and 'aria-label="100 people"' in drawn


def test_a_red_flag_comes_before_everything(ask: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    told = HORMONE_POSITIVE | {"symptoms": [{"name": "back-pain", "grade": 3}, {"name": "leg-weakness", "grade": 2}]}
    found = ask(told)
    assert found.first
    path = tmp_path / "me.json"
    path.write_text(json.dumps(told))
    assert main(["outlook", str(path)]) == 0
    out = capsys.readouterr().out
    assert out.index(found.first[0].split(":")[0]) < out.index("You asked a hard question")


@pytest.mark.parametrize(("months", "said"), [(0.4, "1 month"), (14.3, "14 months"), (23.4, "23 months"), (24.2, "2 years"), (57.1, "4 years and 9 months"), (127.8, "10 and a half years"), (200.4, "16 and a half years")])  # fmt: skip
def test_lengths_of_time_are_said_as_people_say_them(months: float, said: str, knowledge: Knowledge) -> None:
    from linewise.outlook.spans import span

    assert span(months, knowledge.wording.outlook.spans, about=False) == said  # type: ignore[union-attr]
