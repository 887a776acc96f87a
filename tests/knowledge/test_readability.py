"""Text for patients stays at school grade 8 or easier (Flesch-Kincaid), measured with textstat 0.7.4.

Every page in `knowledge/learn/pages` is measured by itself. The short `plain` texts elsewhere are a sentence or two
each, too short for the formula, so they are pooled: by file, and where a file has only a few words, by folder.

Nobody can choose a shorter name for a drug. Names of drugs and of their classes, taken from `knowledge/`, are
replaced by a word of two syllables before measuring. Markdown is stripped, headings and tables are left out (they are
not sentences), and an item of a list counts as a sentence.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import textstat

from places import read_yaml

KNOWLEDGE = Path(__file__).parents[2] / "knowledge"
PAGES = sorted((KNOWLEDGE / "learn" / "pages").glob("*.md"))
HARDEST = 8.0
FEWEST_WORDS = 60  # below this, one long word decides
FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)


@cache
def names() -> re.Pattern[str]:
    """Every name of a drug and of a class of drugs that the knowledge base knows, longest first."""
    found: set[str] = set()
    for path in (KNOWLEDGE / "drugs").rglob("*.yaml"):
        content = read_yaml(path) or {}
        for drug in content if isinstance(content, list) else [content]:
            found |= {drug["id"].replace("-", " "), drug["id"], drug.get("label", ""), *map(str, drug.get("brands", []))}
    for path in (KNOWLEDGE / "classes").glob("*.yaml"):
        for entry in read_yaml(path) or []:
            found |= {entry["label"], entry["id"].replace("-", " ")}
    words = sorted((re.escape(name) for name in found if len(name) > 3), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(words) or 'no-name'})s?\b", re.IGNORECASE)


def sentences(markdown: str) -> str:
    """The running text of a page: no front matter, headings, tables, markers or markup."""
    lines = []
    for line in FRONT_MATTER.sub("", markdown).splitlines():
        line = line.strip()
        if not line or line.startswith(("#", "|", "---")):
            lines.append("")
            continue
        item = re.match(r"(?:[-*+]|\d+\.)\s+(.*)", line)
        line = item[1] if item else line
        line = re.sub(r"\[\^[^\]]+\]", "", line)
        line = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", line)
        line = re.sub(r"[*_`>]+", "", line)
        if item:
            lines.append("")
        lines.append(line)
    paragraphs = [" ".join(part.split()) for part in "\n".join(lines).split("\n\n")]
    return " ".join(p if p.endswith((".", "!", "?")) else f"{p.rstrip(':;,')}." for p in paragraphs if p)


def grade(text: str) -> float:
    textstat.set_lang("en_US")
    return float(textstat.flesch_kincaid_grade(names().sub("tablet", text)))


def plain_texts(value: Any) -> list[str]:
    """All values of `plain`, at any depth."""
    if isinstance(value, dict):
        own = [v for k, v in value.items() if k == "plain" and isinstance(v, str)]
        return own + [text for k, v in value.items() if k != "plain" for text in plain_texts(v)]
    if isinstance(value, list):
        return [text for entry in value for text in plain_texts(entry)]
    return []


def pooled() -> dict[str, str]:
    """All short texts, by file, those of files with few words by folder."""
    pools: dict[str, list[str]] = {}
    for path in sorted(KNOWLEDGE.rglob("*.yaml")):
        texts = [f"{text.strip().rstrip('.')}." for text in plain_texts(read_yaml(path))]
        if texts:
            small = sum(len(text.split()) for text in texts) < FEWEST_WORDS
            pools.setdefault(f"{label(path.parent)}/*" if small else label(path), []).extend(texts)
    return {name: " ".join(texts) for name, texts in pools.items()}


def label(path: Path) -> str:
    return str(path.relative_to(KNOWLEDGE))


@pytest.mark.parametrize("path", PAGES, ids=label)
def test_a_page_is_easy_to_read(path: Path) -> None:
    text = sentences(path.read_text(encoding="utf-8"))
    assert grade(text) <= HARDEST, f"{label(path)} needs shorter sentences or commoner words: grade {grade(text)}"


@pytest.mark.parametrize("path", PAGES, ids=label)
def test_a_page_is_short_and_says_what_it_is(path: Path) -> None:
    raw = path.read_text(encoding="utf-8")
    head = FRONT_MATTER.match(raw)
    assert head, "a page starts with its front matter"
    front = read_yaml(head[1])
    assert list(front) == ["id", "title", "topic", "summary", "review", "sources", "related"]
    assert front["id"] == path.stem
    assert len(re.findall(r"[.!?](?:\s|$)", front["summary"])) == 1, "the summary is one sentence"
    assert 250 <= len(re.sub(r"\[\^[^\]]+\]", "", raw[head.end() :]).split()) <= 600
    assert set(re.findall(r"\[\^([^\]]+)\]", raw)) <= set(front["sources"]), "what is cited stands in `sources`"


def test_short_texts_are_easy_to_read() -> None:
    texts = pooled()
    assert len(texts) > 100
    hard = {name: found for name, text in texts.items() if (found := grade(text)) > HARDEST}
    assert not hard, f"these need shorter sentences or commoner words: {hard}"


def test_the_measure_itself() -> None:
    """Names do not make a text hard; long words and long sentences do."""
    assert grade("The cat sat on the mat. The dog ran to the cat.") < 2
    assert grade("Multidisciplinary consideration of pharmacological alternatives necessitates deliberation.") > 15
    assert sentences("## Head\n\nOne *two*.[^x]\n\n- three\n- four\n\n| a | b |\n") == "One two. three. four."
