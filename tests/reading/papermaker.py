"""Makes the files of the invented documents: text, HTML, PDF, Word, RTF, and scans with the marks of a real scanner.

A document of `documents/*.yaml` has `text` or `html`, and `form`. What needs a library that is not installed gives a reason to skip.
"""

from __future__ import annotations

import html as markup
import io
import random
import re
import shutil
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

_STYLE = "<style>@page {size: A4; margin: 16mm} body {font-family: 'DejaVu Sans', sans-serif; font-size: 9.5pt} td, th {text-align: left; vertical-align: top; padding: 1pt 5pt}</style>"
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def make(document: dict[str, Any], folder: Path) -> list[Path]:
    """The files of a document, in the order of their pages. Skips the test where they cannot be made here."""
    form = document.get("form", "text")
    if form in ("pdf", "scan"):
        pdf = _pdf(document)
        if form == "pdf":
            return [_write(folder / "document.pdf", pdf)]
        return _scan(pdf, folder, document)
    if form == "docx":
        pytest.importorskip("defusedxml", reason="the extra `read` is not installed")
        return [_write(folder / "document.docx", _docx(document["html"]))]
    if form == "rtf":
        pytest.importorskip("striprtf", reason="the extra `read` is not installed")
        return [_write(folder / "document.rtf", _rtf(document["text"]))]
    if form == "html":
        return [_write(folder / "document.html", f"<html><body>{document['html']}</body></html>".encode())]
    suffix = {"text": "txt"}.get(form, form)
    if suffix in ("xml",):
        pytest.importorskip("defusedxml", reason="the extra `read` is not installed")
    return [_write(folder / f"document.{suffix}", document["text"].encode())]


def _write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _pdf(document: dict[str, Any]) -> bytes:
    weasyprint = pytest.importorskip("weasyprint", reason="WeasyPrint is not installed")
    pytest.importorskip("pypdfium2", reason="the extra `read` is not installed")
    body = document.get("html") or f"<pre style='font-size: 8pt'>{markup.escape(document['text'])}</pre>"
    made: bytes = weasyprint.HTML(string=f"{_STYLE}<body>{body}</body>").write_pdf()
    return made


def _scan(pdf: bytes, folder: Path, document: dict[str, Any]) -> list[Path]:
    """Each page as a grey picture: a little turned, with specks, and paler than the paper was."""
    if shutil.which("tesseract") is None:
        pytest.skip("Tesseract is not installed")
    import pypdfium2
    from PIL import Image, ImageFilter

    dice = random.Random(document["id"])
    pages = []
    for number, page in enumerate(pypdfium2.PdfDocument(pdf), 1):
        picture = page.render(scale=200 / 72, grayscale=True).to_pil()
        turned = picture.rotate(dice.uniform(-0.8, 0.8), resample=Image.Resampling.BICUBIC, expand=True, fillcolor=255)
        soft = turned.filter(ImageFilter.GaussianBlur(0.6)).point([min(255, 25 + value * 225 // 255) for value in range(256)])
        pixels = soft.load()
        for _ in range(soft.width * soft.height // 900):
            pixels[dice.randrange(soft.width), dice.randrange(soft.height)] = dice.choice((60, 235))
        path = folder / f"page-{number}.png"
        soft.save(path)
        pages.append(path)
    return pages


class _Word(HTMLParser):
    """Headings, paragraphs, list items and tables of HTML as WordprocessingML."""

    def __init__(self) -> None:
        super().__init__()
        self.out: list[str] = []
        self.open = False
        self.style = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag in ("h1", "h2", "h3", "p", "li"):
            self._end()
            self.style = {"h1": "Heading1", "h2": "Heading2", "h3": "Heading3", "li": "ListBullet"}.get(tag, "")
        elif tag == "br" and self.open:
            self.out.append("<w:r><w:br/></w:r>")
        elif tag in ("table", "tr", "td", "th"):
            self._end()
            self.out.append({"table": "<w:tbl>", "tr": "<w:tr>"}.get(tag, "<w:tc>"))
            self.style = ""

    def handle_endtag(self, tag: str) -> None:
        if tag in ("h1", "h2", "h3", "p", "li"):
            self._end()
        elif tag in ("td", "th"):
            if not self.open and self.out[-1] == "<w:tc>":
                self.out.append("<w:p/>")
            self._end()
            self.out.append("</w:tc>")
        elif tag in ("table", "tr"):
            self.out.append({"table": "</w:tbl>", "tr": "</w:tr>"}[tag])

    def handle_data(self, data: str) -> None:
        if not data.strip():
            return
        if not self.open:
            style = f'<w:pPr><w:pStyle w:val="{self.style}"/></w:pPr>' if self.style else ""
            self.out.append(f"<w:p>{style}")
            self.open = True
        words = markup.escape(re.sub(r"\s+", " ", data))
        self.out.append(f'<w:r><w:t xml:space="preserve">{words}</w:t></w:r>')

    def _end(self) -> None:
        if self.open:
            self.out.append("</w:p>")
            self.open = False


def _docx(source: str) -> bytes:
    parser = _Word()
    parser.feed(source)
    parser.close()
    body = f'<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="{_W}"><w:body>{"".join(parser.out)}</w:body></w:document>'
    types = (
        '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", types)
        packed.writestr("word/document.xml", body)
    return out.getvalue()


def _rtf(text: str) -> bytes:
    def letter(one: str) -> str:
        return one if ord(one) < 128 else f"\\u{ord(one)}?"

    safe = text.replace("\\", "\\\\").replace("{", "\\{").replace("}", "\\}")
    return ("{\\rtf1\\ansi\\deff0 " + "".join(map(letter, safe)).replace("\n", "\\par\n") + "}").encode("ascii")
