"""The command line as a user meets it: answers, exit statuses, errors that name the place."""

from __future__ import annotations

import argparse
import datetime as dt
import gzip
import importlib
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from linewise.cli import main
from linewise.cli.run import COMMANDS
from places import EXAMPLES, ROOT

ANNA = str(ROOT / "examples" / "anna.json")

PROFILE = """
id: somebody
sex: female
age: 61
menopausal_status: postmenopausal
er: {status: positive, percent: 90}
pr: {status: positive}
her2: {ihc: 1+}
metastatic_sites: [bone]
visceral_crisis: false
ecog: 0
adjuvant: []
comorbidities: []
metastatic_lines:
  - {drugs: [palbociclib, letrozole], months: 20, stopped_for: progression}
medications: [grapefruit-juice]
variants: {ESR1: mutated, PIK3CA: wild-type}
"""

PLAN_SCHEMA = {
    "type": "object",
    "required": ["schema", "as_of", "region", "subject", "urgent", "tests", "options", "cautions", "unread", "sources"],
    "properties": {
        "schema": {"const": "linewise.plan/1"},
        "subject": {
            "required": ["id", "subtype", "her2_low", "line"],
            "properties": {"subtype": {"enum": ["HR+/HER2-", "HR+/HER2+", "HR-/HER2+", "TNBC", "unknown"]}, "line": {"type": "integer"}},
        },
        "urgent": {"items": {"required": ["id", "title", "act", "because", "sources"]}},
        "tests": {"items": {"required": ["id", "title", "unlocks", "because", "sources"]}},
        "options": {
            "items": {
                "required": [
                    "id", "title", "kind", "drugs", "classes", "status", "because", "depends_on", "cautions", "evidence", "standing",
                ],
                "properties": {
                    "kind": {"enum": ["systemic", "local", "bone", "supportive"]},
                    "status": {"enum": ["preferred", "suitable", "depends", "unsuitable", "not-indicated"]},
                    "because": {"required": ["text", "value"]},
                    "cautions": {"items": {"required": ["drug", "id", "severity", "text", "sources"]}},
                    "evidence": {"items": {"required": ["source", "trial", "population", "result"]}},
                    "standing": {"items": {"required": ["body", "region", "statement", "strength", "since", "until", "source"]}},
                },
            }
        },
        "sources": {"additionalProperties": {"required": ["title", "publisher", "date", "url"]}},
    },
}  # fmt: skip


@pytest.fixture
def profile(tmp_path: Path) -> str:
    path = tmp_path / "somebody.yaml"
    path.write_text(PROFILE, encoding="utf-8")
    return str(path)


def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "linewise.cli", *arguments], input=stdin, capture_output=True, check=False)


def test_the_plan_in_json_keeps_the_contract(profile: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["plan", profile, "--format", "json", "--as-of", "2025-06-01", "--region", "EU"]) == 0
    plan = json.loads(capfdbinary.readouterr().out)
    import jsonschema  # takes a second, in every worker that collects this file

    jsonschema.validate(plan, PLAN_SCHEMA)
    assert (plan["as_of"], plan["region"], plan["subject"]["subtype"]) == ("2025-06-01", "EU", "HR+/HER2-")
    cited = {source for option in plan["options"] for one in option["standing"] for source in [one["source"]]}
    assert cited <= set(plan["sources"]) | {""}


def test_the_plan_as_text_says_what_matters(profile: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", profile, "--as-of", "2025-06-01", "--region", "EU"]) == 0
    text = capsys.readouterr().out
    for expected in ("Where things stand", "HR+/HER2-", "Elacestrant", "Sources", "It never takes one"):
        assert expected in text


def test_several_records_are_answered_in_order_and_a_bad_one_keeps_its_place(profile: str) -> None:
    good = json.dumps({"sex": "female", "er": {"status": "positive"}, "her2": {"ihc": "0"}, "id": "good"})
    done = run("plan", "-", "--lines", "--format", "json", stdin=f"{good}\n{{\n{good}\n".encode())
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 2
    assert [("error" in answer) for answer in answers] == [False, True, False]
    assert "line 2" in answers[1]["error"]["where"]


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (("plan", "no-such-file.json"), b"", "no-such-file.json"),
        (("plan", "-"), b"", "standard input"),
        (("plan", "-"), b"{", "standard input"),
        (("plan", "-"), b"[1, 2]", "standard input"),
        (("plan", "-"), b'{"sex": "femal"}', "sex"),
        (("plan", "-"), b'{"sex": "female", "metastatic_lines": [{"drugs": ["letrozole"], "stopped_for": "progressed"}]}', "metastatic_lines[0].stopped_for"),
        (("plan", ANNA, "--as-of", "yesterday"), b"", "2024-06-01"),
        (("plan", ANNA, "--region", "FR"), b"", "--region"),
        (("why", ANNA, "elacestrand"), b"", "elacestrant"),
        (("knowledge", "show", "capivasertip"), b"", "capivasertib"),
        (("interactions", "grapefruit-jiuce"), b"", "grapefruit-jiuce"),
        (("side-effects", "nothing"), b"", "nothing"),
        (("calendar", ANNA, "elacestrant", "--start", "9999-12-31"), b"", "--start"),
        (("cohort", "describe", "no-such-folder", "--out", os.devnull + "/x"), b"", "no-such-folder"),
        (("cohort", "synthesise", "-5", "--out", os.devnull + "/x"), b"", "-5"),
        (("calendar", ANNA, "elacestrant", "--start", "soon"), b"", "2026-12-01"),
        (("calendar", ANNA, "elacestrant", "--days", "0"), b"", "1 to 3660"),
        (("calendar", ANNA, "elacestrant", "--ics", "no-such-folder/plan.ics"), b"", "no-such-folder/plan.ics"),
    ],
)  # fmt: skip
def test_errors_name_the_place_and_never_show_a_traceback(
    arguments: tuple[str, ...], stdin: bytes, said: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
    try:
        status = main(list(arguments))
    except SystemExit as left:  # what the parser refuses
        status = int(left.code or 0)
    message = capfd.readouterr().err
    assert status == 2
    assert said in message
    assert "Traceback" not in message


def test_the_command_itself_ends_with_the_status_and_the_sentence() -> None:
    done = run("plan", "-", stdin=b'{"sex": "femal"}')
    assert done.returncode == 2
    assert done.stderr.startswith(b"linewise: ") and b"sex" in done.stderr and b"Traceback" not in done.stderr


def test_why_explains_what_does_not_fit_and_what_would_have_to_be_different(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "wild.yaml"
    path.write_text(PROFILE.replace("ESR1: mutated", "ESR1: wild-type"), encoding="utf-8")
    assert main(["why", str(path), "elacestrant", "--as-of", "2025-06-01", "--region", "EU"]) == 0
    text = capsys.readouterr().out
    assert "does not fit" in text
    assert "ESR1 is mutated" in text.split("What would have to be different")[1]


def test_the_table_of_commands_names_what_each_module_adds() -> None:
    """Only the module of the asked command is loaded: a command that the table lacks would be unknown."""
    for module, names in COMMANDS.items():
        commands = argparse.ArgumentParser().add_subparsers()
        importlib.import_module(f"linewise.cli.{module}").add(commands)
        assert tuple(commands.choices) == names


@pytest.mark.parametrize(
    "arguments",
    [
        ["facts", "her2"],
        ["facts", "--format", "json"],
        ["knowledge", "show", "elacestrant"],
        ["knowledge", "diff", "2022-01-01", "2024-01-01", "--region", "EU"],
        ["knowledge", "coverage"],
        ["interactions", "ribociclib", "grapefruit-juice"],
        ["side-effects", "elacestrant"],
        ["calendar", ANNA, "elacestrant", "--start", "2026-12-01"],
        ["questions", ANNA],
        ["learn"],
        ["learn", "bone-metastases"],
        ["search", "mouth", "sores"],
    ],
    ids=" ".join,
)
def test_every_command_answers(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    assert len(capfd.readouterr().out) > 40


@pytest.mark.parametrize("words", ["estrogen receptor", "oestrogen receptor", "Enhertu", "capecitabin", "diarrea"])
def test_search_finds_either_spelling_brands_and_typing_errors(words: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    expected = {
        "estrogen receptor": "oestrogen-receptor", "oestrogen receptor": "oestrogen-receptor", "Enhertu": "trastuzumab-deruxtecan",
        "capecitabin": "capecitabine", "diarrea": "diarrhoea",
    }[words]  # fmt: skip
    assert main(["search", words, "--format", "json"]) == 0
    found = json.loads(capfdbinary.readouterr().out)
    assert any(expected in one["id"] for one in found)
    assert all(one["sources"] or one["kind"] in ("option", "side effect") for one in found[:3])


def test_the_calendar_file_is_a_calendar(tmp_path: Path) -> None:
    path = tmp_path / "plan.ics"
    assert main(["calendar", ANNA, "elacestrant", "--start", "2026-12-01", "--ics", str(path)]) == 0
    text = path.read_bytes().decode()
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    assert text.endswith("END:VCALENDAR\r\n")
    assert text.count("BEGIN:VEVENT") == text.count("END:VEVENT") > 0
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "DTSTART;VALUE=DATE:20261201" in text


def test_no_control_character_of_a_record_reaches_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "steering.json"
    record = {
        "id": "a\x1b[2Jb\u202ec\nd",
        "sex": "female",
        "metastatic_sites": ["bone"],
        "medications": ["\x1b]0;x\x07aspirin\x9b"],
    }
    path.write_text(json.dumps(record), encoding="utf-8")
    assert main(["plan", str(path), "--as-of", "2025-06-01"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("In short: a\ufffd[2Jb\ufffdc d\n")
    assert not set(text) & {"\x1b", "\x07", "\x9b", "\u202e"}


def test_an_answer_that_cannot_be_written_is_an_error_without_a_traceback() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no full device")
    for form in ("text", "json"):
        with full.open("wb") as out:
            command = [sys.executable, "-m", "linewise.cli", "plan", ANNA, "--format", form]
            done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, check=False)
        assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
        assert b"No space left" in done.stderr


def test_a_console_that_lacks_letters_shows_signs_in_their_place() -> None:
    command = [sys.executable, "-m", "linewise.cli", "plan", ANNA]
    done = subprocess.run(command, capture_output=True, check=False, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Elacestrant" in done.stdout


def test_many_records_are_answered_while_they_are_read(profile: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """The first answer stands before a later record has failed, and none is kept."""
    assert main(["plan", profile, "no-such-file.json", profile, "--format", "json", "--as-of", "2025-06-01"]) == 2
    answers = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert [answer.get("error", {}).get("where") for answer in answers] == [None, "no-such-file.json", None]


def test_lines_are_answered_in_order_by_several_processes_as_by_one(profile: str, tmp_path: Path) -> None:
    """A line that cannot be read, in whatever letters, costs only itself."""
    anna = (ROOT / "examples" / "anna.json").read_text(encoding="utf-8")
    line = json.dumps(json.loads(anna)).encode()
    path = tmp_path / "people.ndjson"
    path.write_bytes(b"\xef\xbb\xbf" + line + b"\n\n{not one\n\xff\xfe\xff\n" + (line + b"\n") * 6)
    command = [sys.executable, "-m", "linewise", "plan", str(path), "--lines", "--format", "json", "--as-of", "2026-06-01"]
    one, two = (subprocess.run([*command, "--jobs", jobs], capture_output=True, check=False) for jobs in ("1", "2"))
    assert one.returncode == two.returncode == 2
    assert one.stdout == two.stdout
    answers = [json.loads(answer) for answer in one.stdout.splitlines()]
    assert [place for place, answer in enumerate(answers) if "error" in answer] == [1, 2]
    assert len(answers) == 9
    assert [f"line {number}" in one.stderr.decode() for number in (3, 4)] == [True, True]


def test_the_first_line_is_answered_before_the_last_is_written(tmp_path: Path) -> None:
    """The file is never held as a whole: a pipe that stays open has its answers."""
    line = json.dumps(json.loads((ROOT / "examples" / "anna.json").read_text(encoding="utf-8"))).encode() + b"\n"
    command = [sys.executable, "-m", "linewise", "plan", "-", "--lines", "--format", "json"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(line)
        process.stdin.flush()
        first = json.loads(process.stdout.readline())
        process.stdin.close()
        assert process.wait(60) == 0
    assert first["schema"].startswith("linewise.plan/")


def test_packed_lines_are_read(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    path = tmp_path / "people.ndjson.gz"
    line = json.dumps(json.loads((ROOT / "examples" / "anna.json").read_text(encoding="utf-8"))).encode()
    path.write_bytes(gzip.compress(line + b"\n" + line))
    assert main(["plan", str(path), "--lines", "--format", "json"]) == 0
    assert len(capfdbinary.readouterr().out.splitlines()) == 2


def test_what_is_assumed_or_left_out_of_the_text_is_said(
    profile: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", ANNA, "--region", "US", "--as-of", "2026-06-01"]) == 0
    assert "visceral crisis: no (assumed)" in capsys.readouterr().out
    path = tmp_path / "short.yaml"
    path.write_text(PROFILE.replace("months: 20", "months: 1").replace("ESR1: mutated, ", ""), encoding="utf-8")
    assert main(["plan", str(path), "--region", "US", "--as-of", "2026-06-01"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "palbociclib + letrozole, 1 month, stopped" in text
    assert ". since 20" not in text


def test_the_text_never_cuts_cautions_or_statements_in_silence() -> None:
    from linewise.cli.terminal import plan_page
    from linewise.exchange import codes_of, read_bytes
    from linewise.knowledge import open_knowledge
    from linewise.plan import make_plan

    knowledge = open_knowledge()
    codes, day = codes_of(knowledge), dt.date(2026, 6, 1)
    found = []
    for path in EXAMPLES:
        plan = make_plan(read_bytes(path.read_bytes(), path.name, codes)[0], knowledge, day, "US")
        left = [sum(one.applies is True for one in option.cautions) - 6 for option in plan.offered]
        text = " ".join(plan_page(plan).split())
        said = [int(number) for number in re.findall(r"and (\d+) more to know", text)]
        assert said == [number for number in left if number > 0]
        found += said
    assert found
