"""Files that mean harm, or that nobody meant, given as exports of a registry: a word on the file, in bounded time, and never a traceback."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from linewise.cli import main

BOMB = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    f"{new}: &{new} [{','.join(['*' + old] * 9)}]\n".encode() for old, new in zip("abcdefghi", "bcdefghij", strict=True)
)
FILES: dict[str, bytes] = {
    "deep list.json": b"[" * 200_000 + b"]" * 200_000,
    "deep group.json": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "deep in a known member.json": b'{"studies":' * 900 + b"[]" + b"}" * 900,
    "bomb.yaml": BOMB,
    "deep.yaml": b"a: " + b"[" * 3_000 + b"]" * 3_000,
    "indented.yaml": b"".join(b" " * level + b"a:\n" for level in range(2_000)),
    "holds itself.yaml": b"&a [*a]\n",
    "a member holds itself.yaml": b"studies: &a\n  results: *a\n",
    "a tag.yaml": b"!!python/object/apply:os.system ['true']\n",
    "nothing.json": b"",
    "zeros.json": b"\x00" * 1_000,
    "half a letter.json": b'{"studies": "\\ud800"}',
    "numbers.json": json.dumps({"studies": [5, None, [], {"protocolSection": 3}]}).encode(),
    "no end.json": b"1" * 5_000,
    "entities.xml": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>&b;</a>',
    "binary.csv": bytes(range(256)) * 20,
}


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_ends_with_a_word(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINEWISE_SHOW_FAULTS", "1")
    (tmp_path / name).write_bytes(FILES[name])
    began = time.monotonic()
    assert main(["trials", "import", str(tmp_path / name)]) == 2
    assert time.monotonic() - began < 30
    said = capsys.readouterr().err
    assert name in said
    assert "report it" not in said


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes in a folder are of Unix")
def test_a_pipe_is_not_waited_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    assert main(["trials", "import", str(tmp_path / "pipe.json")]) == 2
    assert "no file" in capsys.readouterr().err
