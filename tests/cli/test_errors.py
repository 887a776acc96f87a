"""Whatever somebody hands in: an answer, or one sentence that says what is wrong and where; never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from linewise.cli import main
from linewise.cli.run import EXIT_FAULT, SHOW_FAULTS
from linewise.errors import LinewiseError
from places import ROOT

ANNA = str(ROOT / "examples" / "anna.json")
BAD = {
    "empty.json": b"",
    "bytes.json": bytes(range(256)),
    "list.json": b"[1, 2, 3]",
    "null.json": b"null",
    "number.yaml": b"5",
    "deep.json": b"[" * 200_000,
    "endless.json": b'{"sex": "female", "age": 1e999}',
    "long-number.json": b'{"sex": "female", "age": ' + b"9" * 5000 + b"}",
    "utf16.yaml": "sex: female".encode("utf-16"),
    "itself.yaml": b"a: &a [*a]\n",
    "object.yaml": b"!!python/object/apply:os.system [ls]\n",
    "types.yaml": b"sex: [female]\nage: {a: 1}\nmetastatic_lines: x\nvariants: [1]\n",
    "day.yaml": b"sex: female\nage: 2024-13-45\n",
    "half.json": b'"\\ud800"',
    "patient.json": b'{"resourceType": "Patient", "gender": ["x"]}',
    "broken.pdf": b"%PDF-1.4 no more",
    "broken.gz": b"\x1f\x8b\x08 no more",
    "broken.xml": b"<a",
    "region.yaml": b"sex: female\nage: 60\nregion: Atlantis\n",
}
ARGUMENTS = [
    ["plan", ANNA, "--region", "Atlantis"],
    ["plan", "there-is-none.json"],
    ["why", ANNA, ""],
    ["knowledge", "show", "zzz"],
    ["knowledge", "diff", "2023-01-01", "1900-01-01", "--region", "Atlantis"],
    ["knowledge", "diff", "there-is-none", "nor-here"],
    ["cohort", "plan", "there-is-none", "--out", "nowhere"],
]


@pytest.fixture(autouse=True)
def shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of the program is raised, and fails the test."""
    monkeypatch.setenv(SHOW_FAULTS, "1")


@pytest.mark.parametrize("form", [[], ["--lines"]], ids=["one", "lines"])
@pytest.mark.parametrize("name", BAD)
def test_a_bad_record(name: str, form: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / name
    path.write_bytes(BAD[name])
    status = main(["plan", *form, str(path)])
    said = capfd.readouterr()
    if status:
        assert status == 2 and said.err.startswith("linewise: ")
    else:
        assert said.out.strip() or name == "empty.json"


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=" ".join)
def test_a_bad_argument(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    said = capfd.readouterr()
    assert said.err.startswith("linewise: ") and not said.out.strip()


def test_a_fault_of_the_program_is_a_sentence_that_says_whose_it_is(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.delenv(SHOW_FAULTS)
    monkeypatch.setattr("linewise.plan.make_plan", broken)
    assert main(["plan", ANNA]) == EXIT_FAULT
    said = capfd.readouterr().err
    assert said.startswith("linewise: something went wrong that should not (ZeroDivisionError") and "Traceback" not in said
    monkeypatch.setenv(SHOW_FAULTS, "1")
    with pytest.raises(ZeroDivisionError):
        main(["plan", ANNA])


def test_every_error_that_is_raised_on_purpose_is_of_one_family() -> None:
    import importlib
    import pkgutil

    import linewise

    for module in pkgutil.walk_packages(linewise.__path__, "linewise."):
        if module.name.endswith("__main__") or module.name.startswith(
            "linewise.clinic"
        ):  # the server turns its own into responses
            continue
        for name, thing in vars(importlib.import_module(module.name)).items():
            own = isinstance(thing, type) and issubclass(thing, Exception) and thing.__module__.startswith("linewise")
            if own and not name.startswith("_"):
                assert issubclass(thing, LinewiseError), f"{module.name}.{name}"
