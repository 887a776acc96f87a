"""Timing as medians with spread, and memory of a child process."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def timed(work: Callable[[], object], rounds: int = 30, warm: int = 3) -> list[float]:
    """Seconds of each round, after some that do not count."""
    for _ in range(warm):
        work()
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return found


def spent(work: Callable[[Item], object], items: Sequence[Item], rounds: int = 2) -> list[float]:
    """Processor seconds for each item, after half a round that does not count. Other work on the machine disturbs them little."""
    for item in items[: len(items) // 2]:
        work(item)
    found = []
    for _ in range(rounds):
        for item in items:
            start = time.process_time()
            work(item)
            found.append(time.process_time() - start)
    return found


def row(name: str, seconds: list[float], unit: str = "ms", target: str = "") -> str:
    """One line of a report: median, and the range from the 10th to the 90th percentile."""
    scale = 1000.0 if unit == "ms" else 1.0
    tenths = statistics.quantiles(seconds, n=10) if len(seconds) > 1 else [seconds[0]] * 9
    spread = f"{tenths[0] * scale:.2f} to {tenths[-1] * scale:.2f}"
    return f"{name:<58}{statistics.median(seconds) * scale:>9.2f} {unit}  ({spread}){f'  target {target}' if target else ''}"


def commands(*each: list[str], rounds: int = 11) -> list[list[float]]:
    """Processor seconds (its own and the system's) of whole commands, from cold Python to the last byte, each in turn in every round."""
    found: list[list[float]] = [[] for _ in each]
    for number in range(rounds + 1):
        for times, arguments in zip(found, each, strict=True):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            if number:  # the first round fills caches
                times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return found


def peak_mb() -> float:
    """The most memory that this process has used, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
