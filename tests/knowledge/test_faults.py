"""`linewise knowledge check` finds what is wrong, and says where: each fault below is one that an author could make."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from small import BASE

from linewise.errors import KnowledgeError
from linewise.knowledge import folder as knowledge_folder
from linewise.knowledge.check import check_folder
from linewise.knowledge.load import load
from linewise.knowledge.model import When
from linewise.knowledge.store import compiled, opened

TREATMENT = "treatments/alfa.yaml"


def faults(root: Path) -> list[str]:
    return check_folder(root)[0]


def test_the_base_has_no_fault(folder: Callable[..., Path]) -> None:
    assert faults(folder()) == []


def test_the_knowledge_of_the_project_has_no_fault() -> None:
    root = knowledge_folder()
    assert root is not None
    assert faults(root) == []


TEXT = """
id: alfa-alone
title: Alfa
kind: systemic
drugs: [alfa]
plain: A tablet.
fits: marker is positive
standing:
  - {body: FDA, region: US, since: 2020-03, says: approved, source: label-2020}
"""


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("marker is positive", "markr is positive"), "treatments/alfa.yaml:7:7: unknown fact `markr`"),
        (("marker is positive", "marker is maybe"), "treatments/alfa.yaml:7"),
        (("marker is positive", "level >= 120"), "treatments/alfa.yaml:7"),
        (("marker is positive", "marker is positive and"), "treatments/alfa.yaml:7"),
        (("marker is positive", "marker is positive and marker is negative"), "treatments/alfa.yaml:7"),
        (("marker is positive", "had charlie"), "unknown drug or class `charlie`"),
        (("drugs: [alfa]", "drugs: [bravo]"), "there is no drug `bravo`"),
        (("source: label-2020", "source: label-2021"), "there is no source `label-2021`"),
        ((", source: label-2020", ""), "no source"),
        (("since: 2020-03", "since: 2020-13"), "`2020-13` is not a date"),
        (("since: 2020-03", "since: 2020-03, until: 2019-01"), "is not after since"),
        (("since: 2020-03", "since: 2031-03"), "lies in the future"),
        (("says: approved", "says: allowed"), "treatments/alfa.yaml:9"),
        (("region: US", "region: FR"), "treatments/alfa.yaml:9: there is no region `FR`; there are US"),
        (
            ("region: US", "region: US, deciding: [US]"),
            "treatments/alfa.yaml:9: `deciding` is worked out from regions.yaml: leave it out",
        ),
        (
            ("kind: systemic", "kind: sistemic"),
            "treatments/alfa.yaml:4: kind: `sistemic` is none of systemic, local, bone, supportive; did you mean `systemic`?",
        ),
        (
            ("plain: A tablet.", "plan: A tablet."),
            "treatments/alfa.yaml:6: plan: there is no member `plan`; did you mean `plain`?",
        ),
        (("body: FDA, ", ""), "treatments/alfa.yaml:9: standing[0]: `body` is missing"),
        (
            ("source: label-2020}", "source: label-202}"),
            "treatments/alfa.yaml:9: alfa-alone: there is no source `label-202`; did you mean `label-2020`?",
        ),
        (
            ("drugs: [alfa]", "drugs:\n  - alfa\n  - alfb"),
            "treatments/alfa.yaml:7: alfa-alone: there is no drug `alfb`; did you mean `alfa`?",
        ),
        (("title: Alfa", "titel: Alfa"), "titel"),
        (("plain: A tablet.", "evidence: [no-trial]"), "there is no trial `no-trial`"),
        (("id: alfa-alone\n", ""), "an `id` is missing"),
        (("title: Alfa", "title: Alfa\ntitle: Again"), "`title` stands twice"),
        (("title: Alfa", "title: [Alfa"), "this is not YAML"),
        (
            ("title: Alfa", "title: Alfa\nregimen: [{drug: alfa, route: tablet}]"),
            "treatments/alfa.yaml:4: regimen[0].route: `tablet` is none of oral, intravenous",
        ),
        (
            ("title: Alfa", "title: Alfa\navoid: [{id: markr, text: No., source: label-2020}]"),
            "there is no caution (cautions.yaml) `markr`; did you mean `marker`?",
        ),
        (
            ("title: Alfa", "title: Alfa\nmonitor: [{test: blood, at: [befor, day15], source: label-2020}]"),
            "treatments/alfa.yaml:4: at[0]: `befor` names no days: write it as before, day 15",
        ),
        (
            ("title: Alfa", "title: Alfa\nmonitor: [{test: blood, at: [before, day15], source: label-2020}]"),
            "at[1]: `day15` names no days",
        ),
        (
            ("title: Alfa", "title: Alfa\nmonitor: [{test: blood, then: every now and then, source: label-2020}]"),
            "`every now and then` does not say how it goes on: write it as monthly",
        ),
    ],
)
def test_a_fault_is_named_with_its_place(folder: Callable[..., Path], change: tuple[str, str], expected: str) -> None:
    assert change[0] in TEXT
    found = faults(folder({TREATMENT: TEXT.replace(*change)}))
    assert any(expected in fault for fault in found), found


@pytest.mark.parametrize("words", ["a year", "six months", "0 months", "6", "6 moths"])
def test_how_long_a_value_counts_is_a_span_of_time(folder: Callable[..., Path], words: str) -> None:
    """It passed the check, and every plan of a record with that fact ended in a traceback."""
    found = faults(folder({"facts/more.yaml": f"- {{id: lately, label: l, type: yes-no, current-for: {words}}}\n"}))
    assert any(f"`{words}` is not a span of time: write it as 10 days, 6 months or 2 years" in fault for fault in found), found


def test_the_kind_of_a_source_is_one_of_a_few(folder: Callable[..., Path]) -> None:
    found = faults(folder({"sources/more.yaml": "other-2021: {title: T, publisher: P, kind: lable}\n"}))
    assert any("sources/more.yaml:1: kind: `lable` is none of page, label, approval" in fault for fault in found), found


def test_a_fault_is_said_once(folder: Callable[..., Path]) -> None:
    found = faults(
        folder({TREATMENT: TEXT.replace("label-2020", "nothing") + TEXT.split("standing:")[1].replace("label-2020", "nothing")})
    )
    assert len(found) == len(set(found))


def test_an_unused_source_and_a_double_id_are_faults(folder: Callable[..., Path]) -> None:
    found = faults(folder({"sources/more.yaml": "other-2021: {title: T, publisher: P}\nlabel-2020: {title: T, publisher: P}\n"}))
    assert any("nothing uses this source" in fault for fault in found)
    assert any("`label-2020` is already in" in fault for fault in found)


def test_an_error_in_a_folded_criterion_points_at_its_own_line(folder: Callable[..., Path]) -> None:
    folded = TEXT.replace(
        "fits: marker is positive",
        "fits: >\n  marker is positive\n  and levle >= 10   # a comment ends with its line\n  and level <= 50",
    )
    found = faults(folder({TREATMENT: folded}))
    assert any(fault.startswith("knowledge/treatments/alfa.yaml:9:7:") for fault in found), found


@pytest.mark.parametrize("mark", ["needed", '"needed:"', "later"])
def test_a_mark_says_why_and_who_could_confirm_it(folder: Callable[..., Path], mark: str) -> None:
    marked = TEXT.replace("source: label-2020}", f"source: label-2020, review: {mark}}}")
    assert any("why it could not be confirmed" in fault for fault in faults(folder({TREATMENT: marked})))
    reasoned = marked.replace(f"review: {mark}", 'review: "needed: the label was not read; a pharmacist can confirm it"')
    assert not any("why it could not be confirmed" in fault for fault in faults(folder({TREATMENT: reasoned})))


def test_a_review_that_has_passed_is_remarked(folder: Callable[..., Path]) -> None:
    root = folder({TREATMENT: TEXT + "review: {last: 2024-01-01, next: 2025-01-01}\n"})
    assert any("has passed" in remark for remark in check_folder(root, dt.date(2026, 1, 1))[1])
    assert not any("has passed" in remark for remark in check_folder(root, dt.date(2024, 6, 1))[1])


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024", dt.date(2024, 1, 1), dt.date(2024, 12, 31)),
        ("2024-02", dt.date(2024, 2, 1), dt.date(2024, 2, 29)),
        ("2023-12", dt.date(2023, 12, 1), dt.date(2023, 12, 31)),
        ("2024-06-17", dt.date(2024, 6, 17), dt.date(2024, 6, 17)),
    ],
)
def test_as_much_of_a_date_as_is_known(text: str, first: dt.date, last: dt.date) -> None:
    assert (When(text).first, When(text).last) == (first, last)


def test_a_statement_is_never_in_force_a_day_too_early_or_too_long(folder: Callable[..., Path]) -> None:
    (statement,) = load(folder()).treatments["alfa-alone"].standing  # since 2020-03, until 2022-09
    assert not statement.in_force(dt.date(2020, 3, 30))
    assert statement.in_force(dt.date(2020, 3, 31))
    assert statement.in_force(dt.date(2022, 8, 31))
    assert not statement.in_force(dt.date(2022, 9, 1))


def test_a_statement_that_takes_over_in_the_same_month_leaves_no_gap(folder: Callable[..., Path]) -> None:
    text = (
        TEXT.replace("since: 2020-03,", "since: 2020-03, until: 2022-09,")
        + "  - {body: FDA, region: US, since: 2022-09, says: approved, source: label-2020}\n"
    )
    standing = load(folder({TREATMENT: text})).treatments["alfa-alone"].standing
    day = dt.date(2022, 8, 15)
    while day < dt.date(2022, 10, 15):
        assert sum(one.in_force(day) for one in standing) == 1, day
        day += dt.timedelta(days=1)


def test_the_artefact_is_made_again_when_a_file_changes(
    folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = folder()
    assert compiled(root).drugs["alfa"].label == "alfa"
    artefacts = list((tmp_path / "cache" / "linewise").glob("*.msgpack"))
    assert len(artefacts) == 1
    artefacts[0].write_bytes(b"broken")
    assert compiled(root).drugs["alfa"].label == "alfa"
    folder({"drugs/alfa.yaml": "{id: alfa, label: another name, classes: [blocker]}\n"})
    assert compiled(root).drugs["alfa"].label == "another name"


GUIDE = """
sections: {about: About you}
first-answer: 1
steps:
  - {id: marker, member: marker, section: about, when: marker is not known, report: marker}
generic: {question: What?, where: There.}
report: {marker: "Marker: positive"}
example: {label: Example, profile: {age: 50}}
"""


def test_a_right_guide_has_no_fault(folder: Callable[..., Path]) -> None:
    assert faults(folder({"guide.yaml": GUIDE})) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("when: marker is not known", "when: markr is not known"), "guide.yaml:5:56: unknown fact `markr`"),
        (("when: marker is not known", "when: marker is is known"), "guide.yaml:5"),
        (
            ("member: marker,", "membr: marker,"),
            "guide.yaml:5: steps[0].membr: there is no member `membr`; did you mean `member`?",
        ),
        (("section: about,", "section: abuot,"), "there is no section `abuot`; did you mean `about`?"),
        (("report: marker}", "report: markr}"), "there is no line of the drawn report `markr`"),
        (("first-answer: 1", "first-answer: soon"), "guide.yaml:3: first-answer: Expected `int`"),
        (("report: {", "groups: [{id: g, title: G, symptoms: [fevr]}]\nreport: {"), "there is no symptom `fevr`"),
        (("report: {", "compare: [{label: Hair, effects: [hair]}]\nreport: {"), "there is no effect `hair`"),
    ],
)
def test_a_mistyped_guide_is_named_with_its_place(folder: Callable[..., Path], change: tuple[str, str], expected: str) -> None:
    """Its criteria were read at each request: a wrong one ended in an error of the app."""
    assert change[0] in GUIDE
    found = faults(folder({"guide.yaml": GUIDE.replace(*change)}))
    assert any(expected in fault for fault in found), found


def test_what_code_knows_by_name_must_be_there(folder: Callable[..., Path]) -> None:
    text = BASE["facts/anchors.yaml"]
    gone = folder({"facts/anchors.yaml": text.replace("id: metastatic", "id: spread")})
    assert "facts: the program needs a fact `metastatic`, and there is none" in faults(gone)
    with pytest.raises(KnowledgeError, match="the program needs a fact `metastatic`"):
        opened(gone)
    other = folder({"facts/anchors.yaml": text.replace("    female:\n      label: female\n", "")})
    assert faults(other) == ["facts: the program needs `sex` to have the value `female`, and it has male"]


@pytest.mark.parametrize(
    ("file", "change", "expected"),
    [
        ("treatments/alfa.yaml", ("dose: 10 mg, route: oral, schedule: once daily, ", ""), "does not say how `alfa` is given"),
        ("evidence/labels/alfa.yaml", ("often: very-common, ", ""), "side effects: 2 of 3 have a frequency"),
        ("evidence/labels/alfa.yaml", ("serious: true, ", ""), "side effects: none is marked as serious"),
        ("sources/all.yaml", (", url: https://example.org", ""), "no address (`url`)"),
        ("sources/all.yaml", ("date: 2020, ", ""), "neither a `date` nor, under `undated`"),
    ],
)
def test_what_an_answer_needs_is_there_or_named(
    folder: Callable[..., Path], file: str, change: tuple[str, str], expected: str
) -> None:
    assert change[0] in BASE[file]
    found = faults(folder({file: BASE[file].replace(*change)}))
    assert any(expected in fault for fault in found), found
