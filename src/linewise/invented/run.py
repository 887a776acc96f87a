"""`linewise cohort synthesise`: the whole cohort, part by part, with its truth and a page that says what it is made of."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from linewise.errors import LinewiseError
from linewise.exchange import Codes
from linewise.knowledge import Knowledge

from .coding import Coding
from .draw import draw
from .fhir import Writer
from .omop import OmopWriter

_PART = 25_000


def content(knowledge: Knowledge) -> Mapping[str, Any]:
    """What invented cohorts are made of, by a knowledge. Raises LinewiseError where it has no such file."""
    found = knowledge.content.extras.get("synthesis")
    if found is None:
        raise LinewiseError(
            "what an invented cohort is made of stands in cohort/synthesis.yaml, and this knowledge has no such file."
        )
    return found


def synthesise(
    size: int,
    seed: int,
    out: Path,
    knowledge: Knowledge,
    codes: Codes,
    form: str,
    compress: bool,
    progress: Callable[[str], None],
) -> dict[str, Any]:
    """Write `size` people; returns (and writes as `made.json`) what was put in and what was left out.

    `form` is fhir, omop, or both: the same people. The truth stands as event tables in `truth/<form>/part-…`. What an earlier run has made there goes.
    """
    plan, coding = content(knowledge), Coding(knowledge, codes)
    writer, omop = Writer(coding, plan), OmopWriter(coding)
    faults: Counter[str] = Counter()
    for name in ("fhir", "omop", "truth") if (out / "made.json").exists() else ():  # of an earlier run, and of nobody else
        shutil.rmtree(out / name, ignore_errors=True)
    for part in range(-(-size // _PART)):
        first = part * _PART
        people = draw(plan, min(_PART, size - first), seed, first)
        if form in ("fhir", "both"):
            truth, put_in = writer.write(people, out / "fhir", part, seed, compress)
            truth.write(out / "truth" / "fhir" / f"part-{part:05d}")
            faults.update(put_in)
        if form in ("omop", "both"):
            omop.write(people, out / "omop").write(out / "truth" / "omop" / f"part-{part:05d}")
        progress(f"{first + len(people):,} of {size:,} people")
    told = {
        "people": size, "seed": seed, "faults put in": dict(faults), "left out of FHIR": sorted(set(coding.left_out)),
        "left out of OMOP": sorted(omop.left_out), "sources": {name: _source(knowledge, name) for name in sorted(set(_sources(plan)))},
    }  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    (out / "made.json").write_bytes(msgspec.json.format(msgspec.json.encode(told)))
    return told


def _sources(plan: Any) -> Iterator[str]:
    """Every source that the plan names."""
    if isinstance(plan, Mapping):
        for key, value in plan.items():
            if key == "source":
                yield from [value] if isinstance(value, str) else value
            else:
                yield from _sources(value)
    elif isinstance(plan, list):
        for value in plan:
            yield from _sources(value)


def _source(knowledge: Knowledge, name: str) -> dict[str, str]:
    about = knowledge.content.sources[name]
    return {"title": about.title, "publisher": about.publisher, "url": about.url or ""}
