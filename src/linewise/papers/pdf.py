"""PDF: the text with the place of each letter; pages without text are read by eye."""

from __future__ import annotations

import ctypes
from typing import Any

from linewise.errors import RecordError

from .form import Form, Tools
from .limits import MOST_PAGES, MOST_PICTURES, too_big
from .missing import need
from .sheet import Builder, Sheet
from .words_page import Word, add_page

_FEW = 25  # letters: a page with fewer is a picture


def _recognise(data: bytes, name: str) -> bool:
    return b"%PDF-" in data[:1024]


def _open(data: bytes, name: str, tools: Tools) -> list[Sheet]:
    pdfium: Any = need("pypdfium2", "PDF", name)
    try:
        document = pdfium.PdfDocument(data)
        pages = len(document)
    except pdfium.PdfiumError as fault:
        locked = "assword" in str(fault)
        what = "this PDF is locked with a password." if locked else "this PDF is damaged and cannot be opened."
        raise RecordError(name, what, "Save it without a password." if locked else "Save or download it again.") from None
    if pages > MOST_PAGES:
        raise too_big(name, f"{pages} pages, at most {MOST_PAGES}")
    builder = Builder(name, "PDF")
    pictures = 0
    try:
        for number in range(pages):
            page = document[number]
            words = _words(pdfium, page)
            if number:
                builder.new_page()
                builder.gap = True
            width, height = page.get_size()
            if sum(len(word.text) for word in words) >= _FEW:
                add_page(builder, words, width, height, False)
                continue
            if not _has_picture(pdfium, page):
                add_page(builder, words, width, height, False)
                continue
            pictures += 1
            if pictures > MOST_PICTURES:
                builder.notes.append(f"only the first {MOST_PICTURES} scanned pages were read")
                break
            from .picture import read_picture

            picture = page.render(scale=300 / 72, grayscale=True).to_pil()
            seen, wide, high = read_picture(picture, name)
            builder.scanned = True
            add_page(builder, seen, wide, high, True)
    finally:
        document.close()
    return [builder.sheet()]


def _words(pdfium: Any, page: Any) -> list[Word]:
    """The words of a page, put together from its letters."""
    raw = pdfium.raw
    textpage = page.get_textpage()
    height = page.get_height()
    many = textpage.count_chars()
    words: list[Word] = []
    letters = ""
    box = [0.0, 0.0, 0.0, 0.0]
    size, bold = 0.0, False
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    handle = textpage.raw

    def close() -> None:
        nonlocal letters
        if letters.strip():
            words.append(Word(_plain(letters), box[0], height - box[3], box[2], height - box[1], size, bold, len(words)))
        letters = ""

    for index in range(min(many, 60_000)):
        code = raw.FPDFText_GetUnicode(handle, index)
        sign = chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else " "
        if sign.isspace() or code in (0, 0xFFFE, 2):
            if code in (2, 0xFFFE) and letters:
                letters += "-"
            close()
            continue
        if not raw.FPDFText_GetCharBox(handle, index, left, right, bottom, top):
            close()
            continue
        a, b, c, d = left.value, bottom.value, right.value, top.value
        if letters:
            tall = max(1.0, box[3] - box[1])
            apart = a - box[2] > 0.28 * max(size, tall) or a < box[0] - 1 or b > box[3] or d < box[1]
            if apart:
                close()
        if not letters:
            box = [a, b, c, d]
            size = raw.FPDFText_GetFontSize(handle, index)
            bold = raw.FPDFText_GetFontWeight(handle, index) >= 600
        else:
            box = [min(box[0], a), min(box[1], b), max(box[2], c), max(box[3], d)]
        letters += sign
    close()
    textpage.close()
    return words


_LIGATURES = str.maketrans(
    {"ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff", "ﬃ": "ffi", "ﬄ": "ffl", "\u00a0": " ", "\u00ad": "-", "\ufb05": "ft", "\u200b": ""}
)


def _plain(text: str) -> str:
    return text.translate(_LIGATURES)


def _has_picture(pdfium: Any, page: Any) -> bool:
    return any(item.type == pdfium.raw.FPDF_PAGEOBJ_IMAGE for item in page.get_objects(max_depth=3))


FORMS = (Form("pdf", "PDF", _recognise, _open),)
