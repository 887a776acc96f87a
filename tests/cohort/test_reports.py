"""The commands about cohorts, as people run them: on FHIR and on OMOP, with what they write, and what they say of wrong arguments."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from linewise.bulk import Source, ingest
from linewise.cli import main
from linewise.cli.cohort import _release, _unpacked
from linewise.cohort.report import png
from linewise.exchange import Codes
from linewise.knowledge import Knowledge, folder
from linewise.knowledge.state import version
from sizes import sizes

DAY = "2026-10-31"
COMMANDS = {
    "describe": ["--region", "EU"],
    "plan": ["--region", "EU"],
    "impact": ["--from", "2022-01-01", "--to", DAY],
    "lines": ["--observed-since", "2016-01-01"],
}
WRITTEN = {
    "describe": {"subtype", "age", "line", "sites", "never-tested", "faults"},
    "plan": {"concordance", "concordance-by-regimen", "reasons", "options", "faults"},
    "impact": {"impact", "statements", "faults"},
    "lines": {"sequences", "time-on-treatment-by-regimen", "time-to-next-treatment-by-regimen", "survival-by-subtype", "survival-by-line",
              "survival-by-subtype-and-line", "faults"},
}  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    assert main(["cohort", "synthesise", "400", "--seed", "3", "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def read(made: Path, codes: Codes) -> Path:
    """The folder of work of the FHIR form, read."""
    ingest(made / "fhir", made / "work-fhir", codes, progress=lambda text: None)
    return made / "work-fhir"


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures as SVG alone, where a test is about something else: PNG files take most of the time of a small report."""
    monkeypatch.setattr(png, "available", lambda: False)


OF_OMOP = sizes(("lines",), tuple(COMMANDS))
"""The commands that are asked about the tables too: once read, they are the same people to every command."""


@pytest.fixture(scope="module", params=OF_OMOP)
def answers(request: pytest.FixtureRequest, made: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    """The folder of every command's answer, on either form."""
    found = {}
    for form, names in (("fhir", tuple(COMMANDS)), ("omop", request.param)):
        for name in names:
            out = found[form, name] = tmp_path_factory.mktemp(f"{form}-{name}")
            work = made / f"work-{form}"
            told = ["--out", str(out), "--work", str(work), "--as-of", DAY, *COMMANDS[name]]
            assert main(["cohort", name, str(made / form), *told]) == 0
    return found


def pages(answers: dict[tuple[str, str], Path]) -> Iterator[tuple[str, Path, str]]:
    for (_, name), out in answers.items():
        yield name, out, (out / "report.html").read_text(encoding="utf-8")


def test_every_command_answers_with_tables_pictures_and_a_page(answers: dict[tuple[str, str], Path]) -> None:
    for name, out, page in pages(answers):
        assert {path.stem for path in out.glob("*.csv")} >= WRITTEN[name] - {"faults"}, out
        for table in out.glob("*.csv"):
            assert pl.read_parquet(table.with_suffix(".parquet")).height == pl.read_csv(table, infer_schema_length=None).height
        assert list(out.glob("*.svg")), out
        assert "These people are invented" in page
        assert "What this cannot say" in page
        assert "it never takes one" in page


def test_a_page_needs_nothing_from_elsewhere(answers: dict[tuple[str, str], Path]) -> None:
    for _, out, page in pages(answers):
        assert not re.search(r"<(script|link|iframe|img|object)\b|@import|url\(|\son\w+=", page)
        assert not re.search(r"\bsrc=", page)
        for address in re.findall(r"https?://[^'\"<\s]+", page):
            assert address == "http://www.w3.org/2000/svg" or f"<a href='{address}'" in page
        for name in re.findall(r"href='([^'#:]+)'", page):
            assert (out / name).is_file(), name


def test_no_person_and_no_day_of_a_person_is_in_a_report(made: Path, answers: dict[tuple[str, str], Path]) -> None:
    truth = pl.read_parquet(made / "truth" / "fhir" / "part-00000" / "patients.parquet")
    ids, days = (
        set(truth["id"]),
        {str(day) for day in truth["died"].drop_nulls()} | {str(day) for day in truth["birth"].drop_nulls()},
    )
    for name, out, _ in pages(answers):
        for path in sorted(out.glob("*.*")):
            data = path.read_bytes()
            text = data.decode("latin-1")
            assert not any(one in text for one in ids), path
            found = set(re.findall(r"\b(?:19|20)\d\d-\d\d-\d\d\b", text)) - {
                version(folder() or Path())[1]
            }  # the day of the medicine
            # The days that are asked about and those of statements and sources stand there; a statement's may be a day on which somebody died.
            if name in ("describe", "lines"):
                assert found <= {DAY, "2016-01-01"}, path
            elif name == "plan":
                said = {one.since.text for option in _treatments() for one in option.standing} | {DAY}
                said |= {one.until.text for option in _treatments() for one in option.standing if one.until}
                assert found <= said, path
        for table in out.glob("*.parquet"):
            assert not [column for column, kind in pl.read_parquet_schema(table).items() if kind == pl.Date]
        assert days


def _treatments() -> list:  # type: ignore[type-arg]
    from linewise.knowledge import open_knowledge

    return list(open_knowledge().treatments.values())


def test_no_small_count_stands_in_a_table(answers: dict[tuple[str, str], Path]) -> None:
    for _, out, _ in pages(answers):
        for table in out.glob("*.parquet"):
            frame = pl.read_parquet(table)
            for column in frame.columns:
                if frame.schema[column].is_integer() and column not in (
                    "after line",
                    "median",
                    "median months",
                    "lower",
                    "upper",
                ):
                    kept = set(frame[column].drop_nulls().to_list())
                    assert all(count == 0 or (count >= 15 and count % 10 == 5) for count in kept), (table, column, kept)


def test_pictures_are_drawn_for_print(answers: dict[tuple[str, str], Path]) -> None:
    pytest.importorskip("resvg_py")
    for _, out, _ in pages(answers):
        for svg in out.glob("*.svg"):
            data = svg.with_suffix(".png").read_bytes()
            wide, high = struct.unpack(">II", data[16:24])
            box = re.search(r"viewBox='0 0 (\d+) (\d+)'", svg.read_text(encoding="utf-8"))
            assert box is not None
            assert (wide, high) == (int(box[1]) * 3, int(box[2]) * 3)
            assert b"pHYs" in data[:60]
            assert struct.unpack(">II", data[41:49]) == (11811, 11811)  # 300 dots an inch


def test_letters_are_drawn_without_fonts_of_the_machine() -> None:
    pytest.importorskip("resvg_py")
    blank = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 80 20' width='80' height='20'></svg>"
    words = blank.replace("></svg>", "><text x='2' y='15' font-family='sans-serif'>Median ≥ 11</text></svg>")
    assert len(png.png(words)) > len(png.png(blank)) + 300


def test_without_the_renderer_the_report_says_so(
    read: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(png, "available", lambda: False)
    assert main(["cohort", "lines", str(read), "--out", str(tmp_path), "--as-of", DAY]) == 0
    assert "SVG only" in capsys.readouterr().err
    assert list(tmp_path.glob("*.svg")) and not list(tmp_path.glob("*.png"))
    assert ".png" not in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("undrawn")
def test_the_owner_may_see_everything_and_is_told_so(read: Path, tmp_path: Path) -> None:
    asked = ["--out", str(tmp_path), "--as-of", DAY, "--region", "EU", "--least", "1"]
    assert main(["cohort", "describe", str(read), *asked]) == 0
    assert "not fit to be passed on" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert pl.read_csv(tmp_path / "subtype.csv")["people"].sum() == 400


# Two releases


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release that did not know of one approval yet."""
    root = folder()
    assert root is not None
    old = tmp_path_factory.mktemp("release") / "linewise-0.0.9" / "knowledge"
    shutil.copytree(root, old)
    path = next(old.rglob("capivasertib-fulvestrant.yaml"))
    text = path.read_text(encoding="utf-8")
    assert "2024-06-17" in text
    path.write_text(text.replace("2024-06-17", "2030-01-01"), encoding="utf-8")
    return old.parent


def as_kept(release: Path, packed: str | None, folder: Path) -> Path:
    """A release as its folder, or as its archive."""
    return Path(shutil.make_archive(str(folder / "old"), packed, release.parent)) if packed else release


@pytest.mark.parametrize("packed", ["gztar", "zip"])
def test_an_archive_of_a_release_holds_its_knowledge(packed: str, release: Path, tmp_path: Path) -> None:
    found, plain = _release(str(as_kept(release, packed, tmp_path)), tmp_path), _release(str(release), tmp_path)
    assert found is not None and plain is not None
    assert found.content.treatments == plain.content.treatments
    assert found.content.facts == plain.content.facts


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(
    "packed", [pytest.param(None, marks=pytest.mark.slow), "gztar", pytest.param("zip", marks=pytest.mark.slow)]
)
def test_two_releases_are_compared(packed: str | None, release: Path, read: Path, tmp_path: Path) -> None:
    name = as_kept(release, packed, tmp_path)
    arguments = ["cohort", "impact", str(read), "--out", str(tmp_path / "out"), "--as-of", DAY, "--region", "EU"]
    assert main([*arguments, "--from-knowledge", str(name)]) == 0
    said = pl.read_csv(tmp_path / "out" / "statements.csv")
    assert set(said["option"]) == {"Capivasertib with fulvestrant"}
    assert said["what"].to_list() == ["statement added"]
    assert said["since or until"].to_list() == ["since 2024-06-17"]
    assert said["gained"].item() >= 15


def test_an_archive_cannot_write_outside_of_its_folder(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as packed:
        packed.writestr("../../knowledge/treatments/x.yaml", "out")
        packed.writestr("knowledge/treatments/y.yaml", "in")
    found = _unpacked(tmp_path / "bad.zip", tmp_path / "deep" / "down" / "here")
    assert [path.name for path in tmp_path.rglob("*.yaml")] == ["y.yaml"] and found.name == "knowledge"


# Wrong arguments


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["impact", "IN", "--from", "2024-01-01", "--to", "2023-01-01"], "is later than --to 2023-01-01"),
        (["impact", "IN", "--from", "2024-01-01", "--to", "2024-01-01"], "is the same day as --to"),
        (["impact", "IN", "--from", "2024-01-01"], "--to is missing"),
        (["impact", "IN"], "--from and --to is missing"),
        (["impact", "IN", "--from", "2024-01-01", "--to-knowledge", "x"], "not both"),
        (["impact", "IN", "--from-knowledge", "nowhere"], "no knowledge is here"),
        (["impact", "IN", "--from-knowledge", "README.md"], "no archive that can be read"),
        (["impact", "IN", "--from", "yesterday", "--to", "2024-01-01"], "is not a day"),
        (["describe", "nowhere"], "nowhere"),
        (["describe", "IN", "--least", "0"], "`0` is not a whole number from 1 on"),
        (["describe", "IN", "--least", "few"], "`few` is not a whole number from 1 on"),
        (["describe", "IN", "--memory", "much"], "`much` is not a size of memory"),
        (["describe", "IN", "--as-of", "2024-13-01"], "is not a day"),
        (["describe", "IN", "--region", "FR"], "FR"),
        (["lines", "IN", "--observed-since", "2026-12-01"], "is not before"),
        (["plan", "EMPTY"], "EMPTY"),
        (["synthesise", "10", "--seed", "-1"], "`-1` is not a whole number from 1 on"),
        (["synthesise", "many"], "`many` is not a whole number from 1 on"),
        (["plan", "IN", "--out", "FILE"], "is a file"),
    ],
)
def test_wrong_arguments_are_explained(
    arguments: list[str], words: str, read: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "EMPTY").mkdir()
    (tmp_path / "FILE").write_text("x")
    places = {"IN": str(read), "EMPTY": str(tmp_path / "EMPTY"), "FILE": str(tmp_path / "FILE")}
    given = [places.get(one, one) for one in arguments]
    out = [] if "--out" in given else ["--out", str(tmp_path / "out")]
    try:
        status = main(["cohort", *given, *out])
    except SystemExit as left:
        status = int(left.code or 0)
    said = capsys.readouterr().err
    assert status == 2
    assert words in said
    assert "Traceback" not in said
    assert not (tmp_path / "out" / "report.html").exists()


# A run that is cut


@pytest.mark.usefixtures("undrawn")
def test_a_run_that_was_cut_goes_on_where_it_stood(read: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from linewise.cohort import journeys
    from linewise.columns import events as model

    whole = next(iter(Source(read)))
    for number in range(3):
        whole.take(pl.Series(range(number, len(whole), 3))).write(tmp_path / "parts" / f"part-{number:05d}")
    asked: list[int] = []
    real = journeys.followed

    def cut(events: model.Events, *more: object) -> pl.DataFrame:
        asked.append(len(events))
        if len(asked) == 3:
            raise KeyboardInterrupt
        return real(events, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(journeys, "followed", cut)
    arguments = ["cohort", "lines", str(tmp_path / "parts"), "--out", str(tmp_path / "out"), "--as-of", DAY]
    assert main(arguments) == 130
    assert not (tmp_path / "out" / "report.html").exists()
    assert main(arguments) == 0
    assert len(asked) == 4  # two parts, the one that was cut, and that one again
    assert not (tmp_path / "out" / "work" / "answers").exists() or not list((tmp_path / "out" / "work" / "answers").iterdir())
    other = [*arguments[:4], str(tmp_path / "again"), *arguments[5:]]
    assert main(other) == 0
    for table in (tmp_path / "again").glob("*.csv"):
        assert table.read_bytes() == (tmp_path / "out" / table.name).read_bytes()


@pytest.mark.slow
def test_spark_gives_the_same_bytes(made: Path, tmp_path: Path, knowledge: Knowledge, codes: Codes) -> None:
    pytest.importorskip("pyspark", reason="Spark is not installed (extra `spark`)")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java, which is not here")
    from linewise.cohort import spark

    whole = ingest(made / "fhir", made / "work", codes, progress=lambda text: None).whole()
    for number in range(3):
        whole.take(pl.Series(range(number, len(whole), 3))).write(tmp_path / "parts" / f"part-{number:05d}")
    source, day = Source(tmp_path / "parts"), dt.date.fromisoformat(DAY)
    for part in source.parts():
        spark.one(part, day, "EU", tmp_path / "local")
    done = spark.options(source, day, "EU", tmp_path / "spark", "local[2]")
    assert [path.read_bytes() for path in done] == [(tmp_path / "local" / path.name).read_bytes() for path in done]
    done[1].unlink()
    again = spark.options(source, day, "EU", tmp_path / "spark", "local[2]")
    assert again[1].read_bytes() == (tmp_path / "local" / again[1].name).read_bytes()
