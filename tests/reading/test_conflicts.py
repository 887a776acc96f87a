"""Papers that disagree with equal right: a conflict, in words as in numbers, and neither side is taken."""

from __future__ import annotations

from pathlib import Path

from linewise.knowledge import open_knowledge
from linewise.reading import read_files

_PAPER = "Laboratory report\nDate: 03.02.2026\n\nPharmacogenetics\nDPYD: {}\n"


def _read(folder: Path, *results: str) -> tuple[dict[str, object], list[str]]:
    paths = [folder / f"report-{number}.txt" for number in range(len(results))]
    for path, result in zip(paths, results, strict=True):
        path.write_text(_PAPER.format(result), encoding="utf-8")
    reading = read_files([str(path) for path in paths], open_knowledge())
    labs = reading.profile.get("labs", {})
    return labs, [conflict.fact for conflict in reading.conflicts]


def test_results_in_words_that_disagree_are_a_conflict(tmp_path: Path) -> None:
    labs, conflicts = _read(tmp_path, "poor metaboliser", "intermediate metaboliser")
    assert conflicts == ["dpyd"]
    assert "dpyd" not in labs


def test_the_same_result_twice_is_none(tmp_path: Path) -> None:
    labs, conflicts = _read(tmp_path, "poor metaboliser", "poor metaboliser")
    assert conflicts == []
    assert labs["dpyd"] == "deficient"
