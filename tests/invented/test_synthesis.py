"""An invented cohort is drawn as published, says the same in every form, is made again from its seed, and comes with the package."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from bulk.bundles import write_bundles
from bulk.doubt import same_but_for_doubt
from linewise.bulk import ingest
from linewise.columns import events as model
from linewise.columns.decide import plan
from linewise.columns.events import Events
from linewise.columns.lines import courses_of
from linewise.exchange import Codes
from linewise.invented.coding import Coding
from linewise.invented.draw import draw
from linewise.invented.fhir import Writer
from linewise.invented.omop import OmopWriter
from linewise.invented.run import content, synthesise
from linewise.knowledge import Knowledge, open_knowledge
from test_wheel import wheel  # noqa: F401  (a fixture)

DAY = dt.date(2026, 10, 31)
_DRAWN = 60_000
_FAULTS = ("entered-in-error", "unknown-code", "truncated", "future", "impossible", "nameless", "duplicate")


def quiet(text: str) -> None:
    del text


@pytest.fixture(scope="module")
def drawn() -> Events:
    return draw(content(open_knowledge()), _DRAWN, 5)


def near(share: float, number: int) -> tuple[float, float]:
    """Within what chance may do to a share of so many people: four standard errors."""
    error = 4 * (share * (1 - share) / number) ** 0.5
    return share - error, share + error


def holds(found: int, number: int, share: float, what: str) -> None:
    low, high = near(share, number)
    assert number > 300, what
    assert low <= found / number <= high, f"{what}: {found} of {number}, where {share} is published"


# What is drawn, against what was published


def test_subtypes_men_and_spread_from_the_start_are_as_published(drawn: Events) -> None:
    shares, people = content(open_knowledge())["subtypes"], content(open_knowledge())["person"]
    counts = dict(drawn.patients["subtype"].value_counts().iter_rows())
    for name, about in shares.items():
        holds(counts[name], _DRAWN, about["share"], name)
    esme = {"hr-positive": 13_656, "her2-positive": 4_017, "triple-negative": 2_963}
    for name, number in esme.items():
        assert shares[name]["share"] == pytest.approx(number / sum(esme.values()), abs=0.0001)
    men = drawn.entries_of["sex"].filter(pl.col("text") == "male").height
    holds(men, _DRAWN, people["male"]["share"], "men")
    late = drawn.events.filter(pl.col("what") == "diagnosis")["patient"].n_unique()
    holds(_DRAWN - late, _DRAWN, people["de-novo"]["share"], "spread from the start")


def test_survival_is_as_published(drawn: Events) -> None:
    from lifelines import KaplanMeierFitter

    spread = drawn.events.filter(pl.col("what") == "metastatic").group_by("patient").agg(pl.col("on").min()).sort("patient")
    people = drawn.patients.with_columns(spread["on"])
    for name, about in content(open_knowledge())["subtypes"].items():
        some = people.filter(pl.col("subtype") == name)
        months = (pl.coalesce("died", "last_seen") - pl.col("on")).dt.total_days() / 30.4375
        curve = KaplanMeierFitter().fit(some.select(months).to_series().to_numpy(), some["died"].is_not_null().to_numpy())
        assert curve.median_survival_time_ == pytest.approx(about["survival"], rel=0.05), name


def test_results_are_as_published(drawn: Events) -> None:
    subtype = drawn.patients["subtype"]
    checked = 0
    for result in content(open_knowledge())["results"]:
        published = dict(result.get("published", {}))
        of, bounds = published.pop("of", None), published.pop("range", None)
        rows = drawn.entries_of[result["fact"]].with_columns(
            subtype.gather(drawn.entries_of[result["fact"]]["patient"]).alias("subtype")
        )
        rows = rows.filter(pl.col("subtype") == of) if of else rows
        for value, share in published.items():
            found = rows.filter(pl.col("text") == value).height
            holds(found, rows.height, share, f"{result['fact']} {value}")
            assert bounds is None or bounds[0] <= found / rows.height <= bounds[1]
            checked += 1
    assert checked >= 8


def test_inherited_changes_of_both_genes_together_are_as_published(drawn: Events) -> None:
    both = {
        result["fact"]: result["published"]["germline-pathogenic"]
        for result in content(open_knowledge())["results"]
        if result["fact"] in ("BRCA1", "BRCA2")
    }
    assert sum(both.values()) == pytest.approx(129 / 2595, abs=0.001)


def test_places_of_spread_are_as_published(drawn: Events) -> None:
    about, subtype = content(open_knowledge())["sites"], drawn.patients["subtype"]
    rows = drawn.entries_of["sites"].with_columns(subtype.gather(drawn.entries_of["sites"]["patient"]).alias("subtype"))
    counts = dict(subtype.value_counts().iter_rows())
    for place in about["published"]:
        for name, share in about["shares"][place].items():
            found = rows.filter((pl.col("text") == place) & (pl.col("subtype") == name))["patient"].n_unique()
            holds(found, counts[name], share, f"{place} in {name}")
    luminal = {
        "bone": (66.2, 53.9),
        "liver": (24.5, 33.5),
        "lung": (30.2, 30.6),
        "brain": (10.1, 15.1),
    }  # A of 444 people, B of 471
    for place, (a, b) in luminal.items():
        assert about["shares"][place]["hr-positive"] == pytest.approx((a * 444 + b * 471) / 91_500, abs=0.001)
    assert rows["patient"].n_unique() == _DRAWN  # nobody without a place


def test_her2_low_and_changed_receptors_are_as_published(drawn: Events) -> None:
    subtype = drawn.patients["subtype"]
    ihc = drawn.entries_of["her2-ihc"].with_columns(subtype.gather(drawn.entries_of["her2-ihc"]["patient"]).alias("subtype"))
    about = next(one for one in content(open_knowledge())["tumour"] if one["fact"] == "her2-ihc")["published"]
    here = ihc.filter(pl.col("specimen") == "metastasis")
    negative, triple = here.filter(pl.col("subtype") != "her2-positive"), here.filter(pl.col("subtype") == "triple-negative")
    low = pl.col("text").is_in(["1+", "2+"])
    assert negative.filter(low).height / negative.height == pytest.approx(about["low"], abs=0.02)
    assert triple.filter(low).height / triple.height == pytest.approx(about["low-triple-negative"], abs=0.02)
    changed = {}
    for fact in ("er", "pr", "her2-ihc"):
        kept = pl.col("text").is_in(["3+", "positive", "low"])
        both = [
            drawn.entries_of[fact].filter(pl.col("specimen") == place).unique("patient").select("patient", kept.alias(place))
            for place in ("primary", "metastasis")
        ]
        pairs = both[0].join(both[1], on="patient")
        changed[fact] = pairs.filter(pl.col("primary") != pl.col("metastasis")).height / pairs.height
    assert changed["pr"] > changed["er"] > changed["her2-ihc"] > 0.02  # the order of the meta-analysis
    for about in content(open_knowledge())["tumour"][:2]:
        assert changed[about["fact"]] <= about["published"]["discordant-at-most"]


def test_time_on_a_regimen_is_that_of_its_trial(knowledge: Knowledge) -> None:
    checked = 0
    for lines in content(open_knowledge())["lines"].values():
        for regimen in lines:
            if "trial" in regimen:
                ends = [end for end in knowledge.content.evidence[regimen["trial"]].results if end.endpoint == "PFS"]
                medians = {
                    float(value) for end in ends for value in (end.treatment, end.control) if isinstance(value, int | float)
                }
                assert regimen["months"] in medians, regimen
                checked += 1
            else:
                assert "assumed" in regimen
    assert checked > 12


def test_every_choice_names_its_source_or_says_that_it_is_assumed(knowledge: Knowledge) -> None:
    """By section; sections whose comment says that all of them are assumed are named here."""
    whole = {"numbers", "adjuvant", "stops", "going-on", "reactions", "tablets", "recording"}
    for name, section in content(open_knowledge()).items():
        if name in whole:
            continue
        listed = section if isinstance(section, list) else list(section.values()) if name in ("subtypes", "person") else [section]
        for one in [part for kind in section.values() for part in kind] if name == "lines" else listed:
            assert {"source", "assumed", "trial"} & set(one), (name, one)
    for one in _named(content(open_knowledge())):
        assert one in knowledge.content.sources


def _named(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from ([part] if isinstance(part, str) else part) if key == "source" else _named(part)
    elif isinstance(value, list):
        for part in value:
            yield from _named(part)


def test_tablets_are_handed_out_for_some_and_late_by_days(drawn: Events) -> None:
    handed = drawn.administrations.filter(pl.col("supply") == "dispensed")
    for drug, days in content(open_knowledge())["tablets"].items():
        lasted = (handed.filter(pl.col("drug") == drug).select((pl.col("end") - pl.col("start")).dt.total_days() + 1)).to_series()
        assert set(lasted.to_list()) <= {days}, drug
    assert handed["drug"].n_unique() == len(content(open_knowledge())["tablets"])
    assert handed["ongoing"].null_count() == handed.height


# Forms


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory, knowledge: Knowledge, codes: Codes) -> dict[str, Events]:
    """300 people, read from an export, from bundles and from OMOP tables; and what OMOP has no place for. No fault is put in."""
    folder = tmp_path_factory.mktemp("forms")
    whole = {**content(open_knowledge()), "recording": {**content(open_knowledge())["recording"], **dict.fromkeys(_FAULTS, 0)}}
    people, coding = draw(whole, 300, 21), Coding(knowledge, codes)
    Writer(coding, whole).write(people, folder / "fhir", 0, 21)
    write_bundles(folder / "fhir", folder / "bundles")
    writer = OmopWriter(coding)
    writer.write(people, folder / "omop")
    read = {form: ingest(folder / form, folder / f"work-{form}", codes, progress=quiet) for form in ("fhir", "bundles", "omop")}
    for form, source in read.items():
        assert source.faults == {}, form
    found = {form: source.whole() for form, source in read.items()}
    omop = found["omop"]
    order = omop.patients["id"].cast(pl.Int64).arg_sort()
    return found | {"omop": omop.take(order), "carried": carried(found["fhir"], people, writer.left_out)}


def carried(events: Events, made: Events, left_out: set[str]) -> Events:
    """What OMOP has a place for: no tissue, no reason for an end, no intolerance, no statement in several codes; what goes on ends with the data."""
    assert {"where tissue came from", "why a treatment ended", "that a treatment goes on", "intolerances"} <= left_out
    last = made.patients["last_seen"]
    gone = pl.concat_str(pl.col("fact"), pl.lit(": "), pl.coalesce("text", pl.lit("number"))).is_in(sorted(left_out))
    entries = events.entries.filter(~gone).with_columns(pl.lit(None, dtype=pl.String).alias("specimen"))
    parts = {}
    for name in ("administrations", "medications"):
        table = getattr(events, name)
        going = pl.col("ongoing").fill_null(False) if "ongoing" in table.columns else pl.col("end").is_null()
        end = pl.when(going).then(last.gather(table["patient"])).otherwise(pl.col("end"))
        parts[name] = table.with_columns(end.alias("end"))
    day = pl.col("end").is_null() | ((pl.col("end") == pl.col("start")) & pl.col("supply").is_null())
    given = parts["administrations"].with_columns(
        pl.when(~day).then(pl.col("end")).alias("end"), pl.when(~day & pl.col("supply").is_null()).then(pl.lit(False)).alias("ongoing"),
        pl.lit(None, dtype=pl.String).alias("stopped_for"),
    )  # fmt: skip
    taken = parts["medications"].filter(pl.col("end") > pl.col("start"))
    return replace(events, entries=entries, administrations=given, medications=taken, reactions=events.reactions.clear())


def same(one: Events, two: Events, knowledge: Knowledge) -> None:
    left, right = (plan(events, knowledge, DAY, "EU") for events in (one, two))
    different = {name: left[name].to_list() for name in left.columns if not left[name].equals(right[name])}
    assert not different
    assert courses_of(one, knowledge, DAY).equals(courses_of(two, knowledge, DAY))
    columns = ["patient", "fact", "text", "number", "on", "until", "absent"]
    assert one.entries.select(columns).unique().sort(columns).equals(two.entries.select(columns).unique().sort(columns))


def test_bundles_say_what_the_export_says(forms: dict[str, Events], knowledge: Knowledge) -> None:
    assert (
        forms["fhir"]
        .patients.select("id", "birth", "died", "last_seen")
        .equals(forms["bundles"].patients.select("id", "birth", "died", "last_seen"))
    )
    same(forms["fhir"], forms["bundles"], knowledge)


def test_omop_says_what_the_export_says_of_all_that_it_has_a_place_for(forms: dict[str, Events], knowledge: Knowledge) -> None:
    assert forms["omop"].patients.select("birth", "died").equals(forms["fhir"].patients.select("birth", "died"))
    same(forms["carried"], forms["omop"], knowledge)
    assert forms["carried"].entries.height < forms["fhir"].entries.height  # it does lack something


# Making it


def test_the_same_seed_makes_the_same_files_in_every_part(
    tmp_path: Path, knowledge: Knowledge, codes: Codes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linewise.invented.run._PART", 40)
    for name in ("one", "two"):
        synthesise(100, 4, tmp_path / name, knowledge, codes, "both", False, quiet)
    one, two = ({path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*.*") if path.suffix in (".csv", ".ndjson")} for name in ("one", "two"))  # fmt: skip
    assert one == two
    assert len([path for path in one if path.name.startswith("Patient")]) == 3
    persons = pl.read_csv(tmp_path / "one" / "omop" / "person.csv")
    assert persons["person_id"].to_list() == list(range(1, 101))
    assert persons["person_source_value"].to_list() == [f"p{number:08d}" for number in range(100)]
    measured = pl.read_csv(tmp_path / "one" / "omop" / "measurement.csv", infer_schema_length=None)
    assert measured["measurement_id"].is_unique().all()
    source = ingest(tmp_path / "one" / "omop", tmp_path / "work", codes, progress=quiet)
    found, truth = (
        source.whole(),
        model.joined([model.read(path) for path in sorted((tmp_path / "one" / "truth" / "omop").iterdir())]),
    )
    order = found.patients["id"].cast(pl.Int64).arg_sort()
    assert plan(found.take(order), knowledge, DAY, "EU").equals(plan(truth, knowledge, DAY, "EU"))


def test_the_faults_put_in_are_found_and_nobody_is_lost(tmp_path: Path, knowledge: Knowledge, codes: Codes) -> None:
    whole = {**content(open_knowledge()), "recording": {**content(open_knowledge())["recording"], **dict.fromkeys(_FAULTS, 0.02)}}
    truth, put_in = Writer(Coding(knowledge, codes), whole).write(draw(whole, 400, 9), tmp_path / "fhir", 0, 9)
    assert all(put_in[name] for name in _FAULTS)
    source = ingest(tmp_path / "fhir", tmp_path / "work", codes, progress=quiet)
    assert source.faults["not JSON, or a member of the wrong type"] == put_in["truncated"]
    assert source.faults["the same resource twice"] == put_in["duplicate"]
    assert source.faults["no id"] == put_in["nameless"]
    assert source.faults["dated in the future"] == put_in["future"]
    assert sum(count for kind, count in source.faults.items() if "outside what is possible" in kind) == put_in["impossible"]
    assert source.faults["not understood: marked as entered in error or cancelled"] == put_in["entered-in-error"]
    found = source.whole()
    same_but_for_doubt(found, truth, knowledge, DAY)
    assert found.patients["last_seen"].max() <= dt.date.today()  # nobody is followed into the future


@pytest.mark.slow
def test_it_comes_with_the_package(wheel: Path, tmp_path: Path) -> None:  # noqa: F811
    site, empty = tmp_path / "site", tmp_path / "empty"
    zipfile.ZipFile(wheel).extractall(site)
    empty.mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "LINEWISE_KNOWLEDGE"} | {"PYTHONPATH": str(site)}
    command = [
        sys.executable,
        "-c",
        "import linewise, sys; print(linewise.__file__); from linewise.cli import main; sys.exit(main(sys.argv[1:]))",
    ]

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, *arguments], cwd=empty, env=environment, capture_output=True, text=True, check=False)

    done = run("cohort", "synthesise", "50", "--out", "made")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(site))
    assert (empty / "made" / "fhir" / "Patient.000.ndjson").exists()
    done = run("cohort", "describe", "made/omop", "--region", "EU", "--out", "told")
    assert done.returncode == 0, done.stderr
