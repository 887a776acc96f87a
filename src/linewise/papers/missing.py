"""Libraries and programs of the extra `read`, loaded when a file needs them; said clearly where they are absent."""

from __future__ import annotations

import importlib
import shutil
from typing import Any

from linewise.errors import RecordError


def need(module: str, form: str, name: str) -> Any:
    """A library of the extra. Raises RecordError that says how to install it."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise RecordError(
            name,
            f"to read {form}, Linewise needs its extra `read`, which is not installed.",
            "Install it: pip install 'linewise[read]'.",
        ) from None


def program(name: str, file: str) -> str:
    """The path of Tesseract. Raises RecordError that says how to install it."""
    found = shutil.which(name)
    if found is None:
        raise RecordError(
            file, "this is a picture or a scan, and the program Tesseract, which reads letters in pictures, is not installed.",
            "Install it (Debian, Ubuntu: apt install tesseract-ocr tesseract-ocr-deu; macOS: brew install tesseract tesseract-lang), or give a file with text.",
        )  # fmt: skip
    return found
