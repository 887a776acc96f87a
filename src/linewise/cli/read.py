"""`linewise read`: what documents hold, with the words each finding rests on."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from .arguments import command
from .output import write_json

if TYPE_CHECKING:
    from linewise.reading import Reading


def add(commands: Any) -> None:
    """Add `read`."""
    read = command(
        commands,
        "read",
        "what letters, reports and lists hold: findings with the words they rest on, for a person to confirm",
        "  linewise read letter.pdf\n  linewise read page-1.png page-2.png\n"
        "  linewise read report.docx --format profile | linewise plan -\n  linewise read my-records.zip --format json",
    )
    read.add_argument(
        "files", nargs="+", metavar="FILE", help="text, PDF, scan, Word, C-CDA, FHIR, oBDS, HL7, tables; a zip or a folder"
    )
    read.add_argument("--format", choices=["text", "json", "profile"], default="text")
    read.set_defaults(run=_read)


def _read(options: argparse.Namespace) -> int:

    from linewise.knowledge import open_knowledge
    from linewise.reading import read_files

    reading = read_files(options.files, open_knowledge())
    if options.format == "text":
        print(_page(reading), end="")
        return 0
    value: Any = reading.profile if options.format == "profile" else reading
    write_json(value, indented=True)
    return 0


def _page(reading: Reading) -> str:
    """The reading as a page of text."""
    lines: list[str] = []
    for document in reading.documents:
        about = ", ".join(
            part
            for part in (document.form, document.date or "no date", f"{document.pages} pages" if document.pages > 1 else "")
            if part
        )
        lines.append(f"{document.name} ({about})")
        lines += [f"  note: {note}" for note in document.notes]
    for title, sure in (("\nStated", True), ("\nNot certain: ask, or leave it out", False)):
        chosen = [finding for finding in reading.findings if finding.sure is sure]
        given = [course for course in reading.treatments if course.sure is sure]
        if chosen or given:
            lines.append(title)
        for finding in chosen:
            value = (
                finding.value
                if not isinstance(finding.value, dict)
                else ", ".join(f"{key} {part}" for key, part in finding.value.items())
            )
            when = f", {finding.on}" if finding.on else ""
            about = f", {finding.about}" if finding.about else ""
            lines.append(f"  {finding.fact}: {value}{' ' + finding.unit if finding.unit else ''}{about}{when}")
            lines.append(
                f"      “{_short(finding.quote)}” (page {finding.where.page}, line {finding.where.line})"
                + ("" if sure else f" - {finding.why}")
            )
        for course in given:
            span = " to ".join(part for part in (course.from_ or "", course.to or "") if part)
            what = ", ".join(part for part in (course.setting or "", course.state, span, course.stopped_for or "") if part)
            lines.append(f"  treatment: {' + '.join(course.drugs)} ({what})")
            lines.append(
                f"      “{_short(course.quote)}” (page {course.where.page}, line {course.where.line})"
                + ("" if sure else f" - {course.why}")
            )
    for conflict in reading.conflicts:
        lines.append(f"\nDisagree: {conflict.fact}: {conflict.why}")
    if reading.left:
        lines.append("\nNot understood")
        lines += [
            f"  “{_short(left.quote)}” (page {left.where.page}, line {left.where.line}) - {left.why}"
            for left in reading.left[:40]
        ]
    lines.append("\nNothing of this counts before a person has confirmed it.\n")
    return "\n".join(lines)


def _short(text: str) -> str:
    return text if len(text) <= 120 else text[:117] + "…"
