"""`linewise cohort synthesise`: the whole cohort, part by part, with its truth and a page that says what it is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from linewise.errors import LinewiseError
from linewise.exchange import Codes
from linewise.knowledge import Knowledge, folder

from .coding import Coding
from .draw import draw
from .fhir import Writer
from .omop import OmopWriter

_PART = 25_000


def content() -> Mapping[str, Any]:
    """What invented cohorts are made of. Raises LinewiseError where the knowledge has no such file."""
    import yaml

    root = folder()
    path = root / "cohort" / "synthesis.yaml" if root is not None else None
    if path is None or not path.exists():
        raise LinewiseError(
            "what an invented cohort is made of stands in knowledge/cohort/synthesis.yaml; run this in a checkout."
        )
    found: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
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

    `form` is fhir, omop, or both. The truth stands as event tables in `truth/<form>/part-…`.
    """
    plan, coding = content(), Coding(knowledge, codes)
    writer, omop = Writer(coding, plan), OmopWriter(coding)
    faults: dict[str, int] = {}
    for part in range(-(-size // _PART)):
        first = part * _PART
        people = draw(plan, min(_PART, size - first), seed, first)
        if form in ("fhir", "both"):
            truth, put_in = writer.write(people, out / "fhir", part, seed, compress)
            truth.write(out / "truth" / "fhir" / f"part-{part:05d}")
            faults = {name: faults.get(name, 0) + put_in.get(name, 0) for name in {**faults, **put_in}}
        progress(f"{first + len(people):,} of {size:,} people")
    if form in ("omop", "both"):
        omop.write(draw(plan, size, seed), out / "omop").write(out / "truth" / "omop" / "part-00000")
    told = {
        "people": size, "seed": seed, "faults put in": faults, "left out of FHIR": sorted(set(coding.left_out)), "left out of OMOP": sorted(omop.left_out),
        "sources": plan["sources"],
    }  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    (out / "made.json").write_bytes(msgspec.json.format(msgspec.json.encode(told)))
    return told
