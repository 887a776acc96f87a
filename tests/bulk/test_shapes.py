"""Lines cut by their shape give what parsing every line gives, whatever the lines look like."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from linewise.bulk.block import Block, blocks
from linewise.bulk.faults import Faults
from linewise.bulk.layout import Cut, layouts, texts
from linewise.bulk.reading import Reading
from linewise.bulk.resources import KINDS, LINKED
from linewise.bulk.run import bulk_files
from linewise.bulk.scan import Scanner
from linewise.bulk.shapes import Shapes
from linewise.bulk.source import put_together
from linewise.bulk.templates import Templates
from linewise.columns.events import Events
from linewise.columns.events import of_records as events_of
from linewise.exchange import Codes
from linewise.exchange.fhir import read_fhir
from places import Shared

NEVER = 10**9
_LOINC, _SNOMED, _RXNORM = "http://loinc.org", "http://snomed.info/sct", "http://www.nlm.nih.gov/research/umls/rxnorm"


def read(folder: Path, work: Path, codes: Codes, least: int, block: int = 4000) -> tuple[Events, dict[str, int], int]:
    """The people of an export, what was wrong, and how many shapes were learned. A shape is learned that occurs `least` times in a block."""
    work.mkdir()
    scanner = Scanner(work, Templates(codes), Faults(work / "faults.ndjson"), 2, "1GB", 2)
    for member, about in LINKED.items():
        if about.kind in bulk_files(folder):
            scanner.link(member, bulk_files(folder)[about.kind])
    reading = Reading(scanner, block, lambda text: None, least=least)
    reading.files([(file, kind) for kind, files in bulk_files(folder).items() if kind in KINDS for file in files])
    source = put_together(scanner, lambda text: None)
    learned = sum(shape is not None for shapes in reading._shapes.values() for shape in shapes._known.values())
    return source.whole(), source.faults, learned


def same(one: Events, two: Events) -> bool:
    """Whether two cohorts hold the same, in the same order."""
    tables = ("patients", "entries", "administrations", "events", "reactions", "medications")
    return all(getattr(one, table).equals(getattr(two, table)) for table in tables)


def written(rows: list[Any], chance: random.Random) -> str:
    """Lines as different systems write them."""
    style: dict[str, Any] = chance.choice([{"separators": (",", ":")}, {}, {"separators": (",", ": ")}])
    ascii_only = chance.random() < 0.5
    lines = []
    for row in rows:
        if isinstance(row, str):
            lines.append(row)
            continue
        if chance.random() < 0.1:
            row = dict(chance.sample(list(row.items()), len(row)))
        line = json.dumps(row, ensure_ascii=ascii_only, **style)
        if chance.random() < 0.03:  # a text that does not end
            line = line.replace('", "', '\\", "', 3).replace('","', '\\","', 3)
        lines.append(line.replace("/", "\\/") if chance.random() < 0.1 else line)  # as some languages write it
    return chance.choice(["\n", "\r\n"]).join(lines) + chance.choice(["", "\n"])


def day(chance: random.Random) -> str:
    whole = f"{chance.randint(2015, 2026)}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}"
    return chance.choice(
        [whole] * 8 + [whole[:7], whole[:4], f"{whole}T10:20:30+01:00", "2023-02-31", "next week", "", "1066-10-14", "2099-01-01"]
    )


def person(chance: random.Random) -> dict[str, Any]:
    key = f"p{chance.randint(0, 15)}"
    usual = [{"reference": f"Patient/{key}"}] * 10
    odd = [{"reference": f"Patient/{key}/_history/2"}, {"reference": f"https://a.b/fhir/Patient/{key}"}, {"reference": f"urn:uuid:{key}"}, {}, {"display": "x"},
           {"reference": f"Patient/{key}", "display": chance.choice(["Ä. Müller", 'A "B" C', "id"])}, {"reference": "Patient/\u00e4\\"}]  # fmt: skip
    return chance.choice(usual + odd)


def dressed(resource: dict[str, Any], chance: random.Random, number: int) -> dict[str, Any]:
    """With what real systems put around what matters."""
    more: dict[str, Any] = {}
    if chance.random() < 0.5:
        more["meta"] = {"versionId": str(chance.randint(1, 3)), "lastUpdated": f"2025-01-{chance.randint(1, 28):02d}T00:00:00Z"}
    if chance.random() < 0.3:
        more["text"] = {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{number} \\ "quoted"</div>'}
    if chance.random() < 0.3:
        more["identifier"] = [{"system": "urn:x", "value": str(number)}]
    if chance.random() < 0.3:
        more["encounter"] = {"reference": f"Encounter/{number}"}
    if chance.random() < 0.3:
        more["performer"] = [{"reference": f"Practitioner/{chance.randint(1, 4)}", "display": chance.choice(["Dr Ö", "Dr A"])}]
    if chance.random() < 0.2:
        resource["specimen"] = {"reference": f"Specimen/s{chance.randint(0, 3)}"}
    identity = f'r{number}"' if chance.random() < 0.05 else f"r{number}"
    return {"resourceType": resource.pop("resourceType"), "id": identity} | more | resource


def observation(chance: random.Random) -> dict[str, Any]:
    code = chance.choice([(_LOINC, "16112-5"), (_LOINC, "718-7"), (_LOINC, "85319-2"), ("http://nobody", "x")])
    found: dict[str, Any] = {
        "resourceType": "Observation",
        "status": chance.choice(["final", "final", "entered-in-error"]),
        "code": {"coding": [{"system": code[0], "code": code[1]}] * chance.choice([1, 1, 2])},
        "subject": person(chance),
    }
    when = chance.choice(["effectiveDateTime", "issued", "effectivePeriod", "both", "none", "wrong"])
    if when in ("effectiveDateTime", "issued", "both"):
        found["effectiveDateTime" if when != "issued" else "issued"] = day(chance)
    if when == "both":
        found["issued"] = day(chance)
    if when == "effectivePeriod":
        found["effectivePeriod"] = {name: day(chance) for name in chance.choice([("start",), ("end",), ("start", "end")])}
    if when == "wrong":
        found["effectivePeriod"] = day(chance)
    value = chance.choice(["coded", "number", "text", "day"])
    if value == "coded":
        found["valueCodeableConcept"] = {"coding": [{"system": _SNOMED, "code": chance.choice(["10828004", "260385009"])}]}
    if value == "number":
        found["valueQuantity"] = {"value": chance.choice([11.5, 9, 3e2]), "code": "g/dL"}
    if value == "text":
        found["valueString"] = chance.choice(["positive", "id", '":"', "2024-01-01", "Patient/p1", "\ue000" + "1", "negativ ä"])
    if value == "day":
        found["valueDateTime"] = day(chance)
    if chance.random() < 0.1:
        found["extension"] = [{"url": "http://x", "valueReference": {"reference": "Patient/p3"}, "id": "abc"}]
    return found


def medicine(chance: random.Random) -> dict[str, Any]:
    found: dict[str, Any] = {
        "resourceType": "MedicationStatement", "status": chance.choice(["completed", "active"]), "subject": person(chance),
        "medicationCodeableConcept": {"coding": [{"system": _RXNORM, "code": chance.choice(["72965", "1873916", "282464"])}]},
    }  # fmt: skip
    found |= chance.choice([
        {"effectivePeriod": {"start": day(chance), "end": day(chance)}}, {"effectivePeriod": {"start": day(chance)}}, {"effectiveDateTime": day(chance)},
        {"dateAsserted": day(chance), "effectivePeriod": {"end": day(chance), "start": day(chance)}},
    ])  # fmt: skip
    return found


def condition(chance: random.Random) -> dict[str, Any]:
    return {
        "resourceType": "Condition", "subject": person(chance), "onsetDateTime": day(chance), "recordedDate": day(chance),
        "code": {"coding": [{"system": _SNOMED, "code": chance.choice(["254837009", "94222008", "94381002"])}]},
    }  # fmt: skip


@pytest.mark.parametrize("seed", [pytest.param(seed, marks=[pytest.mark.slow] if seed > 2 else []) for seed in range(8)])
def test_cut_lines_say_what_parsed_lines_say(seed: int, tmp_path: Path, codes: Codes) -> None:
    chance = random.Random(seed)
    folder = tmp_path / "in"
    folder.mkdir()
    number = 0
    for kind, make in (("Observation", observation), ("MedicationStatement", medicine), ("Condition", condition)):
        for part in range(2):
            rows: list[Any] = []
            for _ in range(chance.choice([40, 250])):
                number += 1
                stray = observation if chance.random() < 0.03 else make
                rows.append(dressed(stray(chance), chance, number if chance.random() < 0.95 else number - 1))
            rows += [
                chance.choice(
                    [
                        '{"resourceType":"Patient","id":"p"}',
                        '{"id": 5}',
                        "nothing",
                        "{",
                        "[]",
                        "null",
                        "",
                        "   ",
                        '{"id":"a","id":"b"}',
                    ]
                )
            ] * 2
            chance.shuffle(rows)
            (folder / f"{kind}.{part}.ndjson").write_text(written(rows, chance), encoding="utf-8", newline="")
    specimens = [
        {"resourceType": "Specimen", "id": f"s{one}", "collection": {"collectedDateTime": day(chance)}} for one in range(3)
    ]
    (folder / "Specimen.ndjson").write_text(written(specimens, chance), encoding="utf-8", newline="")
    people = [{"resourceType": "Patient", "id": f"p{one}", "birthDate": day(chance)} for one in range(12)]
    (folder / "Patient.ndjson").write_text(written(people, chance), encoding="utf-8", newline="")
    parsed, wrong, none = read(folder, tmp_path / "parsed", codes, NEVER)
    cut, faults, learned = read(folder, tmp_path / "cut", codes, 1)
    assert none == 0 and learned > 10
    assert same(cut, parsed)
    assert faults == wrong
    lines = [sorted((tmp_path / way / "faults.ndjson").read_text().splitlines()) for way in ("cut", "parsed")]
    assert lines[0] == lines[1]


def test_reference_exports_are_cut_as_they_are_parsed(shared: Shared, tmp_path: Path, codes: Codes) -> None:
    folder = shared / "records/synthea_bulk_ndjson"
    parsed, wrong, _ = read(folder, tmp_path / "parsed", codes, NEVER, 10_000_000)
    cut, faults, learned = read(folder, tmp_path / "cut", codes, 1, 10_000_000)
    assert learned > 100
    assert same(cut, parsed) and faults == wrong


def test_what_nobody_reads_does_not_make_a_shape(codes: Codes) -> None:
    shapes = Shapes("Observation", KINDS["Observation"], Templates(codes))
    line = '{{"resourceType":"Observation","id":"{0}","identifier":[{{"value":"i{0}"}}],"text":{{"div":"<div xmlns=\\"x\\">Somebody {0}</div>"}},"status":"final",'
    line += '"code":{{"coding":[{{"system":"http://loinc.org","code":"718-7","display":"Hb"}}]}},"subject":{{"reference":"Patient/p{0}","display":"N {0}"}},'
    line += '"effectiveDateTime":"2024-01-02T03:04:{1:02d}Z","valueQuantity":{{"value":{2},"code":"g/dL"}}}}'
    data = "\n".join(line.format(number, number % 60, number % 3) for number in range(300)).encode()
    block = Block(data, 1)
    found, odd = shapes.read(block, block.lines)
    assert sum(rows.height for rows in found) == 300 and not len(odd)
    assert (
        sum(shape is not None for shape in shapes._known.values()) == 3
    )  # three values: the names, texts and numbers of people make none


@pytest.mark.parametrize(
    ("line", "cut", "learned"),
    [
        (
            '{"resourceType":"Observation","id":"1","subject":{"reference":"Patient/a"},"status":"final"}',
            ("1", "Patient/a"),
            True,
        ),
        (
            '{"resourceType":"Observation","id":"1","subject":{"reference":"Patient/a"},"status":"final"}',
            ("1",),
            False,
        ),  # whose it is
        (
            '{"resourceType":"Observation","id":"1","subject":{"reference":"Patient/a"},"status":"final"}',
            ("1", "Patient/a", "final"),
            False,
        ),
        (
            '{"resourceType":"Observation","id":"1","subject":{"reference":"Patient/a"},"valueString":"x"}',
            ("1", "Patient/a", "x"),
            False,
        ),
        (
            '{"resourceType":"Observation","id":"1","subject":{"reference":"Patient/a"},"note":[{"text":"zz"}]}',
            ("1", "Patient/a", "zz"),
            True,
        ),
        (
            '{"resourceType":"Observation","id":"1","subject":{"reference":"Patient/a"},"issued":"2024-01-01"}',
            ("1", "Patient/a"),
            False,
        ),
        (
            '{"resourceType":"Observation","id":"1","subject":{"reference":"Patient/a"},"meta":{"lastUpdated":"x"}}',
            ("1", "Patient/a"),
            False,
        ),
        (
            '{"resourceType":"Observation","id":"1","subject":{"reference":"Patient/a"},"specimen":{"display":"x"}}',
            ("1", "Patient/a"),
            False,
        ),
        (
            '{"resourceType":"Observation","id":"1","subject":{"reference":"Patient/a"},"valueString":"\ue0000"}',
            ("1", "Patient/a"),
            False,
        ),
        (
            '{"resourceType":"Observation","id":"1","subject":{"reference":"Patient/a"},"valueString":"an a"}',
            ("1", "Patient/a", "n"),
            False,
        ),
        ('{"resourceType":"Condition","id":"1","subject":{"reference":"Patient/a"}}', ("1", "Patient/a"), False),
        ('{"resourceType":"Observation","id":"1","subject":{"reference":"Patient/a"}', ("1", "Patient/a"), False),  # no end
    ],
)
def test_a_shape_is_learned_only_where_nothing_is_left_open(line: str, cut: tuple[str, ...], learned: bool, codes: Codes) -> None:
    data, bounds, behind = line.encode(), [0], 0
    for value in cut:
        start = data.index(value.encode(), behind + (len(value) == 1))
        if value == "1":
            start = data.index(b'"1"') + 1
        bounds += [start, start + len(value)]
        behind = bounds[-1]
    shape = Shapes("Observation", KINDS["Observation"], Templates(codes)).learn(data, [*bounds, len(data)])
    assert (shape is not None) == learned


def test_days_inside_a_dosage_are_compared_with_those_of_their_own_line(tmp_path: Path, codes: Codes) -> None:
    """The same dosage in many lines, which end before it in some and behind it in others."""
    (tmp_path / "in").mkdir()
    lines = []
    for number in range(60):
        lines.append(
            {"resourceType": "MedicationRequest", "id": f"r{number}", "status": "completed", "intent": "order", "subject": {"reference": "Patient/p1"},
             "medicationCodeableConcept": {"coding": [{"system": _RXNORM, "code": "72965"}]}, "authoredOn": f"2023-0{1 + number % 9}-01",
             "dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": {"end": "2023-05-15"}}}}]}
        )  # fmt: skip
    (tmp_path / "in" / "MedicationRequest.ndjson").write_text("\n".join(map(json.dumps, lines)) + "\n")
    (tmp_path / "in" / "Patient.ndjson").write_text('{"resourceType":"Patient","id":"p1"}\n')
    for least in (1, NEVER):
        found = read(tmp_path / "in", tmp_path / f"w{least}", codes, least)[0].administrations
        ends = {start.month: end for start, end in found.select("start", "end").iter_rows()}
        assert found.height == 60 and all((end is not None) == (month < 6) for month, end in ends.items())
    theirs = events_of(read_fhir([*lines, {"resourceType": "Patient", "id": "p1"}], "x", codes)).administrations
    assert sorted(theirs.select("start", "end").rows(), key=str) == sorted(found.select("start", "end").rows(), key=str)


def test_a_value_ends_at_the_quote_that_ends_it() -> None:
    lines = [
        rb'{"t":"a\"b\"c","id":"1"}',
        rb'{"t":"a","b":"c","id":"1"}',
        rb'{"t":"a\"b\"c\","id":"1"}',
        rb'{"t":"a\\"b\"c","id":"1"}',
        rb'{"t":"\"b\"","id":"2"}',
    ]
    block = Block(b"\n".join(lines), 1)
    layout = (Cut(2, b'"t":"', 2), Cut(8, b'"id":"'))
    cut = block.cut(block.lines, layout)
    assert cut.rows.tolist() == [0, 4]
    assert [value.to_list() for value in cut.values] == [[r"a\"b\"c", r"\"b\""], ["1", "2"]]
    assert cut.shape.n_unique() == 1


def test_a_block_ends_where_a_line_ends(tmp_path: Path) -> None:
    lines = [("x" * (number % 37)).encode() for number in range(500)]
    for ending in (b"", b"\n"):
        (tmp_path / "a.ndjson").write_bytes(b"\n".join(lines) + ending)
        for size in (7, 50, 100_000):
            parts = list(blocks(tmp_path / "a.ndjson", size))
            assert b"".join(data for _, data in parts) == b"\n".join(lines) + ending
            assert all(data.endswith(b"\n") for _, data in parts[:-1])
            numbered = {
                place + row: Block(data, place).line(row) for place, data in parts for row in Block(data, place).lines.tolist()
            }
            assert numbered == {number: line for number, line in enumerate(lines, 1) if len(line) > 1}


def test_the_texts_of_a_line_are_found_with_their_paths() -> None:
    line = '{"a":"1","b":{"c":["x","y"],"d":2,"e":"\\"z\\""},"f":[{"g":"h"}]}'
    assert [(text.path, text.value) for text in texts(line)] == [
        (("a",), "1"), (("b", "c"), "x"), (("b", "c"), "y"), (("b", "e"), '\\"z\\"'), (("f", "g"), "h"),
    ]  # fmt: skip
    for text in texts(line):
        start = [place for place, sign in enumerate(line) if sign == '"'][text.quote]
        assert line[start + 1 :].startswith(text.value) and line[: start + 1].endswith(text.anchor)


def test_a_layout_is_learned_from_lines_that_are_no_json(codes: Codes) -> None:
    assert layouts([b"", b"}", b'"', b"{[[", b"\xff\xfe", b'{"id":"1"'], KINDS["Observation"])
