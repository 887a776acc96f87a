"""Files as they come: packed or not, and amounts of memory in words."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import IO

from linewise.errors import LinewiseError


def opened(path: Path) -> IO[bytes]:
    """A file as bytes, unpacked where it is packed."""
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def megabytes(size: str) -> int:
    """A size as DuckDB takes it, in MB: `2GB`, `512MB`. Raises LinewiseError for anything else."""
    found = re.fullmatch(r"\s*([\d.]+)\s*([KMGT])i?B\s*", size, re.IGNORECASE)
    if found is None:
        raise LinewiseError(f"`{size}` is not an amount of memory; write it as 2GB")
    return int(float(found[1]) * {"K": 1e-3, "M": 1.0, "G": 1e3, "T": 1e6}[found[2].upper()])
