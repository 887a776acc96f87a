"""Papers in the app: read, shown beside their words, confirmed, and only then counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

LETTER = """Clinic letter 05/05/2024
Patient: Mrs Louisa Grantchester, DOB 02/02/1962.
Diagnosis: Metastatic breast cancer, bone (biopsy of the ilium 03/2024: ER 90 %, PR 20 %, HER2 1+). Possible liver metastasis, MRI requested.
Current treatment: letrozole and ribociclib since 04/2024.
Medications: apixaban 5 mg twice daily.
ECOG 1.
"""


def _given(person: Any, text: str = LETTER, name: str = "letter.txt") -> Any:
    return person.client.post("/papers", data={"csrf": person.csrf}, files={"file": (name, text.encode())})


def _answers(person: Any, **other: str) -> dict[str, str]:
    rows = person.get("/papers/check.json").json()["proposals"]
    return {f"a{row['number']}": row["answer"] for row in rows if row["answer"]} | other


def test_nothing_of_a_paper_counts_before_it_is_confirmed(person: Any) -> None:
    shown = _given(person)
    assert shown.status_code == 200
    assert "Is this right?" in shown.text
    assert person.get("/plan.json").status_code == 404


def test_a_finding_stands_beside_its_words_and_what_is_unsure_is_not_marked(person: Any) -> None:
    shown = _given(person)
    rows = person.get("/papers/check.json").json()["proposals"]
    er = next(row for row in rows if row["key"] == "er.percent")
    assert "ER 90 %" in er["quote"]
    assert er["answer"] == "right"
    assert f'<mark id="place-{er["number"]}">' in shown.text
    liver = next(row for row in rows if row["key"] == "metastatic_sites=liver")
    assert not liver["sure"]
    assert liver["answer"] == ""


def test_what_changes_the_plan_is_asked_first(person: Any) -> None:
    _given(person)
    rows = person.get("/papers/check.json").json()["proposals"]
    sure = [row["matters"] for row in rows if row["sure"]]
    assert True in sure and False in sure
    assert sure == sorted(sure, reverse=True)


def test_confirmed_facts_make_a_plan_that_shows_their_words(person: Any) -> None:
    _given(person)
    rows = person.get("/papers/check.json").json()["proposals"]
    er = next(row for row in rows if row["key"] == "er.percent")
    answer = person.post(
        "/papers/check", do="take", **_answers(person, **{f"a{er['number']}": "change", f"v{er['number']}": "80"})
    )
    assert answer.status_code == 200
    record = person.get("/record").text
    assert "letter of 5 May 2024: ER 90 %" in record  # the paper, its day, its words
    health = person.get("/mine/export.json").json()["health"]["imported"]["entries"]
    percent = next(one for one in health if one["fact"] == "er-percent")
    assert percent["value"] == 80
    assert percent["origin"]["text"].startswith("ER 90 %")
    assert [one["value"] for one in health if one["fact"] == "sites"] == ["bone"]


def test_a_paper_of_another_person_is_noticed(person: Any) -> None:
    _given(person)
    person.post("/papers/check", do="take", **_answers(person))
    shown = _given(person, LETTER.replace("02/02/1962", "03/03/1975"))
    assert "1975" in shown.text and "same person" in shown.text
    refused = person.post("/papers/check", do="take", **_answers(person))
    assert refused.status_code == 422


def test_a_paper_is_kept_sealed_only_where_that_was_wished(person: Any, tmp_path: Path) -> None:
    person.post("/start/keep", label="A", passphrase="four words in one row", again="four words in one row", understood="yes")
    _given(person)
    person.post("/papers/check", do="take", keep="yes", **_answers(person))
    one = person.get("/papers.json").json()["papers"][0]
    assert one["kept"], one
    assert person.get(f"/papers/{one['id']}").content == LETTER.encode()
    assert b"Grantchester" not in b"".join(path.read_bytes() for path in (tmp_path / "data").glob("*.sqlite*"))
    person.post(f"/papers/{one['id']}/forget")
    assert person.get("/papers.json").json()["papers"] == []


def test_what_cannot_be_read_is_said(person: Any) -> None:
    answer = person.client.post(
        "/papers", data={"csrf": person.csrf}, files={"file": ("x.doc", b"\xd0\xcf\x11\xe0" + b"\0" * 600)}
    )
    assert answer.status_code == 422
    assert "old Word" in answer.text
