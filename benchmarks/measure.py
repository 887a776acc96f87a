"""Timing as medians with spread, and memory of a child process."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable


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


def row(name: str, seconds: list[float], unit: str = "ms", target: str = "") -> str:
    """One line of a report: median, and the range from the 10th to the 90th percentile."""
    scale = 1000.0 if unit == "ms" else 1.0
    tenths = statistics.quantiles(seconds, n=10) if len(seconds) > 1 else [seconds[0]] * 9
    spread = f"{tenths[0] * scale:.2f} to {tenths[-1] * scale:.2f}"
    return f"{name:<58}{statistics.median(seconds) * scale:>9.2f} {unit}  ({spread}){f'  target {target}' if target else ''}"


def command(arguments: list[str], rounds: int = 11) -> list[float]:
    """Seconds of a whole command, from cold Python to its last byte."""
    return timed(lambda: subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL), rounds, 1)


def peak_mb() -> float:
    """The most memory that this process has used, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
