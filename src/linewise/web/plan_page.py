"""One or several plans as one self-contained HTML page: to read, keep, send and print. No request leaves the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from linewise.errors import LinewiseError

if TYPE_CHECKING:
    from linewise.knowledge import Knowledge
    from linewise.plan import Plan


def plan_html(plans: list[Plan], knowledge: Knowledge) -> str:
    """The page for these plans, in their order. Every word about a person comes from the plan."""
    from linewise.plan.answer import first, grouped
    from linewise.trials.ask import depends, places, to_ask

    try:
        from .calls import calls_for
        from .citations import Citations
        from .pages import render, stylesheet
    except ModuleNotFoundError as missing:
        todo = "install Linewise with its web extra: pip install 'linewise[web]'"
        raise LinewiseError(f"pages need {missing.name}; {todo}") from None
    shown = []
    for number, plan in enumerate(plans, 1):
        key = f"plan{number}"
        cite, name = Citations(knowledge, f"{key}-source"), plan.subject.id or f"Plan {number}"
        calls = calls_for(plan.region, knowledge)
        shown.append(
            {
                "plan": plan,
                "key": key,
                "cite": cite,
                "name": name,
                "calls": calls,
                "first": first(plan),
                "groups": grouped(plan),
                "trials": to_ask(plan),
            }
        )
    return render("plan_page.html", plans=shown, knowledge=knowledge, depends=depends, places=places, css=stylesheet())
