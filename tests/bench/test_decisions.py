"""The set of decisions: it tells no answer, it is the same each time, and dangerous mistakes are counted as such."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from linewise.bench.decisions import blind, encoded, made, open_set, packed
from linewise.bench.folder import write_folder
from linewise.bench.model import ANSWERS, Answer, Answers, Asked, Case, Decisions, Named, Said
from linewise.bench.page import score_page
from linewise.bench.score import read_answers, score
from linewise.bench.systems import references
from linewise.cli import main
from linewise.errors import LinewiseError
from linewise.exchange import Codes
from linewise.knowledge import Knowledge

NAMES = {
    "docetaxel": Named(label="docetaxel", is_=("taxane", "chemotherapy")),
    "trastuzumab": Named(label="trastuzumab", is_=("anti-her2",)),
    "taxane": Named(label="a taxane", is_=("chemotherapy",)),
}
MUST = Asked(about="option", names=("taxane", "trastuzumab"), expected="offered")
MUST_NOT = Asked(about="option", names=("trastuzumab",), expected="not-offered")
ILL = Asked(about="same-day", expected="raised")
CALM = Asked(about="alarm", names=("fever",), expected="not-raised")


def one_case(asked: Asked) -> Decisions:
    case = Case(id="c1", as_of="2026-01-01", region="EU", profile={}, questions=(asked,), name="told")
    return Decisions(format="", release="", digest="d", licence="", names=NAMES, alarms={"fever": "Fever"}, cases=(case,))


def answered(answer: Answer | None) -> Answers:
    return Answers(format=ANSWERS, set="d", system="theirs", answers=(answer,) if answer else ())


def option(*names: str, says: str = "offered") -> Answer:
    return Answer(case="c1", options=(msgspec.convert({"names": names, "says": says}, Said),))


@pytest.fixture(scope="module")
def decisions(knowledge: Knowledge) -> Decisions:
    return open_set(knowledge)


@pytest.fixture(scope="module")
def few(decisions: Decisions) -> Decisions:
    """Every fiftieth case: enough to compare, and quick."""
    return msgspec.structs.replace(decisions, cases=decisions.cases[::50])


@pytest.mark.parametrize(
    ("asked", "answer", "danger"),
    [
        (MUST, option("docetaxel", "trastuzumab"), None),
        (MUST, option("docetaxel"), "wrongly-withheld"),
        (MUST, option("docetaxel", "trastuzumab", says="depends"), "left-open"),
        (MUST, Answer(case="c1", options=()), "wrongly-withheld"),
        (MUST, Answer(case="c1", urgent=True), "no-answer"),
        (MUST, None, "no-answer"),
        (MUST_NOT, option("docetaxel", "trastuzumab"), "wrongly-offered"),
        (MUST_NOT, option("trastuzumab", says="depends"), None),
        (MUST_NOT, Answer(case="c1", options=()), None),
        (ILL, Answer(case="c1", urgent=False), "missed-alarm"),
        (ILL, Answer(case="c1", urgent=True), None),
        (ILL, Answer(case="c1", alarms=("fever",)), "no-answer"),
        (CALM, Answer(case="c1", alarms=("fever",)), "false-alarm"),
        (CALM, Answer(case="c1", alarms=()), None),
    ],
)
def test_each_answer_is_right_or_a_mistake_of_its_danger(asked: Asked, answer: Answer | None, danger: str | None) -> None:
    found = score(one_case(asked), answered(answer))
    assert {name for name, one in found.dangers.items() if one.count} == ({danger} if danger else set())
    assert (found.right, len(found.wrong)) == ((0, 1) if danger else (1, 0))


def test_the_most_dangerous_mistake_stands_first() -> None:
    case = one_case(MUST).cases[0]
    both = msgspec.structs.replace(one_case(MUST), cases=(msgspec.structs.replace(case, questions=(CALM, MUST_NOT)),))
    given = Answer(case="c1", options=(Said(names=("trastuzumab",), says="offered"),), alarms=("fever",))
    found = score(both, answered(given))
    assert [one.expected for one in found.wrong] == ["not-offered", "not-raised"]
    assert "c1  trastuzumab: offered, expected not-offered  (told)" in score_page(found, 1)
    assert "and 1 more" in score_page(found, 1)


def test_what_the_set_does_not_know_is_told_and_counts_for_nothing() -> None:
    strange = Answers(format=ANSWERS, set="d", system="theirs", answers=(option("herbal-tea"), Answer(case="c9")))
    found = score(one_case(MUST_NOT), strange)
    assert found.unknown == ("case c9", "name herbal-tea")
    assert found.right == 1
    assert "not in this set, so not counted: case c9; name herbal-tea" in score_page(found, 1)


def test_answers_to_another_set_or_twice_to_one_case_are_refused() -> None:
    with pytest.raises(LinewiseError, match="answers to the set other"):
        score(one_case(MUST), msgspec.structs.replace(answered(None), set="other"))
    with pytest.raises(LinewiseError, match="answered twice"):
        score(one_case(MUST), msgspec.structs.replace(answered(None), answers=(option("docetaxel"), option("trastuzumab"))))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "these are no answers"),
        ('{"format": "x", "set": "d", "system": "s", "answers": []}', "its format is `x`"),
        ('{"format": "linewise-answers/1", "set": "d", "system": "s", "answers": [{"case": "c1", "option": []}]}', "option"),
    ],
)
def test_a_file_that_holds_no_answers_says_what_is_wrong(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "answers.json").write_text(text, encoding="utf-8")
    with pytest.raises(LinewiseError, match=said):
        read_answers(tmp_path / "answers.json")


def test_every_case_asks_something_and_names_a_source(decisions: Decisions) -> None:
    assert len(decisions.cases) > 4000
    for case in decisions.cases:
        assert case.questions, case.name
        assert all(asked.expected for asked in case.questions), case.name
        assert case.sources and case.sources[0].title, case.name


def test_the_questions_tell_no_answer(decisions: Decisions) -> None:
    for case in blind(decisions).cases:
        assert all(asked.expected is None for asked in case.questions)
        assert (case.name, case.says, case.sources, "id" in case.profile) == ("", "", (), False)
        assert len(case.id) == 10


def test_the_set_is_the_same_each_time(decisions: Decisions, knowledge: Knowledge) -> None:
    assert packed(open_set(knowledge)) == packed(decisions)


def test_a_case_that_stands_twice_or_asks_about_no_drug_is_refused(knowledge: Knowledge, tmp_path: Path) -> None:
    case = "{id: a, as_of: 2026-01-01, region: EU, profile: {sex: female}, expect: {not_offered: [[%s]]}}"
    (tmp_path / "one.yaml").write_text(case % "no-such-drug", encoding="utf-8")
    with pytest.raises(LinewiseError, match="no drug, class or alarm is called no-such-drug"):
        made(tmp_path, knowledge)
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(case % "capecitabine", encoding="utf-8")
    with pytest.raises(LinewiseError, match="stands twice"):
        made(tmp_path, knowledge)


def test_the_folder_follows_its_schemas_and_is_the_same_each_time(
    few: Decisions, knowledge: Knowledge, codes: Codes, tmp_path: Path
) -> None:
    answers = references(few, knowledge, codes)
    named = [(name, one, score(few, one)) for name, one in zip(("linewise", "subtype"), answers, strict=True)]
    first, second = write_folder(tmp_path / "a", few, named, codes), write_folder(tmp_path / "b", few, named, codes)
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    read = {path.name: json.loads(path.read_bytes()) for path in first if path.suffix == ".json"}
    import jsonschema  # takes seconds, in every worker that collects this file

    for schema, files in {
        "decisions": ["decisions.json", "questions.json"],
        "answers": ["answers-linewise.json", "answers-subtype.json"],
        "score": ["score-linewise.json", "score-subtype.json"],
    }.items():
        for name in files:
            jsonschema.validate(read[name], read[f"{schema}.schema.json"])
    for case in read["questions.json"]["cases"]:
        jsonschema.validate(case["profile"], read["profile.schema.json"])
    assert named[0][2].wrong == (), "Linewise fails a case that its own suite does not"
    assert named[1][2].dangers["wrongly-offered"].count > len(few.cases) / 4


def test_the_command_scores_answers_of_another_system(
    decisions: Decisions, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    offered = [case for case in decisions.cases if any(one.expected == "offered" for one in case.questions)][:3]
    given = tuple(Answer(case=case.id, options=()) for case in offered)
    theirs = Answers(format=ANSWERS, set=decisions.digest, system="Offers nothing", answers=given)
    (tmp_path / "answers.json").write_bytes(encoded(theirs))
    assert main(["bench", "decisions", "--score", str(tmp_path / "answers.json")]) == 0
    page = capsys.readouterr().out
    assert "ANSWERS OF Offers nothing" in page
    assert f"set {decisions.digest}" in page
    assert main(["bench", "decisions", "--score", str(tmp_path / "none.json")]) == 2
    assert "cannot be read" in capsys.readouterr().err
