"""Scans and photos: letters read by Tesseract on this machine, each word with its place on the page."""

from __future__ import annotations

import io
import re
import subprocess
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from linewise.errors import RecordError

from .form import Form, Tools
from .limits import MOST_PICTURES, MOST_PIXELS, too_big
from .missing import need, program
from .sheet import Builder, Sheet
from .words_page import Word, add_page

_SIGNS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"GIF8", b"BM")
_SECONDS = 120
_NARROW, _WIDE = 1400, 2300  # pixels across a page: below the first, letters are too small to be read well
_GRAIN = 2.0  # grey levels by which neighbouring points of an empty place differ
_CLEAR = 60.0  # of 100: a figure below is read, and nothing that rests on it is sure
_SURE = 20.0  # of 100: words below are noise


def _recognise(data: bytes, name: str) -> bool:
    return (
        data.startswith(_SIGNS)
        or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")
        or data[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1")
    )


def pages_of(files: Sequence[Path]) -> tuple[list[list[Path]], list[Path]]:
    """Pictures called `page-1`, `page-2` … of one folder are one document."""
    groups: dict[tuple[str, str], list[tuple[int, Path]]] = {}
    rest: list[Path] = []
    for path in files:
        found = re.fullmatch(r"(.*?)[-_ ]?(?:page|seite|scan|img|p)[-_ ]?(\d+)", path.stem, re.IGNORECASE)
        if found and path.suffix.lower() in (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp"):
            groups.setdefault((str(path.parent), found.group(1)), []).append((int(found.group(2)), path))
        else:
            rest.append(path)
    return [[path for _, path in sorted(group)] for group in groups.values()], rest


def open_pages(pages: Sequence[tuple[bytes, str]], name: str) -> list[Sheet]:
    """Several pictures as one document, in order."""
    builder = Builder(name, "scan")
    builder.scanned = True
    number = 0
    for data, file in pages:
        for picture in _pictures(data, file):
            if number:
                builder.new_page()
                builder.gap = True
            number += 1
            if number > MOST_PICTURES:
                raise too_big(name, f"more than {MOST_PICTURES} scanned pages")
            words, width, height = read_picture(picture, file)
            add_page(builder, words, width, height, True)
    if not builder.lines:
        raise RecordError(
            name,
            "no letters could be read on this picture.",
            "Take it again, in light, straight from above, or give a file with text.",
        )
    return [builder.sheet()]


def _open(data: bytes, name: str, tools: Tools) -> list[Sheet]:
    return open_pages([(data, name)], name)


def _pictures(data: bytes, name: str) -> list[Any]:
    image: Any = need("PIL.Image", "pictures", name)
    image.MAX_IMAGE_PIXELS = MOST_PIXELS
    try:
        opened = image.open(io.BytesIO(data))
        if opened.width * opened.height > MOST_PIXELS:
            raise too_big(name, f"{opened.width} by {opened.height} pixels")
        frames = []
        for number in range(min(getattr(opened, "n_frames", 1), MOST_PICTURES + 1)):
            opened.seek(number)
            frames.append(opened.copy())
        return frames
    except RecordError:
        raise
    except Exception:  # whatever a broken picture makes its library raise
        raise RecordError(name, "this picture is damaged, or of a kind that is not read.", "Save it as PNG or JPEG.") from None


def read_picture(picture: Any, name: str) -> tuple[list[Word], float, float]:
    """The words on a picture with their boxes, and the picture's size."""
    tesseract = program("tesseract", name)
    operations: Any = need("PIL.ImageOps", "pictures", name)
    filters: Any = need("PIL.ImageFilter", "pictures", name)
    plain = operations.exif_transpose(picture)
    if plain.mode in ("RGBA", "LA", "P"):
        plain = plain.convert("RGBA")
        ground = plain.copy()
        ground.paste((255, 255, 255, 255), (0, 0, *plain.size))
        ground.alpha_composite(plain)
        plain = ground
    plain = plain.convert("L")
    if plain.width > plain.height * 1.9 and plain.width > 5000:
        plain = plain.resize((5000, int(plain.height * 5000 / plain.width)))
    if _noise(plain, filters) > _GRAIN:
        plain = plain.filter(filters.MedianFilter(3))
    scale = 1.0
    if plain.width < _NARROW:  # larger letters help only where they are small; grain grows with them
        scale = min(3.0, _WIDE / max(1, plain.width))
    elif plain.width > 3400:
        scale = 3400 / plain.width
    if abs(scale - 1) > 0.05:
        plain = plain.resize((int(plain.width * scale), int(plain.height * scale)), 1)
    words = _run(tesseract, plain, name)
    return _straight(words), float(plain.width), float(plain.height)


def _noise(picture: Any, filters: Any) -> float:
    """How much neighbouring points differ where the page is empty: a measure of a scan's grain."""
    small = picture.crop((0, 0, min(600, picture.width), min(600, picture.height)))
    smooth = small.filter(filters.MedianFilter(3))
    differences = [abs(a - b) for a, b in zip(small.tobytes(), smooth.tobytes(), strict=True)]
    return float(sum(differences) / max(1, len(differences)))


def _run(tesseract: str, picture: Any, name: str) -> list[Word]:
    store = io.BytesIO()
    picture.save(store, "PNG", dpi=(300, 300))
    command = [
        tesseract,
        "stdin",
        "stdout",
        "-l",
        _languages(tesseract),
        "--psm",
        "3",
        "-c",
        "preserve_interword_spaces=1",
        "tsv",
    ]
    try:
        done = subprocess.run(
            command,
            input=store.getvalue(),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env={"OMP_THREAD_LIMIT": "1", "PATH": str(Path(tesseract).parent)},
        )
    except subprocess.TimeoutExpired:
        raise RecordError(
            name, f"reading this picture took more than {_SECONDS} seconds.", "Give a smaller or clearer picture."
        ) from None
    if done.returncode != 0:
        raise RecordError(
            name,
            "Tesseract could not read this picture.",
            done.stderr.decode(errors="replace").strip().splitlines()[-1][:120] if done.stderr.strip() else "",
        )
    words = []
    for row in done.stdout.decode("utf-8", errors="replace").splitlines()[1:]:
        cells = row.split("\t")
        if len(cells) < 12 or cells[0] != "5" or not cells[11].strip():
            continue
        sure, text = float(cells[10]), cells[11].strip()
        left, top, width, height = (float(cell) for cell in cells[6:10])
        if (
            sure < _SURE
            or (re.fullmatch(r"[|_\-—–=~.,:;'\"`i\]\[{}()\\/]+", text) and sure < 70)
            or text in ("|", "||", "_", "—|")
            or height > 260
            or width < 2
        ):
            continue
        unclear = sure < _CLEAR and text.lstrip("(<>~+-")[:1].isdigit()
        words.append(Word(text.strip("|") or text, left, top, left + width, top + height, unclear=unclear))
    return words


@lru_cache(maxsize=1)
def _languages(tesseract: str) -> str:
    done = subprocess.run([tesseract, "--list-langs"], capture_output=True, text=True, check=False, timeout=30)
    known = set(done.stdout.split())
    wanted = [one for one in ("deu", "eng") if one in known]
    return "+".join(wanted) or "eng"


def _straight(words: list[Word]) -> list[Word]:
    """The words as they would stand on a page that lies straight: the tilt is that of neighbours in a line."""
    slopes = []
    ordered = sorted(words, key=lambda one: (one.left, one.top))
    for index, word in enumerate(ordered):
        for other in ordered[index + 1 : index + 60]:
            gap = other.left - word.right
            tall = word.bottom - word.top
            if (
                0 < gap < 3 * tall
                and abs(other.middle - word.middle) < 0.6 * tall
                and 0.6 < (other.bottom - other.top) / max(1.0, tall) < 1.6
            ):
                slopes.append((other.bottom - word.bottom) / max(1.0, (other.left + other.right - word.left - word.right) / 2))
    if len(slopes) < 12:
        return words
    tilt = _tilt(words, median(slopes))
    if abs(tilt) < 0.001:
        return words
    return [
        msgspec.structs.replace(word, top=word.top - tilt * word.left, bottom=word.bottom - tilt * word.left) for word in words
    ]


def _tilt(words: list[Word], guess: float) -> float:
    """The tilt near a guess at which the words fall into the fewest lines."""
    best, score = 0.0, -1.0
    for step in range(-14, 15):
        tilt = guess + step * 0.002 if abs(guess) < 0.05 else guess
        heights: dict[int, int] = {}
        for word in words:
            heights[round((word.bottom - tilt * word.left) / 5)] = heights.get(
                round((word.bottom - tilt * word.left) / 5), 0
            ) + len(word.text)
        total = float(sum(many * many for many in heights.values()))
        if total > score:
            best, score = tilt, total
    return best


FORMS = (Form("picture", "picture or scan", _recognise, _open),)
