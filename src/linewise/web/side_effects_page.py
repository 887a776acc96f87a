"""Side effects of some options as one self-contained HTML page: of 100 people, with the comparator beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from linewise.errors import LinewiseError

if TYPE_CHECKING:
    from linewise.knowledge import Knowledge
    from linewise.plan.side_effects import Rate


def side_effects_html(rows: list[Rate], knowledge: Knowledge) -> str:
    """The page for these rows, grouped by effect in their order."""
    try:
        from .citations import Citations
        from .pages import render, stylesheet
    except ModuleNotFoundError as missing:
        todo = "install Linewise with its web extra: pip install 'linewise[web]'"
        raise LinewiseError(f"pages need {missing.name}; {todo}") from None
    effects: dict[str, list[Rate]] = {}
    for row in rows:
        effects.setdefault(row.effect, []).append(row)
    titles = [knowledge.treatments[name].title for name in dict.fromkeys(row.option for row in rows) if name]
    context = {"effects": effects, "titles": titles, "knowledge": knowledge, "cite": Citations(knowledge)}
    return render("side_effects_page.html", css=stylesheet(), **context)
