"""The German medication plan (BMP), in the XML of its barcode (UKF)."""

from __future__ import annotations

import re

from .form import Form, Tools
from .sheet import Builder, Sheet
from .xml import children, looks, parsed, tag


def _recognise(data: bytes, name: str) -> bool:
    return looks(data, "MP") and b"<S" in data


def _open(data: bytes, name: str, tools: Tools) -> list[Sheet]:
    codes = tools.knowledge.content.extras["reading/forms"]["bmp-headings"]
    root = parsed(data, name, "medication plans")
    builder = Builder(name, "medication plan")
    builder.hints |= {"language": "de", "kind": "medication plan"}
    for person in children(root, "P"):
        builder.hints["name"] = f"{person.get('g', '')} {person.get('f', '')}".strip()
        born = person.get("b", "")
        if re.fullmatch(r"\d{8}", born):
            builder.hints["born"] = born
        sex = {"W": "female", "M": "male"}.get(person.get("s", "").upper())
        if sex:
            builder.hints["sex"] = sex
    for author in children(root, "A"):
        builder.hints["date"] = author.get("t", "")[:10]
    for about in children(root, "O"):
        if about.get("ai"):
            builder.line(f"Allergien: {about.get('ai')}")
            builder.blank()
        if about.get("p") == "1":
            builder.line("Patientin ist schwanger.")
    for block in children(root, "S"):
        heading = block.get("t") or codes.get(block.get("c", ""), "") or "Dauermedikation"
        builder.blank()
        builder.line(f"{heading}:", 2)
        for one in block:
            _entry(builder, one)
    return [builder.sheet()]


def _entry(builder: Builder, one: object) -> None:
    kind = tag(one)
    get = one.get  # type: ignore[attr-defined]
    if kind == "M":
        substances = [f"{each.get('w', '')} {each.get('s', '')}".strip() for each in one if tag(each) == "W"]  # type: ignore[attr-defined]
        brand = get("a", "")
        taken = (
            "-".join(get(key, "0") for key in ("m", "d", "v", "h"))
            if any(get(key) for key in ("m", "d", "v", "h"))
            else get("t", "")
        )
        cells = [" + ".join(substances) or brand, brand if substances else "", taken, get("i", "") or "", get("r", "") or ""]
        if not substances and not brand:
            cells[0] = f"PZN {get('p', '')}" if get("p") else "?"
        unwanted = get("x", "")
        made = " ".join(cell for cell in cells[:1])
        made += f" ({cells[1]})" if cells[1] and cells[1] != cells[0] else ""
        made += "".join(f", {cell}" for cell in (cells[2], cells[3]) if cell)
        builder.line(made + (f" {unwanted}" if unwanted else ""))
        if cells[4]:
            builder.blank()
            builder.line(f"Nebendiagnosen: {cells[4]}")
            builder.blank()
    elif kind == "R":
        builder.line(f"{get('t', '')}")
    elif kind == "X":
        builder.blank()
        builder.line(f"Empfehlung: {get('t', '')}")
        builder.blank()


FORMS = (Form("bmp", "German medication plan", _recognise, _open),)
