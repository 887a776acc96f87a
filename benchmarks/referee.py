"""From FHIR to decided criteria: an engine that is not ours and Linewise, on the same people and criteria, in one run, per core.

`compare` prints people a second and core of `cql-execution` as pathway tools use it, tuned, and with the facts given; and of Linewise from NDJSON to the
written option matrix. Per core means: divided by the processor time of all threads of the process. That the answers are the same is checked first.

Sizes can be set: LINEWISE_REFEREE (people that the other engine is given, 60), LINEWISE_EXPORT (people that Linewise reads, 100,000).
"""

from __future__ import annotations

import datetime as dt
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).parents[1]
RUNNER = ROOT / "tests" / "cql" / "engine" / "referee.mjs"
DAY = dt.date(2026, 10, 31)
REGION = "EU"
PEOPLE = int(os.environ.get("LINEWISE_REFEREE", "60"))
EXPORT = int(os.environ.get("LINEWISE_EXPORT", "100000"))

Json = dict[str, Any]


def compare(knowledge: Any, codes: Any, folder: Path) -> None:
    """Print the figures; `folder` is for what is made on the way. Raises AssertionError where answers differ."""
    node = shutil.which("node")
    if node is None or not (RUNNER.parent / "node_modules" / "cql-exec-fhir").is_dir():
        print("\nnode or the CQL engines are not here (make referee): not compared")
        return
    from linewise.invented.run import synthesise

    folder = folder / "referee"
    folder.mkdir()
    synthesise(EXPORT, 2, folder / "made", knowledge, codes, "fhir", False, lambda text: None)
    asked = _Asked(knowledge, codes, folder)
    print(
        f"\nFrom FHIR to {len(asked.nodes)} criteria, people per second and core; {len(asked.people)} people for cql-execution, {EXPORT:,} for Linewise"
    )
    few = max(2, len(asked.people) // 5)
    speeds = {}
    for key, name, arguments, most in (
        ("pathway", "cql-execution, everything new for each person, retrieves everywhere", ["fhir", asked.everywhere, asked.file, DAY, "fresh"], few),
        ("tuned", "cql-execution, one engine, retrieves once", ["fhir", folder / "LinewiseFHIR.elm.json", asked.file, DAY], len(asked.people)),
        ("given", "cql-execution, facts given to it", ["facts", folder / "Linewise.elm.json", asked.given], len(asked.people)),
    ):  # fmt: skip
        speeds[key] = _engine(node, arguments, most, asked)
        print(f"{name:<72}{speeds[key]:>10,.1f}")
    mine = _linewise(asked, folder)
    print(f"{'Linewise, NDJSON to the written option matrix':<72}{mine:>10,.0f}")
    print(
        f"ratio: {mine / speeds['pathway']:,.0f} to the first (target 1,000), {mine / speeds['tuned']:,.0f} to the second (target 250); same answers"
    )


class _Asked:
    """The criteria of the option matrix as libraries, the first people of the export as bundles, and what Linewise says of them."""

    def __init__(self, knowledge: Any, codes: Any, folder: Path) -> None:
        from linewise.columns.decide import Matrix
        from linewise.cql.facts import facts_library
        from linewise.cql.library import library

        self.knowledge, self.codes, self.folder = knowledge, codes, folder
        self.matrix = Matrix(knowledge, DAY, REGION)
        self.nodes = {name: node for node, name in self.matrix._names.items()}
        self.made = library(self.nodes, knowledge.vocabulary)
        facts = facts_library(self.made.facts, self.made.questions, knowledge, codes)
        over = library(self.nodes, knowledge.vocabulary, on_fhir=True)
        for name, elm in (("Linewise", self.made.elm()), ("LinewiseFacts", facts.elm()), ("LinewiseFHIR", over.elm())):
            (folder / f"{name}.elm.json").write_text(json.dumps(elm))
        apart = folder / "everywhere"
        apart.mkdir()
        (apart / "LinewiseFacts.elm.json").write_text(json.dumps(_everywhere(facts.elm())))
        self.everywhere = shutil.copy(folder / "LinewiseFHIR.elm.json", apart)
        self.people = self._bundles()
        self.file, self.given = folder / "people.ndjson", folder / "facts.ndjson"
        self._write(facts)
        self.answers = self._answers()

    def _bundles(self) -> dict[str, list[str]]:
        """The lines of the export that are about the first people, by person."""
        source = self.folder / "made" / "fhir"
        found: dict[str, list[str]] = {}
        for line in (source / "Patient.000.ndjson").read_text().splitlines():
            name = json.loads(line).get("id")
            if name is not None and len(found) < PEOPLE:
                found[name] = [line]
        (self.folder / "few").mkdir()
        for file in sorted(source.glob("*.000.ndjson")):
            kept = []
            for line in file.read_text().splitlines():
                try:
                    resource_of = json.loads(line)
                except json.JSONDecodeError:  # a broken line, as exports have them
                    continue
                about = (resource_of.get("subject") or resource_of.get("patient") or {}).get("reference", "")
                whose = resource_of.get("id") if file.name.startswith("Patient") else about.split("/")[-1]
                if whose in found:
                    kept.append(line)
                    if not file.name.startswith("Patient"):
                        found[whose].append(line)
            (self.folder / "few" / file.name).write_text("\n".join(kept) + "\n")
        return found

    def _write(self, facts: Any) -> None:
        from linewise.cql.library import facts_of
        from linewise.exchange.fhir import read_fhir
        from linewise.logic import Decider
        from linewise.record import Chart

        with self.file.open("w") as people, self.given.open("w") as given:
            for lines in self.people.values():
                bundle = {
                    "resourceType": "Bundle",
                    "type": "collection",
                    "entry": [{"resource": json.loads(line)} for line in lines],
                }
                (record,) = read_fhir(bundle, "invented", self.codes)
                row = facts_of(self.made, Decider(self.knowledge.vocabulary, Chart(record, self.knowledge, DAY)))
                people.write(json.dumps({"bundle": bundle, "history": {name: row[name] for name in facts.handed}}) + "\n")
                given.write(json.dumps(row) + "\n")

    def _answers(self) -> list[Json]:
        """What Linewise says of each, as columns from the NDJSON, in the order of the people."""
        from linewise.bulk import ingest

        events = ingest(self.folder / "few", self.folder / "few-work", self.codes, progress=lambda text: None).whole()
        table = self.matrix.table(events).select(list(self.nodes)).collect()
        by_id = dict(zip(events.patients["id"].to_list(), table.to_dicts(), strict=True))
        return [by_id[name] for name in self.people]


def _everywhere(elm: Json) -> Json:
    """The library with a retrieve in every place that reads resources, as definitions of pathways have them, instead of one for each type."""
    statements = elm["library"]["statements"]["def"]
    shared = {one["name"]: one["expression"] for one in statements if one["name"].endswith(" resources")}

    def inside(part: Any) -> Any:
        if isinstance(part, dict):
            if part.get("type") == "ExpressionRef" and part["name"] in shared:
                return shared[part["name"]]
            return {name: inside(value) for name, value in part.items()}
        return [inside(one) for one in part] if isinstance(part, list) else part

    found: Json = inside(elm)
    return found


def _engine(node: str, arguments: list[Any], most: int, asked: _Asked) -> float:
    """People a second of processor time, the start not counted. Checks every answer."""
    seconds = []
    for count in (1, most):
        few = asked.folder / "these.ndjson"
        few.write_text("\n".join(Path(arguments[2]).read_text().splitlines()[:count]) + "\n")
        command = [node, "--stack-size=8000", str(RUNNER), *map(str, [*arguments[:2], few, *arguments[3:]])]
        before = _processor_time()
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
        seconds.append(_processor_time() - before)
        for mine, line in zip(asked.answers[:count], said, strict=True):
            theirs = json.loads(line)
            differing = [name for name, value in mine.items() if theirs[name] is not value]
            assert not differing, f"answers differ: {', '.join(differing[:5])}"
    return (most - 1) / max(seconds[1] - seconds[0], 1e-9)


def _linewise(asked: _Asked, folder: Path) -> float:
    """The same for a whole process of Linewise, its start counted: read the export, decide, write the matrix."""
    before = _processor_time()
    subprocess.run(
        [sys.executable, "-m", "benchmarks.referee", str(folder / "made" / "fhir"), str(folder / "out")], check=True, cwd=ROOT
    )
    return EXPORT / (_processor_time() - before)


def _processor_time() -> float:
    """Seconds that the processes started from here have computed so far, in all their threads."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _run(export: Path, out: Path) -> None:
    from linewise.bulk import ingest
    from linewise.cohort import spark
    from linewise.exchange import codes_of
    from linewise.knowledge import open_knowledge

    knowledge = open_knowledge()
    medicine = msgspec.msgpack.encode(knowledge.content)
    for part in ingest(export, out / "work", codes_of(knowledge), progress=lambda text: None).parts():
        spark.one(part, medicine, DAY, REGION, out)


def main() -> None:
    """Compare; with two folders, only read the export in the first and write its matrix into the second."""
    if len(sys.argv) == 3:
        return _run(Path(sys.argv[1]), Path(sys.argv[2]))
    from linewise.exchange import codes_of
    from linewise.knowledge import open_knowledge

    knowledge = open_knowledge()
    with tempfile.TemporaryDirectory() as folder:
        compare(knowledge, codes_of(knowledge), Path(folder))
    return None


if __name__ == "__main__":
    main()
