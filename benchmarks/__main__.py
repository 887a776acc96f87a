"""`python -m benchmarks [plan|cohort|lines|web|clinic …]`: everything, or the parts named."""

from __future__ import annotations

import importlib
import os
import platform
import sys
from pathlib import Path

PARTS = ("plan", "cohort", "lines", "web", "clinic")


def main() -> int:
    """Run the parts that are there."""
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores\n")
    for name in sys.argv[1:] or [part for part in PARTS if (Path(__file__).parent / f"{part}.py").exists()]:
        print(f"== {name}")
        importlib.import_module(f"benchmarks.{name}").main()
        print()
    return 0


sys.exit(main())
