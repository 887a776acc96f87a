"""OMOP tables as hospitals keep them are read as what they say; what is wrong in them is counted, kept with its place, and costs nobody else anything."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pytest

from linewise.bulk import Source, ingest
from linewise.bulk.concepts import Concepts
from linewise.bulk.database import copied
from linewise.bulk.staging import form_of, line_numbers
from linewise.columns.decide import plan
from linewise.columns.events import Events
from linewise.columns.lines import courses_of
from linewise.errors import RecordError
from linewise.exchange import Codes
from linewise.exchange.fhir import read_fhir
from linewise.invented.coding import Coding
from linewise.invented.draw import draw
from linewise.invented.omop import OmopWriter
from linewise.invented.run import content
from linewise.knowledge import Knowledge, open_knowledge
from sizes import sizes

DAY = dt.date(2026, 10, 31)
CONCEPTS = """concept_id,concept_name,vocabulary_id,concept_code
1,Malignant neoplasm of breast,ICD10CM,C50.911
2,Secondary malignant neoplasm of bone,SNOMED,94222008
3,Hemoglobin [Mass/volume] in Blood,LOINC,718-7
4,Estrogen receptor [Interpretation] in Tissue,LOINC,16112-5
5,Positive,SNOMED,10828004
6,palbociclib 125 MG Oral Capsule,RxNorm,1601384
7,letrozole,RxNorm,72965
8,Something local,Our Own Codes,X17
9,gram per deciliter,UCUM,g/dL
10,Dispensed by us,Type Concept,OWN1
11,"Letrozole and Palbociclib",HemOnc,12345
12,"Infiltrating duct carcinoma, NOS, of breast, NOS",ICDO3,8500/3-C50.9
"""
BREAST = "condition_occurrence_id,person_id,condition_concept_id,condition_start_date\n1,1,1,2020-01-02\n2,2,1,2020-01-02\n3,1,2,2021-03-04\n4,2,2,2021-03-04\n"
PERSONS = "person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth\n1,8532,1960,5,6\n2,8507,1955,,\n"


def quiet(text: str) -> None:
    del text


@pytest.fixture(scope="module")
def coding(knowledge: Knowledge, codes: Codes) -> Coding:
    return Coding(knowledge, codes)


@pytest.fixture
def read(tmp_path: Path, codes: Codes) -> Callable[..., Source]:
    """Read tables given as text, with the usual ones beside them."""

    def reading(**tables: str | bytes | None) -> Source:
        folder = tmp_path / "in"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, text in ({"person": PERSONS, "concept": CONCEPTS, "condition_occurrence": BREAST} | tables).items():
            if text is not None:
                data = text.encode() if isinstance(text, str) else text
                (folder / f"{name.replace('__', '.') if '__' in name else name + '.csv'}").write_bytes(data)
        shutil.rmtree(tmp_path / "work", ignore_errors=True)
        return ingest(folder, tmp_path / "work", codes, progress=quiet)

    return reading


def kept(source: Source) -> list[dict[str, object]]:
    return [json.loads(line) for line in (source.folder / "faults.ndjson").read_text().splitlines()]


def places(source: Source, kind: str) -> list[tuple[object, object]]:
    return [(row["file"], row["line"]) for row in kept(source) if row["kind"] == kind]


def haemoglobin(source: Source) -> list[tuple[str, float, dt.date]]:
    found = source.whole()
    rows = found.entries.filter(pl.col("fact") == "haemoglobin").select("patient", "number", "on").rows()
    return sorted((found.patients["id"][patient], number, on) for patient, number, on in rows)


MEASURED = "measurement_id,person_id,measurement_concept_id,measurement_date,value_as_number,unit_concept_id\n"


# What comes back


class Plain(NamedTuple):
    """Tables as CSV in a folder, read, and the status of everybody."""

    folder: Path
    source: Source
    status: pl.DataFrame


def by_id(events: Events, knowledge: Knowledge) -> pl.DataFrame:
    return plan(events, knowledge, DAY, "EU").with_columns(events.patients["id"].cast(pl.Int64)).sort("id").drop("id")


@pytest.mark.parametrize("people", sizes(80, 300))
def test_the_truth_comes_back(people: int, tmp_path: Path, knowledge: Knowledge, codes: Codes, coding: Coding) -> None:
    truth = OmopWriter(coding).write(draw(content(open_knowledge()), people, 3), tmp_path / "omop")
    source = ingest(tmp_path / "omop", tmp_path / "work", codes, progress=quiet)
    assert source.faults == {}
    found = source.whole()
    assert by_id(found, knowledge).equals(plan(truth, knowledge, DAY, "EU"))
    ids = found.patients["id"].cast(pl.UInt32) - 1
    mine = (
        courses_of(found, knowledge, DAY)
        .with_columns(pl.col("patient").replace_strict(pl.Series(range(len(ids)), dtype=pl.UInt32), ids))
        .sort("patient", maintain_order=True)
    )
    assert mine.equals(courses_of(truth, knowledge, DAY))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, knowledge: Knowledge, codes: Codes, coding: Coding) -> Plain:
    """Tables as CSV, and what they say."""
    folder = tmp_path_factory.mktemp("plain")
    OmopWriter(coding).write(draw(content(open_knowledge()), 60, 3), folder / "csv")
    source = ingest(folder / "csv", folder / "work", codes, progress=quiet)
    return Plain(folder, source, by_id(source.whole(), knowledge))


_LATER = [pytest.param(form, marks=pytest.mark.slow) for form in ("gzip", "upper", "semicolon")]


@pytest.mark.parametrize("form", ["parquet", "parts", "database", *_LATER])
def test_every_form_of_the_tables_says_the_same(
    form: str, plain: Plain, tmp_path: Path, knowledge: Knowledge, codes: Codes
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    if form == "database":
        other = database_of(plain.folder, tmp_path)
    for path in (plain.folder / "csv").glob("*.csv") if form != "database" else ():
        text, frame = path.read_text(), pl.read_csv(path, infer_schema_length=None)
        if form == "parquet":
            frame.with_columns(pl.col(name).cast(pl.Float64) for name in frame.columns if name == "person_id").write_parquet(
                other / f"{path.stem}.parquet"
            )
        elif form == "parts":
            (other / path.stem).mkdir()
            for number, part in enumerate(frame.iter_slices(max(1, frame.height // 3))):
                part.write_csv(other / path.stem / f"part-{number}.csv")
        elif form == "gzip":
            (other / f"{path.name}.gz").write_bytes(gzip.compress(text.encode()))
        elif form == "upper":
            frame.rename(str.upper).write_csv(other / path.name.upper())
        else:
            frame.write_csv(other / path.name, separator=";", quote_style="always", include_bom=True, line_terminator="\r\n")
    again = ingest(other, tmp_path / "two", codes, progress=quiet)
    assert again.faults == plain.source.faults
    assert by_id(again.whole(), knowledge).equals(plain.status)


def database_of(tables: Path, folder: Path) -> Path:
    """The same tables as a live SQLite database."""
    import sqlite3

    pytest.importorskip("adbc_driver_sqlite", reason="the ADBC driver for SQLite is not installed (extra `omop`)")
    with sqlite3.connect(folder / "omop.db") as base:
        for path in (tables / "csv").glob("*.csv"):
            frame = pl.read_csv(path, infer_schema_length=None)
            base.execute(f"CREATE TABLE {path.stem.upper()} ({', '.join(frame.columns)})")
            base.executemany(f"INSERT INTO {path.stem.upper()} VALUES ({', '.join('?' * frame.width)})", frame.rows())
    return copied(f"sqlite:///{folder / 'omop.db'}", folder / "copy", quiet)


def test_a_run_that_was_cut_off_goes_on(tmp_path: Path, codes: Codes, coding: Coding) -> None:
    OmopWriter(coding).write(draw(content(open_knowledge()), 60, 3), tmp_path / "omop")
    whole = ingest(tmp_path / "omop", tmp_path / "work", codes, progress=quiet).whole()
    shutil.rmtree(tmp_path / "work" / "part-00000")
    (tmp_path / "work" / "faults.json").unlink()
    (tmp_path / "work" / "files" / "measurement.csv" / "done.json").unlink()
    told: list[str] = []
    again = ingest(tmp_path / "omop", tmp_path / "work", codes, progress=told.append)
    assert told == ["reading measurement.csv", "putting people together (1 of 1)"]
    assert again.whole().entries.equals(whole.entries)


# What the tables say


def test_episodes_and_cancer_modifiers_follow_the_oncology_conventions(read: Callable[..., Source]) -> None:
    source = read(
        condition_occurrence=BREAST.splitlines()[0] + "\n1,1,12,2020-01-02\n2,2,12,2020-01-02\n",
        measurement=MEASURED.replace("unit_concept_id", "value_as_concept_id")
        + "1,1,36769301,2021-01-02,,\n2,1,36770544,2021-02-03,,4132135\n3,1,36768862,2021-03-04,,4181412\n4,2,1635142,2022-01-02,,0\n",
        episode="episode_id,person_id,episode_concept_id,episode_start_date,episode_end_date,episode_object_concept_id\n"
        "1,1,32949,2022-05-06,,\n2,1,32948,2023-05-06,,\n3,1,32946,2024-05-06,,\n4,2,32531,2022-02-01,2022-06-30,11\n5,2,32532,2022-02-01,,11\n",
    )
    found = source.whole()
    sites = found.entries.filter(pl.col("fact") == "sites").select("patient", "text", "on").rows()
    assert sites == [(0, "bone", dt.date(2021, 1, 2)), (0, "brain", dt.date(2021, 3, 4))]  # the liver is absent
    metastatic = found.entries.filter((pl.col("fact") == "metastatic") & (pl.col("number") == 1))["patient"].unique().to_list()
    assert metastatic == [0, 1]
    turns = (
        found.events.filter(pl.col("what").is_in(["progression", "stable", "response"])).select("what", "on").sort("on").rows()
    )
    assert turns == [("progression", dt.date(2022, 5, 6)), ("stable", dt.date(2023, 5, 6)), ("response", dt.date(2024, 5, 6))]
    given = found.administrations.select("patient", "drug", "start", "end").sort("drug").rows()
    assert given == [(1, drug, dt.date(2022, 2, 1), dt.date(2022, 6, 30)) for drug in ("letrozole", "palbociclib")]
    assert found.entries.filter(pl.col("fact") == "histology")["text"].unique().to_list() == ["ductal"]


def test_a_regimen_adds_nothing_to_what_was_given(read: Callable[..., Source]) -> None:
    episode = "episode_id,person_id,episode_concept_id,episode_start_date,episode_end_date,episode_object_concept_id\n4,2,32531,2022-02-01,2022-06-30,11\n"
    drugs = "drug_exposure_id,person_id,drug_concept_id,drug_exposure_start_date,drug_exposure_end_date\n1,2,7,2022-02-03,2022-06-28\n"
    found = read(episode=episode, drug_exposure=drugs).whole()
    assert found.administrations["drug"].to_list() == ["letrozole"]


def test_exposures_are_supplies_administrations_or_spans(read: Callable[..., Source]) -> None:
    head = "drug_exposure_id,person_id,drug_concept_id,drug_exposure_start_date,drug_exposure_end_date,verbatim_end_date,days_supply,drug_type_concept_id\n"
    found = read(
        drug_exposure=head
        + "1,1,6,2022-01-01,2022-01-28,,28,38000175\n2,1,6,2022-02-01,2022-02-28,,28,10\n3,1,7,2022-03-01,2022-03-01,,,32818\n"
        "4,2,7,2022-01-01,2022-12-31,2022-06-30,,\n5,2,6,2022-01-01,,,30,\n"
    ).whole()
    rows = (
        found.administrations.select("patient", "drug", "start", "end", "supply", "ongoing")
        .sort("patient", "drug", "start")
        .rows()
    )
    day = dt.date
    assert rows == [
        (0, "letrozole", day(2022, 3, 1), None, None, None),
        (0, "palbociclib", day(2022, 1, 1), day(2022, 1, 28), "dispensed", None),
        (0, "palbociclib", day(2022, 2, 1), day(2022, 2, 28), "dispensed", None),  # by the name of a type of their own
        (1, "letrozole", day(2022, 1, 1), day(2022, 6, 30), None, False),  # the end as the source had it goes first
        (1, "palbociclib", day(2022, 1, 1), day(2022, 1, 30), None, False),
    ]


def test_values_are_numbers_with_units_and_limits_answers_or_words(read: Callable[..., Source]) -> None:
    source = read(
        measurement="measurement_id,person_id,measurement_concept_id,measurement_date,value_as_number,value_as_concept_id,unit_concept_id,unit_source_value,operator_concept_id,measurement_source_value,value_source_value\n"
        "1,1,3,2024-01-02,11.5,,9,,,,\n2,2,3,2024-01-02,12.5,0,0,g/dl,4172703,,\n3,1,4,2024-01-03,,5,,,,,\n4,2,0,2024-01-03,,0,,,,ER status,positive\n"
        "5,1,3,2024-01-04,9,,9,,4172704,,\n"
    )
    assert [(who, number) for who, number, _ in haemoglobin(source)] == [("1", 11.5), ("2", 12.5)]
    er = source.whole().entries.filter(pl.col("fact") == "er").select("patient", "text").rows()
    assert er == [(0, "positive"), (1, "positive")]
    assert source.faults["not understood: only a limit is given, not the value"] == 1


def test_an_observation_without_a_value_states_its_concept(read: Callable[..., Source]) -> None:
    concepts = CONCEPTS + "20,Postmenopausal state,SNOMED,76498008\n"
    found = read(
        concept=concepts, observation="observation_id,person_id,observation_concept_id,observation_date\n1,1,20,2024-01-02\n"
    ).whole()
    assert found.entries.filter(pl.col("fact") == "menopausal-status")["text"].to_list() == ["postmenopausal"]


def test_source_codes_count_where_nothing_is_mapped(read: Callable[..., Source]) -> None:
    """Concept 0 is OMOP's word for no match; what the source had is then the best there is."""
    rows = "1,1,0,2020-01-02,1,local\n2,2,0,2020-01-02,0,breast cancer\n"
    head = BREAST.splitlines()[0] + ",condition_source_concept_id,condition_source_value\n"
    found = read(condition_occurrence=head + rows, concept=CONCEPTS + "0,No matching concept,None,No matching concept\n").whole()
    assert found.events["what"].to_list() == ["diagnosis", "diagnosis"]


def test_without_a_vocabulary_the_words_of_the_source_are_read(read: Callable[..., Source]) -> None:
    source = read(
        concept=None,
        condition_occurrence="condition_occurrence_id,person_id,condition_concept_id,condition_start_date,condition_source_value\n1,1,4112853,2020-01-02,breast cancer\n",
        drug_exposure="drug_exposure_id,person_id,drug_concept_id,drug_exposure_start_date,drug_source_value\n1,1,0,2022-01-01,Ibrance 125 mg capsules\n",
    )
    assert source.faults["a table that is missing: concept"] == 1
    found = source.whole()
    assert found.administrations["drug"].to_list() == ["palbociclib"]
    assert found.events["what"].to_list() == ["diagnosis"]


def test_people_are_born_and_die(read: Callable[..., Source]) -> None:
    source = read(death="person_id,death_date\n2,2023-04-05\n2,2023-04-06\n")
    people = source.whole().patients
    assert people["birth"].to_list() == [dt.date(1960, 5, 6), dt.date(1955, 1, 1)]
    assert people["died"].to_list() == [None, dt.date(2023, 4, 6)]
    assert source.faults["several days of death"] == 1


def test_every_rule_for_concepts_says_something_that_the_reader_understands(codes: Codes) -> None:
    concepts, silent = Concepts(codes), 0
    for rule in codes.omop["concepts"]:
        number = str(rule.get("ids", [5])[0])
        concepts._own[number] = rule
        if "object" in rule or "regimen" in rule:
            continue
        cells = dict.fromkeys(
            ("source", "words", "number", "value", "value_words", "unit", "unit_words", "operator", "object", "exposed")
        ) | {"concept": number}
        body = concepts.body("episode" if "pisode" in str(rule) else "measurement", cells)
        if "silent" in rule:
            assert body is None, rule
            silent += 1
            continue
        assert body is not None
        day = {"Condition": "onsetDateTime", "Observation": "effectiveDateTime"}[body["resourceType"]]
        breast = {
            "resourceType": "Condition",
            "id": "b",
            "subject": {"reference": "Patient/p"},
            "code": {"text": "breast cancer"},
        }
        said = {"id": "r", "subject": {"reference": "Patient/p"}, day: "2024-01-02"} | body
        record = read_fhir([{"resourceType": "Patient", "id": "p"}, breast, said], "a rule", codes)[0]
        assert not record.unread, rule
        assert record.entries or [event for event in record.events if event.what != "diagnosis"] or record.scope, rule
    assert silent


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Metastasis to left lung", "94391008"), ("Metastasis to bone of skull", "94222008"), ("Metastasis to pancreas", "128462008"),
        ("AJCC/UICC 8th pathological Stage 4B", "258228008"), ("AJCC/UICC 7th clinical M1b Category", "55440008"), ("AJCC/UICC Stage 4", "258228008"),
    ],
)  # fmt: skip
def test_cancer_modifiers_are_known_by_their_names(name: str, code: str, codes: Codes) -> None:
    from linewise.bulk.concepts import Concept

    rule = Concepts(codes, known={"77": Concept("Cancer Modifier", "OMOP1", name)}).own("77")
    assert rule is not None
    assert code in map(str, (rule.get("value") or rule["condition"]).values())


@pytest.mark.parametrize(
    "name",
    [
        "AJCC/UICC 8th clinical Stage 3C",
        "AJCC/UICC 8th clinical Stage 1B3",
        "Metastasis to lymph node of neck",
        "Metastasis to breast",
    ],
)
def test_early_disease_and_near_nodes_are_never_read_as_spread(name: str, codes: Codes) -> None:
    from linewise.bulk.concepts import Concept

    rule = Concepts(codes, known={"77": Concept("Cancer Modifier", "OMOP1", name)}).own("77")
    assert rule is not None
    assert "silent" in rule or str(rule.get("value", {}).get("text", "")).startswith("Stage I")


# What is wrong


def test_each_kind_of_bad_row_is_counted_and_kept_and_costs_nobody_else_anything(read: Callable[..., Source]) -> None:
    source = read(
        measurement=MEASURED
        + "1,1,3,2024-01-02,11.5,9\n,1,3,2024-01-03,1,9\n3,,3,2024-01-04,2,9\n4,2,3,yesterday,9.5,9\n5,2,3,2024-01-06,high,9\n"
        "6,2,8,2024-01-07,1,\n7,2,99,2024-01-08,1,\n8,9,3,2024-01-09,1,9\n9,2,3,2124-01-10,9,9\n1,1,3,2024-01-02,11.5,9\n11,2,3,2024-01-11,12.5,9,x,y\n12,2,3,2024-01-12,13.5,9\n",
        person=PERSONS + ",8532,1970,,\n3,8532,19x0,,\n",
    )
    assert source.faults == {
        "no id": 2, "no person": 1, "a date that cannot be read": 1, "a value of the wrong type": 2, "dated in the future": 1,
        "a code system that is not known: Our Own Codes": 1, "a concept that is not in the table concept": 1, "a line that does not fit the header": 1,
        "about a person who is not in the export": 1, "the same resource twice": 1,
        "a table that is missing: drug_exposure": 1, "a table that is missing: observation": 1, "a table that is missing: procedure_occurrence": 1,
        "a table that is missing: episode": 1, "a table that is missing: death": 1,
        "not understood: what was observed is not known here": 2, "not understood: no result: no result is given": 1,
    }  # fmt: skip
    assert sorted(places(source, "no id")) == [("measurement.csv", 3), ("person.csv", 4)]
    expected = {
        "no person": 4, "a date that cannot be read": 5, "a code system that is not known: Our Own Codes": 7, "a concept that is not in the table concept": 8,
        "about a person who is not in the export": 9, "dated in the future": 10, "a line that does not fit the header": 12,
    }  # fmt: skip
    for kind, line in expected.items():
        assert places(source, kind) == [("measurement.csv", line)], kind
    assert sorted(places(source, "a value of the wrong type")) == [("measurement.csv", 6), ("person.csv", 5)]
    assert places(source, "the same resource twice") in ([("measurement.csv", 2)], [("measurement.csv", 11)])
    right = {(who, number) for who, number, on in haemoglobin(source) if on is None or on < DAY}
    assert right == {("1", 11.5), ("2", 9.5), ("2", 13.5)}
    told = next(row for row in kept(source) if row["kind"] == "a date that cannot be read")
    assert json.loads(str(told["text"]))["measurement_date"] == "yesterday"


def test_rows_of_parquet_and_of_a_database_have_their_places(tmp_path: Path, codes: Codes) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "person.csv").write_text(PERSONS)
    pl.DataFrame({"measurement_id": [17, 18], "person_id": [1, None], "measurement_date": ["2024-01-02"] * 2}).write_parquet(
        folder / "measurement.parquet"
    )
    source = ingest(folder, tmp_path / "one", codes, progress=quiet)
    assert places(source, "no person") == [("measurement.parquet", 2)]
    shutil.copy(folder / "measurement.parquet", tmp_path / "measurement.parquet")
    pl.read_csv(folder / "person.csv").cast(pl.String).write_parquet(folder / "person.parquet")
    (folder / "person.csv").unlink()
    (folder / "from.json").write_text('"sqlite:///omop.db"')  # as the copy of a database has it
    source = ingest(folder, tmp_path / "two", codes, progress=quiet)
    assert places(source, "no person") == [("measurement (key)", 18)]


def test_a_missing_column_is_told_by_its_name(read: Callable[..., Source]) -> None:
    source = read(measurement="measurement_id,person_id,measurement_concept_id,value_as_number,unit_concept_id\n1,1,3,11.5,9\n")
    assert source.faults["a column that is missing: measurement.measurement_date"] == 1
    assert [(who, number) for who, number, _ in haemoglobin(source)] == [("1", 11.5)]


def test_persons_are_needed(tmp_path: Path, codes: Codes, read: Callable[..., Source]) -> None:
    with pytest.raises(RecordError, match="person has no column person_id"):
        read(person="gender_concept_id,year_of_birth\n8532,1960\n")
    (tmp_path / "nobody").mkdir()
    (tmp_path / "nobody" / "measurement.csv").write_text(MEASURED)
    with pytest.raises(RecordError, match="nothing here that can be read"):
        ingest(tmp_path / "nobody", tmp_path / "w", codes, progress=quiet)


def test_dates_are_read_as_they_are_written_and_never_guessed(read: Callable[..., Source]) -> None:
    days = [
        "2024-02-03",
        "20240204",
        "2024-02-05 10:11:12",
        "2024-02-06T00:00:00Z",
        "07-FEB-2024",
        "08FEB2024",
        "09.02.2024",
        "2024/02/10",
    ]
    rows = "".join(f"{number},1,3,{day},{number},9\n" for number, day in enumerate(days, 3))
    assert [on.day for *_, on in haemoglobin(read(measurement=MEASURED + rows))] == list(range(3, 11))
    american = read(measurement=MEASURED + "1,1,3,02/03/2024,5,9\n2,1,3,02/14/2024,6,9\n")
    assert [on for *_, on in haemoglobin(american)] == [dt.date(2024, 2, 3), dt.date(2024, 2, 14)]
    european = read(measurement=MEASURED + "1,1,3,02/03/2024,5,9\n2,1,3,14/03/2024,6,9\n")
    assert [on for *_, on in haemoglobin(european)] == [dt.date(2024, 3, 2), dt.date(2024, 3, 14)]
    nobody_knows = read(measurement=MEASURED + "1,1,3,02/03/2024,5,9\n")
    assert nobody_knows.faults["a date that cannot be read"] == 1


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("\ufeff{}", "utf-8"), ("{}", "utf-16"), ("{}", "latin-1")],
    ids=["byte-order mark", "UTF-16", "Latin-1"],
)
def test_encodings(text: str, encoding: str, read: Callable[..., Source]) -> None:
    table = MEASURED.replace("\n", ",measurement_source_value\n") + "1,1,3,2024-01-02,11.5,9,Hämoglobin\n"
    assert [number for _, number, _ in haemoglobin(read(measurement=text.format(table).encode(encoding)))] == [11.5]


def test_quoted_line_breaks_move_the_lines_and_nothing_else(read: Callable[..., Source]) -> None:
    head = MEASURED.replace("\n", ",measurement_source_value\n")
    source = read(
        measurement=head
        + '1,1,3,2024-01-02,11.5,9,"two\nlines, and a "" quote"\n2,1,3,2024-01-03,12.5,9,x\n,1,3,2024-01-04,1,9,"y\n\nz"\n4,,3,2024-01-05,1,9,\n'
    )
    assert [number for _, number, _ in haemoglobin(source)] == [11.5, 12.5]
    assert places(source, "no id") == [("measurement.csv", 5)]
    assert places(source, "no person") == [("measurement.csv", 8)]


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text('a,b\n1,2\n"x\ny",3\n\nbad,line,here\n4,5\n6,"7\n8"\n9,10')
    form = form_of(path)
    assert form is not None
    steps = line_numbers(path, form, 5, {6})
    assert [row + max(step for step in steps if step[0] <= row)[1] for row in range(5)] == [2, 3, 7, 8, 10]


def test_tabs_without_quotes_as_vocabularies_come(read: Callable[..., Source]) -> None:
    tabs = CONCEPTS.replace('"Letrozole and Palbociclib"', "x").replace(
        '"Infiltrating duct carcinoma, NOS, of breast, NOS"', '"a name that begins with a quote'
    )
    source = read(concept=tabs.replace(",", "\t"), measurement=MEASURED + "1,1,3,2024-01-02,11.5,9\n")
    assert [number for _, number, _ in haemoglobin(source)] == [11.5]
    assert not [kind for kind in source.faults if "header" in kind]


def test_empty_and_unusable_files_are_told(read: Callable[..., Source]) -> None:
    source = read(
        measurement="",
        observation="\n\n",
        procedure_occurrence="a,b\n1,2\n",
        episode__parquet=b"not parquet",
        death="person_id,death_date\n",
    )
    assert source.faults["an empty file"] == 2
    assert source.faults["a file that cannot be read"] == 2
    assert {row["file"] for row in kept(source)} == {
        "measurement.csv",
        "observation.csv",
        "procedure_occurrence.csv",
        "episode.parquet",
    }
    assert len(source.whole()) == 2
