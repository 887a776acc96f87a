"""Foundation Medicine reports in XML."""

from __future__ import annotations

from typing import Any

from .form import Form, Tools
from .sheet import Builder, Sheet
from .xml import child, looks, parsed, tag, text_of


def _recognise(data: bytes, name: str) -> bool:
    return looks(data, "ResultsReport") and b"ariant" in data


def _open(data: bytes, name: str, tools: Tools) -> list[Sheet]:
    root = parsed(data, name, "Foundation Medicine reports")
    builder = Builder(name, "Foundation Medicine XML")
    builder.hints |= {"language": "en", "kind": "gene panel"}
    builder.line("Genomic profiling of tumor tissue (Foundation Medicine)")
    report = next((one for one in root.iter() if tag(one) in ("variant-report", "variantreport")), root)
    details = {tag(one): text_of(one) for one in root.iter() if len(one) == 0 and one.text}
    if details.get("DOB"):
        builder.hints["born"] = details["DOB"]
    if details.get("Gender", "").lower() in ("female", "male"):
        builder.hints["sex"] = details["Gender"].lower()
    if details.get("CollDate") or details.get("ReceivedDate"):
        builder.hints["date"] = details.get("CollDate") or details["ReceivedDate"]
    disease = report.get("disease", "") or details.get("SubmittedDiagnosis", "")
    if disease:
        builder.line(f"Submitted diagnosis: {disease}")
        if "breast" not in disease.lower() and disease.strip():
            builder.notes.append(f"the report is about {disease}")
    known: list[list[str]] = []
    unclear: list[list[str]] = []
    for one in report.iter():
        kind = tag(one)
        if kind == "short-variant":
            row = [
                one.get("gene", ""),
                one.get("protein-effect", "") or one.get("cds-effect", ""),
                f"{one.get('percent-reads', '')} %",
            ]
            (unclear if one.get("status", "") in ("unknown", "ambiguous") else known).append(
                [
                    f"{row[0]} p.{row[1]}" if row[1] and not row[1].startswith(("p.", "c.")) else f"{row[0]} {row[1]}",
                    "detected",
                    row[2],
                ]
            )
        elif kind == "copy-number-alteration":
            change = one.get("type", "")
            word = "homozygous deletion" if change == "loss" else "amplified"
            (unclear if one.get("status", "") in ("unknown", "ambiguous") else known).append([one.get("gene", ""), word, ""])
        elif kind == "rearrangement":
            pair = one.get("targeted-gene", "")
            (unclear if one.get("status", "") in ("unknown", "ambiguous") else known).append(
                [pair, f"fusion with {one.get('other-gene', '')}", ""]
            )
    if known:
        builder.blank()
        builder.line("Genomic findings:", 2)
        builder.table([["Gene", "Result", "VAF"], *known], True)
    if unclear:
        builder.blank()
        builder.line("Variants of unknown significance:", 2)
        for row in unclear:
            builder.line(" ".join(row[:1]))
    _markers(builder, report)
    return [builder.sheet()]


def _markers(builder: Builder, report: Any) -> None:
    builder.blank()
    builder.line("Genomic signatures:", 2)
    stability = next((one for one in report.iter() if tag(one) == "microsatellite-instability"), None)
    if stability is not None:
        builder.line(f"Microsatellite status: {stability.get('status', '')}")
    burden = next((one for one in report.iter() if tag(one) == "tumor-mutation-burden"), None)
    if burden is not None and burden.get("score"):
        builder.line(f"Tumor mutational burden: {burden.get('score')} mutations/Mb")
    negatives = [text_of(child(one, "Gene")) or text_of(one) for one in report.iter() if tag(one) == "PertinentNegative"]
    if negatives:
        builder.blank()
        builder.line("Pertinent negatives:", 2)
        for gene in negatives:
            builder.line(gene)


FORMS = (Form("foundation", "Foundation Medicine XML", _recognise, _open),)
