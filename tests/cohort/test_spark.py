"""A real local Spark of two workers writes what this process writes, byte for byte, and goes on after a cut."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import msgspec
import polars as pl
import pytest

from linewise.bulk import Source
from linewise.cohort import spark
from linewise.invented.draw import draw
from linewise.invented.run import content
from linewise.knowledge import Knowledge, open_knowledge

from .back import part_of

DAY = dt.date(2026, 10, 31)
PARTS = 3


@pytest.fixture
def parts(tmp_path: Path) -> Source:
    """Invented people, dealt out to parts."""
    people = draw(content(open_knowledge()), 60, 3)
    for number in range(PARTS):
        people.take(pl.Series(range(number, len(people), PARTS))).write(tmp_path / "parts" / f"part-{number:05d}")
    return Source(tmp_path / "parts")


@pytest.mark.slow
def test_two_workers_write_the_same_bytes_and_leave_what_is_done(parts: Source, tmp_path: Path, knowledge: Knowledge) -> None:
    pytest.importorskip("pyspark", reason="Spark is not installed (extra `spark`)")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java, which is not here")
    knowledge = part_of(knowledge)
    medicine = msgspec.msgpack.encode(knowledge.content)
    for part in parts.parts():
        spark.one(part, medicine, DAY, "EU", tmp_path / "local")
    here = sorted((tmp_path / "local").glob("options-*.parquet"))
    assert len(here) == PARTS
    spread = tmp_path / "spark"
    spark.begin(parts, knowledge, DAY, "EU", spread)
    (spread / here[0].name).write_bytes(b"done before the cut")
    done = spark.options(parts, knowledge, DAY, "EU", spread, "local[2]")
    assert [path.name for path in done] == [path.name for path in here]
    assert done[0].read_bytes() == b"done before the cut"
    assert [path.read_bytes() for path in done[1:]] == [path.read_bytes() for path in here[1:]]


def test_answers_of_another_question_or_medicine_do_not_stay(parts: Source, tmp_path: Path, knowledge: Knowledge) -> None:
    out = tmp_path / "spark"
    old = out / "options-part-00000.parquet"
    other = Knowledge(msgspec.structs.replace(knowledge.content, digest="another"))
    for medicine, day, region in (
        (knowledge, DAY, "EU"),
        (other, DAY, "EU"),
        (other, DAY, "UK"),
        (other, dt.date(2025, 1, 1), "UK"),
    ):
        spark.begin(parts, medicine, day, region, out)
        assert not old.exists()
        old.write_bytes(b"an answer")
        spark.begin(parts, medicine, day, region, out)
        assert old.exists()
