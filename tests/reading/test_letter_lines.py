"""Lines of letters in which the next line, or the section, decides what is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from linewise.knowledge import open_knowledge
from linewise.reading import read_files
from linewise.reading.model import Reading
from places import ROOT

_HEAD = "Oncology clinic letter\nClinic date: 14 October 2026\n"


def _read(folder: Path, *lines: str) -> Reading:
    path = folder / "letter.txt"
    path.write_text(_HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    return read_files([str(path)], open_knowledge())


@pytest.mark.parametrize("sample", ["ctDNA", "cfDNA", "pT2 after surgery; gene test", "Blood test"])
def test_the_day_of_the_next_line_is_not_that_of_this_one(sample: str, tmp_path: Path) -> None:
    found = _read(
        tmp_path,
        "Liver biopsy 2 September 2024: metastatic carcinoma. ER positive (90 %), PR positive, HER2 IHC 1+.",
        f"{sample} 9 September 2026: ESR1 D538G detected.",
    )
    on = {one.fact: one.on for one in found.findings if one.sure}
    assert on["er"] == on["pr"] == on["her2-ihc"] == "2024-09-02"
    assert on["ESR1"] == "2026-09-09"


@pytest.mark.parametrize(
    ("line", "sure"),
    [
        ("Denosumab every 4 weeks since April 2024.", True),
        ("Denosumab alle 4 Wochen seit April 2024.", True),
        ("Denosumab 2024.", False),
        ("Zoledronic acid, stopped after osteonecrosis, since then none.", False),
    ],
)
def test_a_drug_for_the_bones_among_treatments_is_never_lost(line: str, sure: bool, tmp_path: Path) -> None:
    found = _read(
        tmp_path, "Metastatic breast cancer, bone.", "Treatment to date:", "First line: letrozole since April 2024.", line
    )
    named = [one for one in found.findings if one.fact == "medications"]
    assert [one.sure for one in named] == [sure]


def test_the_letter_of_the_examples_is_read(tmp_path: Path) -> None:
    found = read_files([str(ROOT / "examples/letter.txt")], open_knowledge())
    sure = {(one.fact, str(one.value), one.on or "") for one in found.findings if one.sure}
    assert sure >= {
        ("er", "positive", "2026-09-02"),
        ("her2-ihc", "1+", "2026-09-02"),
        ("ESR1", "mutated", "2026-09-09"),
        ("medications", "denosumab", ""),
    }
    assert [(one.drugs, one.stopped_for) for one in found.treatments if "ribociclib" in one.drugs] == [
        (("ribociclib", "letrozole"), "progression")
    ]
