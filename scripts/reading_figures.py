"""Prints recall and precision of the readers of documents, for each kind, on the invented documents of the tests.

python scripts/reading_figures.py [--scan]      --scan: the text documents, too, as scans (slow)
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import msgspec
import yaml

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]


def main() -> None:
    from linewise.errors import RecordError
    from linewise.knowledge import open_knowledge
    from linewise.reading import read_files
    from reading.papermaker import make
    from reading.scoring import score

    knowledge = open_knowledge()
    table: dict[str, list[int]] = defaultdict(lambda: [0] * 6)
    for path in sorted((ROOT / "tests/reading/documents").glob("*.yaml")):
        for document in yaml.safe_load(path.read_text(encoding="utf-8")):
            if "--scan" in sys.argv and document.get("form", "text") in ("text", "pdf"):
                document["form"] = "scan"
            folder = Path(tempfile.mkdtemp())
            try:
                reading = read_files([str(one) for one in make(document, folder)], knowledge)
                profile: dict[str, Any] = json.loads(msgspec.json.encode(reading.profile))
            except RecordError:
                profile = {}
            found = score(document, profile)
            for name in (document["kind"], f"({document.get('form', 'text')})", "all"):
                row = table[name]
                for index, amount in enumerate(
                    (1, found.wanted, len(found.missed), found.given, len(found.wrong), len(found.traps))
                ):
                    row[index] += amount
    print(f"{'':24}{'documents':>10}{'facts':>7}{'recall':>9}{'precision':>11}{'traps':>7}")
    for name, (many, wanted, missed, given, wrong, traps) in sorted(table.items(), key=lambda one: (one[0] == "all", one[0])):
        recall, precision = 100 * (1 - missed / max(1, wanted)), 100 * (1 - wrong / max(1, given))
        print(f"{name:24}{many:10}{wanted:7}{recall:8.1f}%{precision:10.1f}%{traps:7}")


if __name__ == "__main__":
    main()
