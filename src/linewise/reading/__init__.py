"""Reading documents: from files to proposed findings, each with the words it rests on. A person confirms them."""

from __future__ import annotations

from .model import Reading
from .reader import read_files, read_sheets

__all__ = ["Reading", "read_files", "read_sheets"]
