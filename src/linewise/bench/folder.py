"""The set as a folder for others: with and without what is expected, schemas, both reference answers and their scores."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from linewise.errors import LinewiseError
from linewise.exchange import Codes

from .decisions import blind, encoded
from .model import ANSWERS, Answers, Decisions, Score
from .page import CAUTION, score_page, set_page

_README = """# Decisions in metastatic breast cancer: cases to measure a system on

{about}
Each case is an invented person on one day in one region. What is expected rests on the sources that the case names: labels, guidelines, publications. The set names
its content by its digest; the same cases always have the same digest. Licence: {licence}. The sources keep their own rights; the set holds no text of theirs.

| File | What it is |
|---|---|
| `questions.json` | the cases without what is expected: give this to the system |
| `decisions.json` | the cases with what is expected, why, and the sources |
| `answers-linewise.json`, `answers-subtype.json` | two reference answers: of Linewise, and of a rule that offers every option whose subtype matches |
| `scores.txt`, `score-*.json` | their scores |
| `*.schema.json` | JSON Schema of each file, and of the profiles in it |

## How to answer

Write one file as `answers.schema.json` has it:

    {{"format": "{answers}", "set": "{digest}", "system": "name and version",
     "answers": [{{"case": "{case}", "options": [{{"names": ["drug-a", "drug-b"], "says": "offered"}}], "urgent": false, "alarms": []}}]}}

- `options`: the treatments that the system offers on that day in that region, each by all its drugs or classes (ids are in `names`), and those that it leaves open because a fact is not
  known (`depends`). What is not named is not offered. Where a question has `now`, the person takes these drugs, and the question is whether that may go on, at the same or a smaller dose.
- A question about a class is answered by any drug of it, and a question about two drugs only by a treatment that holds both.
- `urgent`: whether anything calls for help the same day. `alarms`: those that the system raises, by the ids in `alarms`.
- What is left out is no answer, and counts as one.

## How it is scored

    linewise bench decisions --score answers.json

What must not be offered may be left open; what must be offered may not. The mistakes stand in the order of their danger: wrongly offered, an alarm missed, wrongly withheld, left open, a
false alarm, no answer. No single figure joins them: a system that offers everything withholds nothing.

{caution}

The cases are public: a language model may have read them. The set holds no one's real data. It measures agreement with the sources of the day of each case, not the benefit of anybody, and must not
be used to decide about a person.
"""


def write_folder(folder: Path, decisions: Decisions, answers: Sequence[tuple[str, Answers, Score]], codes: Codes) -> list[Path]:
    """Write the set, and each named system's answers and score. The same set gives the same bytes. Raises LinewiseError where it cannot be written."""
    files: dict[str, bytes] = {
        "README.md": _README.format(
            about=set_page(decisions).replace("\n", "  \n"),
            licence=decisions.licence,
            answers=ANSWERS,
            digest=decisions.digest,
            case=decisions.cases[0].id,
            caution=CAUTION,
        ).encode(),
        "decisions.json": _json(decisions),
        "questions.json": _json(blind(decisions)),
        "decisions.schema.json": _json(_schema(Decisions)),
        "answers.schema.json": _json(_schema(Answers)),
        "score.schema.json": _json(_schema(Score)),
        "profile.schema.json": _json(codes.profile.schema),
        "scores.txt": "\n\n".join(score_page(score, 0) for _, _, score in answers).encode(),
    }
    for name, given, score in answers:
        files |= {f"answers-{name}.json": _json(given), f"score-{name}.json": _json(score)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (folder / name).write_bytes(data)
    except OSError as fault:
        raise LinewiseError(f"{folder} cannot be written: {fault.strerror}.") from None
    return [folder / name for name in files]


def _json(value: Any) -> bytes:
    return msgspec.json.format(encoded(value), indent=1) + b"\n"


def _schema(kind: type) -> dict[str, Any]:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(kind)}
