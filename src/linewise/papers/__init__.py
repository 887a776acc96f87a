"""The forms of files: which one it is, and how it becomes sheets. A registry: each form recognises, opens, and names itself."""

from __future__ import annotations

from .registry import open_files

__all__ = ["open_files"]
