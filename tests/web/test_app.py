"""The app from outside: pages, forms, keeping, and everything that can go wrong."""

from __future__ import annotations

import json
import re
import zlib
from typing import Any

import pytest

from linewise.web import shield
from linewise.web.app import VIEWS

from . import people

PROFILE = json.dumps(people.SECOND_LINE).encode()


def pages(person: Any) -> list[str]:
    """Every page that can be read, with something in the place of names."""
    option = person.get("/plan.json").json()["options"][0]["id"]
    filled = {
        "option": option,
        "page": "receptors-and-subtypes",
        "source": "nci-pro-ctcae",
        "step": "er",
        "group": "fever",
        "drug": "tamoxifen",
        "effect": "diarrhoea",
    }
    found = []
    for view in VIEWS:
        if "GET" in view.methods and not view.file and "{person}" not in view.path and "{entry}" not in view.path:
            found.append(re.sub(r"{(\w+)}", lambda part: filled[part[1]], view.path))
    return sorted(found, key=lambda path: path.startswith("/guide"))  # own questions close the invented person: last


def test_every_page_answers_twice_and_stays_small(person: Any) -> None:
    person.example()
    for path in pages(person):
        html, twin = person.get(path), person.get(f"{path}.json")
        assert html.status_code == twin.status_code == 200, path
        assert twin.headers["content-type"] == "application/json"
        if "text/html" in html.headers["content-type"]:
            assert len(html.content) < 100_000, path
            assert html.text.count("<h1") == 1, path


def test_headers_are_strict_everywhere(person: Any) -> None:
    for path in ("/start", "/start.json", "/nothing", "/static/linewise.css", "/openapi.json"):
        headers = person.get(path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert "cache-control" in headers


def test_no_script_and_no_style_inside_pages(person: Any) -> None:
    person.example()
    for path in pages(person):
        text = person.get(path).text
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path
        assert not re.search(r"<style|\sstyle=|\son\w+=", text), path
        assert not re.search(r'src="(?!/static/)|<link[^>]*href="(?!/static/)', text), path


def test_pages_without_a_record_lead_to_the_start(person: Any) -> None:
    assert person.get("/plan").url.path == "/start"
    answer = person.get("/plan.json")
    assert answer.status_code == 404
    assert "no record yet" in answer.json()["error"]


def test_another_host_is_refused(person: Any) -> None:
    answer = person.get("/start", headers={"host": "evil.example"})
    assert answer.status_code == 421


@pytest.mark.parametrize("path", [view.path for view in VIEWS if "POST" in view.methods and "{" not in view.path])
def test_forms_need_the_token_of_the_session(person: Any, path: str) -> None:
    for form in ({}, {"csrf": "wrong"}):
        answer = person.client.post(path, data=form)
        assert answer.status_code == 403, path
        assert "Nothing was saved" in answer.text


def test_a_form_from_another_site_is_refused_even_with_the_token(person: Any) -> None:
    answer = person.client.post("/start/example", data={"csrf": person.csrf}, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403


def test_cookie_is_kept_from_scripts_and_other_sites(person: Any) -> None:
    cookie = person.get("/start").headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie


def test_a_file_becomes_a_plan(person: Any) -> None:
    assert person.upload(PROFILE).url.path == "/record"
    plan = person.get("/plan.json").json()
    assert plan["subject"]["subtype"] == "HR+/HER2-"
    assert any(option["status"] == "suitable" for option in plan["options"])


def test_html_in_a_name_stays_text(person: Any) -> None:
    person.upload(PROFILE)
    for path in ("/plan", "/record", "/visit/sheet"):
        text = person.get(path).text
        assert "<b>name</b>" not in text, path
    assert "Example &lt;b&gt;name" in person.get("/plan").text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "Choose a file first"),
        (b"{", "cut off"),
        (b"PK\x03\x04" + b"\0" * 100, "archive"),
        (b"\x1f\x8b" + b"\0" * 100, "archive"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, ""),
        (b"[" * 100_000, ""),
        (b'{"sex": "female", "nonsense": 1}', "nonsense"),
        (b'{"resourceType": "Bundle"}', ""),
        (b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]", ""),
    ],
)
def test_bad_files_get_a_clear_message_beside_the_field(person: Any, data: bytes, said: str) -> None:
    answer = person.upload(data)
    assert answer.status_code == 422
    assert 'id="error-file"' in answer.text and 'aria-describedby="error-file"' in answer.text
    assert said in answer.text
    assert "Traceback" not in answer.text


def test_too_big_is_refused_before_it_is_read(person: Any) -> None:
    def drops() -> Any:
        for _ in range(300):
            yield b"x" * 10_000

    headers = {"content-length": str(200 * 1024 * 1024), "content-type": "multipart/form-data; boundary=x"}
    answer = person.client.post("/start/import", content=b"x" * 1000, headers=headers)
    assert answer.status_code == 413
    assert shield.TOO_BIG in answer.text
    unsaid = {"content-type": "application/x-www-form-urlencoded"}
    assert person.client.post("/visit", content=drops(), headers=unsaid).status_code == 413


def test_a_record_of_somebody_else_is_asked_about(person: Any) -> None:
    person.upload(PROFILE)
    other = json.dumps({**people.SECOND_LINE, "id": "somebody else"}).encode()
    answer = person.upload(other)
    assert answer.status_code == 409
    assert "another one" in answer.text
    assert person.get("/plan.json").json()["subject"]["id"] == people.SECOND_LINE["id"]
    assert person.post("/start/choose", person="0", sure="yes").status_code == 200
    assert person.get("/plan.json").json()["subject"]["id"] == "somebody else"


def test_of_several_people_one_is_chosen(person: Any) -> None:
    several = json.dumps([{**people.SECOND_LINE, "id": "one"}, {**people.SECOND_LINE, "id": "two"}]).encode()
    assert person.upload(several).url.path == "/start/choose"
    person.post("/start/choose", person="1")
    assert person.get("/plan.json").json()["subject"]["id"] == "two"


def keep(person: Any, label: str = "Anna", phrase: str = "four words in a row") -> Any:
    return person.post("/start/keep", label=label, passphrase=phrase, again=phrase, understood="yes")


def test_kept_closed_and_opened_again(make: Any) -> None:
    person = make()
    person.upload(PROFILE)
    assert "nobody can open it again" in person.get("/start/keep").text
    assert person.post("/start/keep", label="", passphrase="short", again="other").status_code == 422
    assert keep(person).url.path == "/plan"
    person.post("/start/close")
    assert person.get("/plan.json").status_code == 404
    other = make()
    (one,) = other.get("/start.json").json()["people"]
    wrong = other.post(f"/start/open/{one['id']}", passphrase="not this one")
    assert wrong.status_code == 422 and "does not open" in wrong.text
    other.post(f"/start/open/{one['id']}", passphrase="four words in a row")
    assert other.get("/plan.json").json()["subject"]["id"] == people.SECOND_LINE["id"]


def test_people_are_kept_apart(make: Any) -> None:
    anna, ben = make(), make()
    anna.upload(PROFILE)
    keep(anna)
    ben.upload(json.dumps({**people.SECOND_LINE, "id": "Ben"}).encode())
    keep(ben, "Ben", "another four words")
    assert anna.get("/plan.json").json()["subject"]["id"] != ben.get("/plan.json").json()["subject"]["id"]
    anna.example()
    assert len(anna.get("/start.json").json()["people"]) == 2
    assert ben.get("/plan.json").json()["subject"]["id"] == "Ben"


def test_the_example_does_not_overwrite_answers(person: Any) -> None:
    person.upload(PROFILE)
    assert person.post("/start/example").status_code == 409
    assert person.get("/plan.json").json()["subject"]["id"] == people.SECOND_LINE["id"]


def test_deleted_for_good(make: Any, tmp_path: Any) -> None:
    person = make()
    person.upload(PROFILE)
    keep(person)
    assert person.post("/mine/delete", sure="no").status_code == 422
    assert person.post("/mine/delete", sure="delete").url.path == "/start"
    assert make().get("/start.json").json()["people"] == []


def test_export_holds_everything(person: Any) -> None:
    person.example()
    person.post("/diary/new", note="a good day", temperature="36,8")
    person.post("/mine/team", name="Nurse", phone="030 123", when="day")
    data = person.get("/mine/export.json")
    assert "attachment" in data.headers["content-disposition"]
    assert data.json()["diary"]["entries"][0]["note"] == "a good day"
    assert data.json()["team"]["contacts"][0]["phone"] == "030 123"
    assert data.json()["health"]["answers"]["sex"] == "female"


def test_a_second_tab_loses_nothing(person: Any) -> None:
    person.example()
    version = person.get("/visit.json").json()["version"]
    assert person.post("/visit", version=version, own="first", do="save").status_code == 200
    late = person.post("/visit", version=version, own="second", do="save")
    assert late.status_code == 409
    assert "second" in late.text
    assert person.get("/visit.json").json()["visit"]["own"] == ["first"]


def test_red_flags_are_answered_at_once(person: Any) -> None:
    person.example()
    person.post("/mine/team", name="Night line", phone="030 999", when="nights")
    answer = person.post("/diary/new", symptom=["leg-weakness", "severe-back-pain", "saddle-numbness"])
    assert "Please act on this" in answer.text
    assert "030 999" in answer.text
    twin = person.get(f"{answer.url.path}.json").json()
    assert {one["act"] for one in [*twin["urgent"], *twin["perhaps"]]} & {"emergency", "same-day"}


def test_a_quiet_week_is_never_called_well(person: Any) -> None:
    person.example()
    answer = person.post("/diary/new", PROCTCAE_48A_SCL="0")
    assert "not a promise" in answer.text


@pytest.mark.parametrize(
    ("field", "value"), [("temperature", "warm"), ("temperature", "60"), ("temperature", "²"), ("weight", "-3")]
)
def test_impossible_figures_are_asked_again_and_the_rest_is_kept(person: Any, field: str, value: str) -> None:
    person.example()
    answer = person.post("/diary/new", **{field: value, "note": "keep this", "symptom": "fever"})
    assert answer.status_code == 422
    assert f'id="error-{field}"' in answer.text
    assert "keep this" in answer.text
    assert re.search(r'name="symptom" value="fever"', answer.text)


def test_what_i_might_take_is_checked(person: Any) -> None:
    person.example()
    answer = person.post("/medicines", name="St John's wort", do="check")
    twin = person.client.post("/medicines.json", data={"csrf": person.csrf, "name": "grapefruit juice", "do": "check"}).json()
    assert answer.status_code in (200, 422)
    assert twin["tried"]["id"] == "grapefruit-juice"
    assert twin["interactions"]
    assert person.post("/medicines", name="no such thing", do="check").status_code == 422


def test_calendar_file(person: Any) -> None:
    person.example()
    option = person.get("/plan.json").json()["options"][0]["id"]
    answer = person.post(f"/option/{option}/calendar", start="2026-12-01", do="ics")
    assert answer.headers["content-type"].startswith("text/calendar")
    assert answer.text.startswith("BEGIN:VCALENDAR\r\n")
    assert person.post(f"/option/{option}/calendar", start="soon").status_code == 422


def test_at_most_four_are_compared(person: Any) -> None:
    person.example()
    options = [one["id"] for one in person.get("/plan.json").json()["options"][:5]]
    assert person.get("/compare", params={"option": options[:4]}).status_code == 200
    assert person.get("/compare", params={"option": options}).status_code == 422


def test_theme_never_leads_away(person: Any) -> None:
    for back in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        answer = person.client.post(
            "/mine/look", data={"csrf": person.csrf, "theme": "dark", "back": back}, follow_redirects=False
        )
        assert answer.headers["location"] == "/start"
    assert 'data-theme="dark"' in person.get("/start").text


def test_nothing_of_a_record_is_logged(person: Any, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    person.upload(PROFILE)
    person.post("/diary/new", note="a private sentence")
    person.get("/option/no-such-thing")
    told = caplog.text + "".join(capsys.readouterr())
    assert "private" not in told and "Example" not in told


def test_pdf_is_tagged_or_says_what_is_missing(person: Any) -> None:
    person.example()
    answer = person.get("/visit/sheet.pdf")
    if answer.status_code == 424:
        assert "Print the page instead" in answer.text
        pytest.skip("WeasyPrint or Pango is not installed: no PDF here")
    assert answer.content.startswith(b"%PDF-")
    inside = b"".join(_unpacked(part) for part in answer.content.split(b"stream\n")[1:])
    assert b'pdfuaid:part="1"' in inside
    assert b"/StructTreeRoot" in inside


def _unpacked(part: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(part)
    except zlib.error:
        return part


def test_what_changed_names_the_statement(person: Any) -> None:
    person.example()
    assert person.get("/changes.json").json()["since"] is None
    assert person.get("/changes.json").json()["changes"] == []


def test_fhir_export_is_read_back(person: Any, knowledge: Any) -> None:
    from linewise.exchange import codes_of, read_bytes

    person.example()
    answer = person.get("/mine/export-fhir.json")
    assert answer.headers["content-type"] == "application/fhir+json"
    (record,) = read_bytes(answer.content, "export", codes_of(knowledge))
    facts = {(entry.fact, entry.value) for entry in record.entries}
    assert {("er", "positive"), ("her2-ihc", "1+"), ("sites", "bone"), ("sites", "liver")} <= facts
    drugs = {one.drug for one in [*record.administrations, *record.medications]}
    assert {"ribociclib", "letrozole", "anastrozole"} <= drugs


def test_a_record_that_was_brought_in_is_not_asked_again(person: Any) -> None:
    person.upload(PROFILE)
    page = person.get("/guide")
    assert page.url.path != "/guide/sex"
    answers = {one["id"]: one["answer"] for one in person.get("/answers.json").json()["steps"]}
    assert "from your record" in answers["er"]
    assert "from your record" in answers["lines"]


def test_works_with_the_network_cut(person: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def cut(*args: object, **named: object) -> None:
        raise OSError("the network is cut")

    monkeypatch.setattr(socket, "getaddrinfo", cut)
    monkeypatch.setattr(socket.socket, "connect", cut)
    person.example()
    for path in pages(person):
        assert person.get(path).status_code == 200, path


def test_the_team_sees_the_same_with_criteria_and_levels(person: Any) -> None:
    person.example()
    assert "<dt>Criteria</dt>" not in person.get("/plan").text
    person.post("/plan/view", team="yes")
    assert "<dt>Criteria</dt>" in person.get("/plan").text
    person.post("/plan/view", team="no")
    assert "<dt>Criteria</dt>" not in person.get("/plan").text
