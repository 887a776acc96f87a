"""Pictures as PNG, drawn from the very SVG that stands in the report, in print resolution, with a font of our own."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

_FONT = Path(__file__).with_name("font") / "linewise-sans.ttf"
_ZOOM = 3
_PER_METRE = 11811
"""300 dots an inch, as PNG counts them: a picture comes out as wide as a page of a journal."""


def available() -> bool:
    """Whether the renderer is installed."""
    try:
        import resvg_py  # noqa: F401
    except ImportError:
        return False
    return True


def png(svg: str) -> bytes:
    """An SVG as PNG: three dots for each of its units, on white. Needs no font and no network of the machine."""
    import resvg_py

    drawn = resvg_py.svg_to_bytes(
        svg_string=svg,
        background="white",
        zoom=_ZOOM,
        skip_system_fonts=True,
        font_files=[str(_FONT)],
        font_family="Linewise Sans",
        sans_serif_family="Linewise Sans",
    )
    return _sized(bytes(drawn))


def _sized(picture: bytes) -> bytes:
    """With the number of dots an inch, which word processors and journals read (`pHYs`, behind the header of 33 bytes)."""
    data = b"pHYs" + struct.pack(">IIB", _PER_METRE, _PER_METRE, 1)
    return picture[:33] + struct.pack(">I", 9) + data + struct.pack(">I", zlib.crc32(data)) + picture[33:]
