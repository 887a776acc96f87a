"""A language that nobody speaks: every sentence of the app's pages with accents and 40 % longer, its slots unchanged.

    python scripts/pseudo_language.py FILE OUT

What a page shows without accents was not taken from the catalogue; what breaks would break in German.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

_ACCENTS = str.maketrans("aceinosuyACEINOSUY", "àçéîñöšüýÀÇÉÎÑÖŠÜÝ")
_SLOT = re.compile(r"(\{[^}]*\})")
LONGER = 0.4


def pseudo(text: str) -> str:
    """A sentence in the language: `Keep it` is `[Kéép ît ééé]`. Slots stay as they are."""
    accented = "".join(part if _SLOT.fullmatch(part) else part.translate(_ACCENTS) for part in _SLOT.split(text))
    return f"[{accented} {'é' * max(1, round(len(text) * LONGER) - 3)}]"


def main() -> int:
    """Write a `pages.yaml` in the language."""
    import yaml

    source, out = Path(sys.argv[1]), Path(sys.argv[2])
    pages = yaml.safe_load(source.read_text(encoding="utf-8"))
    found = {page: {name: pseudo(text) for name, text in sentences.items()} for page, sentences in pages.items()}
    out.write_text(yaml.safe_dump(found, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
