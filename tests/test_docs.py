"""The documentation is part of the product: what it tells people to run works, what it generates is up to date, its links lead somewhere."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import pytest

from linewise.cli import main
from linewise.knowledge import open_knowledge
from linewise.knowledge.coverage import markdown
from places import ROOT

PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]


def _commands() -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return [line.split("#")[0].strip() for line in text.splitlines() if line.strip().startswith(".venv/bin/linewise")]


@pytest.mark.parametrize("command", _commands())
def test_the_commands_of_the_readme_work(
    command: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if " serve" in command:
        pytest.skip("starts a server")
    monkeypatch.chdir(ROOT)
    assert main(shlex.split(command)[1:]) == 0
    assert capfd.readouterr().out


def test_the_python_of_the_readme_works(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = re.findall(r"```python\n([\s\S]*?)```", (ROOT / "README.md").read_text(encoding="utf-8"))
    monkeypatch.chdir(ROOT)
    exec(compile(code, "README.md", "exec"), {})
    assert "suitable" in capsys.readouterr().out


def test_coverage_is_up_to_date() -> None:
    assert (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8") == markdown(open_knowledge()), (
        "run: .venv/bin/linewise knowledge coverage > docs/coverage.md"
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if not target.startswith(("http:", "https:", "mailto:")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def _tests_of(path: Path) -> set[str]:
    """The names of the tests of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


@pytest.mark.parametrize("page", ["security.md", "hazards.md"])
def test_every_proof_that_is_named_exists(page: str) -> None:
    """`file::test`, and `::test` in a file that the row, or in the hazard log an earlier one, names."""
    named: list[Path] = []
    seen = 0
    for row in (ROOT / "docs" / page).read_text(encoding="utf-8").splitlines():
        files = []
        for name in re.findall(r"`([\w/]+\.py)", row):
            found = [
                one
                for folder in ("tests", "src")
                for one in (ROOT / folder).rglob(Path(name).name)
                if str(one).endswith(f"/{name}")
            ]
            assert found, f"{page}: {name}"
            files += found
        named = files if page == "security.md" else named + files
        for test in re.findall(r"::(test_\w+)", row):
            assert any(test in _tests_of(file) for file in named), f"{page}: {test}"
            seen += 1
    assert seen > 10


def test_each_row_of_security_has_a_proof() -> None:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if re.match(r"\| \d", line)]
    assert len(rows) > 40 and all("::test_" in row for row in rows)


def test_nothing_medical_stands_in_the_code() -> None:
    """Drugs, genes and brands live in knowledge/; an example in a docstring or a help text is fine."""
    knowledge = open_knowledge()
    names = {name for name, drug in knowledge.drugs.items() if "/cancer/" in knowledge.content.places[f"drugs/{name}"]}
    names |= {brand.lower() for name in names for brand in knowledge.drugs[name].brands}
    names |= {"pik3ca", "esr1", "brca1", "brca2", "palb2", "akt1"}
    for path in sorted((ROOT / "src").rglob("*.py")):
        code = re.sub(r'"""[\s\S]*?"""', "", path.read_text(encoding="utf-8"))
        code = "\n".join(line.split("#")[0] for line in code.splitlines() if "linewise " not in line)
        found = {word for word in re.findall(r"[a-z0-9-]{4,}", code.lower()) if word in names}
        assert not found, f"{path.relative_to(ROOT)}: {sorted(found)}"
