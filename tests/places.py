"""Where tests find things: the checkout, and the folder of records and cases that others wrote."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("LINEWISE_SHARED") or ROOT.parent / "shared")
"""Not part of the repository: LINEWISE_SHARED names it, or it lies beside the checkout. It may be whole, in part or absent."""
EXAMPLES = sorted(path for path in (ROOT / "examples").iterdir() if path.suffix in (".json", ".yaml"))
"""The example records; a letter that lies beside them is none."""


def read_yaml(text: Path | str) -> Any:
    """A file of YAML, or a text of it, by the quick loader where PyYAML was built with it."""
    return yaml.load(
        text if isinstance(text, str) else text.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    )


class Shared:
    """The shared folder as a fixture: `shared / "records/kmdata"` is that part, and the test is skipped where it is absent or empty."""

    def __truediv__(self, part: str) -> Path:
        path = SHARED / part
        if not path.exists() or (path.is_dir() and not any(path.iterdir())):
            pytest.skip(f"{part} is not here: it is a part of the folder that LINEWISE_SHARED names")
        return path

    def files(self, part: str, pattern: str, least: int = 1) -> list[Path]:
        """The files of a part by their names. The test is skipped where fewer are here than it needs."""
        found = sorted(path for path in (self / part).rglob(pattern) if path.is_file())
        if len(found) < least:
            pytest.skip(f"{least} files {pattern} of {part} are needed, and {len(found)} are here")
        return found
