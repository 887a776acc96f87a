"""Where tests find things: the checkout, and the folder of records and cases that others wrote."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("LINEWISE_SHARED") or ROOT.parent / "shared")
"""Not part of the repository: LINEWISE_SHARED names it, or it lies beside the checkout. It may be whole, in part or absent."""


class Shared:
    """The shared folder as a fixture: `shared / "records/kmdata"` is that part, and the test is skipped where it is absent."""

    def __truediv__(self, part: str) -> Path:
        path = SHARED / part
        if not path.exists():
            pytest.skip(f"{part} is not here: it is a part of the folder that LINEWISE_SHARED names")
        return path
