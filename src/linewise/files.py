"""Files as they come and go: packed or not, amounts of memory in words, pages as tagged PDF; requests up to a size."""

from __future__ import annotations

import gzip
import re
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import IO, Any

from linewise.errors import LinewiseError, TooBigError


def opened(path: Path) -> IO[bytes]:
    """A file as bytes, unpacked where it is packed."""
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


FORMULA = "=+-@\t\r"
"""Signs that begin a formula where a spreadsheet opens a CSV. Text that begins with one gets an apostrophe in front (OWASP, CSV Injection)."""


def megabytes(size: str) -> int:
    """A size as DuckDB takes it, in MB: `2GB`, `512MB`. Raises LinewiseError for anything else."""
    found = re.fullmatch(r"\s*([\d.]+)\s*([KMGT])i?B\s*", size, re.IGNORECASE)
    if found is None:
        raise LinewiseError(f"`{size}` is not an amount of memory; write it as 2GB")
    return int(float(found[1]) * {"K": 1e-3, "M": 1.0, "G": 1e3, "T": 1e6}[found[2].upper()])


def tagged_pdf(html: str, css: str = "") -> bytes:
    """A page as a tagged PDF (PDF/UA-1); nothing is fetched for it. Raises LinewiseError with what to do where the library or its system parts are missing."""
    try:
        from weasyprint import CSS, HTML  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except (ImportError, OSError):
        raise LinewiseError(
            "PDF files need the extra `pdf` (and Pango from your system). Print the page instead, or save it as PDF there."
        ) from None

    def nothing(url: str, *args: Any, **named: Any) -> Any:
        raise ValueError("no request leaves the sheet")

    sheets = [CSS(string=css)] if css else []
    return bytes(HTML(string=html, url_fetcher=nothing).write_pdf(pdf_variant="pdf/ua-1", stylesheets=sheets))


_Message = MutableMapping[str, Any]


def up_to(most: int, receive: Callable[[], Awaitable[_Message]]) -> Callable[[], Awaitable[_Message]]:
    """What arrives of a request, message by message (ASGI), up to `most` bytes. Raises TooBigError as soon as more has come, whatever was announced."""
    seen = 0

    async def counted() -> _Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise TooBigError
        return message

    return counted
