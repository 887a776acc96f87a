"""Files that are too much: bombs, endless tables, hundreds of pages, entities. Each ends with a clear word, in bounded time and memory."""

from __future__ import annotations

import io
import resource
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from linewise.errors import RecordError
from linewise.knowledge import Knowledge
from linewise.reading import read_files

_SECONDS = 30.0
_MEGABYTES = 1500


@pytest.fixture(autouse=True)
def _bounded() -> Iterator[None]:
    start = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert time.monotonic() - start < _SECONDS
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < _MEGABYTES


def _refused(path: Path, knowledge: Knowledge, *words: str) -> None:
    with pytest.raises(RecordError) as told:
        read_files([str(path)], knowledge)
    assert any(word in str(told.value) for word in words), str(told.value)


def _pdf(pages: int) -> bytes:
    """A PDF by hand: pages with one line each."""
    out = io.BytesIO()
    places: list[int] = []

    def put(number: int, body: str) -> None:
        places.append(out.tell())
        out.write(f"{number} 0 obj\n{body}\nendobj\n".encode())

    out.write(b"%PDF-1.4\n")
    kids = " ".join(f"{4 + 2 * page} 0 R" for page in range(pages))
    put(1, "<< /Type /Catalog /Pages 2 0 R >>")
    put(2, f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>")
    put(3, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    for page in range(pages):
        text = "BT /F1 12 Tf 72 720 Td (Page of a long record: ER positive, all is as it was before.) Tj ET"
        put(4 + 2 * page, f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> /Contents {5 + 2 * page} 0 R >>")  # fmt: skip
        put(5 + 2 * page, f"<< /Length {len(text)} >>\nstream\n{text}\nendstream")
    start = out.tell()
    out.write(f"xref\n0 {len(places) + 1}\n0000000000 65535 f \n".encode())
    out.write(b"".join(f"{place:010d} 00000 n \n".encode() for place in places))
    out.write(f"trailer\n<< /Size {len(places) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF".encode())
    return out.getvalue()


def test_a_pdf_of_500_pages_is_refused_and_a_short_one_is_read(tmp_path: Path, knowledge: Knowledge) -> None:
    pytest.importorskip("pypdfium2", reason="the extra `read` is not installed")
    path = tmp_path / "long.pdf"
    path.write_bytes(_pdf(500))
    _refused(path, knowledge, "500 pages")
    path.write_bytes(_pdf(3))
    assert read_files([str(path)], knowledge).documents[0].pages == 3


def test_a_zip_bomb_is_refused(tmp_path: Path, knowledge: Knowledge) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(6):
            packed.writestr(f"{number}.txt", b"0" * 60_000_000)
    _refused(path, knowledge, "too large")


def test_a_word_file_that_unpacks_to_too_much_is_refused(tmp_path: Path, knowledge: Knowledge) -> None:
    pytest.importorskip("defusedxml", reason="the extra `read` is not installed")
    path = tmp_path / "bomb.docx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr("word/document.xml", b"<w:document>" + b" " * 200_000_000 + b"</w:document>")
    _refused(path, knowledge, "too large", "damaged")


@pytest.mark.parametrize(
    "text",
    [
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]><ClinicalDocument xmlns="urn:hl7-org:v3"><title>&d;</title></ClinicalDocument>',
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><ClinicalDocument xmlns="urn:hl7-org:v3"><title>&x;</title></ClinicalDocument>',
    ],
    ids=["entities in entities", "an entity that names a file"],
)
def test_entities_are_neither_unfolded_nor_fetched(text: str, tmp_path: Path, knowledge: Knowledge) -> None:
    pytest.importorskip("defusedxml", reason="the extra `read` is not installed")
    path = tmp_path / "x.xml"
    path.write_text(text, encoding="utf-8")
    _refused(path, knowledge, "entit", "XML", "read")


def test_xml_nested_without_end_is_refused(tmp_path: Path, knowledge: Knowledge) -> None:
    pytest.importorskip("defusedxml", reason="the extra `read` is not installed")
    path = tmp_path / "deep.xml"
    path.write_text("<a>" * 60_000 + "</a>" * 60_000, encoding="utf-8")
    _refused(path, knowledge, "deep", "large", "XML")


def test_a_table_without_end_is_refused(tmp_path: Path, knowledge: Knowledge) -> None:
    path = tmp_path / "table.csv"
    path.write_text("Test,Result,Unit\n" + "Hemoglobin,12.1,g/dL\n" * 80_000, encoding="utf-8")
    _refused(path, knowledge, "too large")


def test_a_long_text_is_read_in_time(tmp_path: Path, knowledge: Knowledge) -> None:
    path = tmp_path / "long.txt"
    path.write_text("ER positive 90 %, PR negative, HER2 1+. No bone metastases. " * 3_000, encoding="utf-8")
    assert read_files([str(path)], knowledge).documents


def test_one_line_without_end_is_read_in_time(tmp_path: Path, knowledge: Knowledge) -> None:
    path = tmp_path / "line.txt"
    path.write_text("ER" + " (" * 60_000 + "-" * 60_000 + ":" * 60_000, encoding="utf-8")
    assert read_files([str(path)], knowledge).documents
