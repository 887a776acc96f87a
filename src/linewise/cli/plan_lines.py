"""`linewise plan --lines`: one record on every line, answered while the file is read, by this process or by several.

A line that cannot be read costs only itself. Answers keep the order of the lines. Memory is that of a few hundred lines, whatever the size of the file.
"""

from __future__ import annotations

import datetime as dt
import itertools
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import msgspec

from linewise.errors import LinewiseError, RecordError
from linewise.exchange import codes_of, numbered_lines, open_records, read_line
from linewise.knowledge import open_knowledge

_CHUNK = 25
"""Lines that a process answers before it says so."""
_WAITING = 4
"""Chunks for each process that are read ahead."""

Line = tuple[str, bytes | None]
"""Where a line stands, and what it says; None where it is too long to be one person's record."""


@dataclass(frozen=True)
class Asked:
    """What to answer: for which day and region, whether with everything that does not fit, and as JSON or as text of this width."""

    day: dt.date
    region: Any
    whole: bool
    json: bool
    width: int
    colour: bool


@dataclass(frozen=True)
class Answer:
    """What is printed for one record, or why its line could not be read (as `RecordError` has it)."""

    data: bytes
    failure: tuple[str, str, str] | None = None


def answer_lines(names: Iterable[str], asked: Asked, jobs: int) -> list[RecordError]:
    """Print an answer for every record of these files; returns what could not be read."""
    failed: list[RecordError] = []
    written, told = 0, time.monotonic()
    for answer in _answers(_lines(names), asked, jobs):
        if answer.failure is not None:
            failed.append(RecordError(*answer.failure))
        if answer.data:
            sys.stdout.buffer.write((b"\n\n" if written and not asked.json else b"") + answer.data)
            sys.stdout.buffer.flush()
            written += 1
        if sys.stderr.isatty() and time.monotonic() - told > 1:
            print(f"\r{written:,} answered, {len(failed):,} not read", end="", file=sys.stderr, flush=True)
            told = time.monotonic()
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)
    return failed


def _lines(names: Iterable[str]) -> Iterator[Line | Answer]:
    for name in names:
        shown = "standard input" if name == "-" else name
        try:
            with open_records(name) as file:
                for number, line in numbered_lines(file, shown):
                    yield f"{shown}, line {number}", line
        except RecordError as error:
            yield _failed(error)


def _answers(lines: Iterator[Line | Answer], asked: Asked, jobs: int) -> Iterator[Answer]:
    if jobs == 1:
        for line in lines:
            yield from _answer([line], asked)
        return
    chunks = iter(lambda: list(itertools.islice(lines, _CHUNK)), [])
    waiting: deque[Future[list[Answer]]] = deque()
    try:
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
            for chunk in chunks:
                waiting.append(pool.submit(_answer, chunk, asked))
                if len(waiting) > jobs * _WAITING:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
    except BrokenProcessPool:
        raise LinewiseError(
            "--jobs: one of the processes was ended from outside, perhaps for want of memory. What is printed is whole; run again with fewer."
        ) from None


def _answer(lines: list[Line | Answer], asked: Asked) -> list[Answer]:
    """The answers to some lines. Each process opens the knowledge once."""
    from linewise.plan import make_plan

    knowledge = open_knowledge()
    codes, found = codes_of(knowledge), []
    for line in lines:
        if isinstance(line, Answer):
            found.append(line)
            continue
        try:
            records = read_line(line[1], line[0], codes)
        except RecordError as error:
            found.append(_failed(error, asked.json))
            continue
        found += [Answer(_shown(make_plan(record, knowledge, asked.day, asked.region), asked)) for record in records]
    return found


def _shown(plan: Any, asked: Asked) -> bytes:
    from linewise.trials.ask import to_ask

    from .terminal import Page, plan_page

    if asked.json:
        data: bytes = plan.json(asked.whole, to_ask(plan))
        return data + b"\n"
    page = plan_page(plan, Page(asked.width, asked.colour), everything=asked.whole)
    return page.encode(sys.stdout.encoding or "utf-8", errors="replace")


def _failed(error: RecordError, json: bool = True) -> Answer:
    told = (error.where, error.what, error.todo)
    data = msgspec.json.encode({"error": dict(zip(("where", "what", "todo"), told, strict=True))}) + b"\n" if json else b""
    return Answer(data, told)
