"""Commands about the knowledge itself: check it, show one thing, list what can be recorded."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from linewise.errors import KnowledgeError, LinewiseError


def add(commands: Any, command: Any) -> None:
    """Add `knowledge check|show`."""
    parser = command(
        commands, "knowledge", "check the medicine, or show one part of it", "  linewise knowledge check\n  linewise knowledge show elacestrant"
    )
    inner = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    check_ = command(inner, "check", "verify the whole knowledge: sources, ids, dates, criteria", "  linewise knowledge check")
    check_.add_argument("--quiet", action="store_true", help="faults only, no remarks")
    check_.set_defaults(run=lambda options: check(options.quiet))
    show_ = command(inner, "show", "everything known under an id", "  linewise knowledge show capivasertib")
    show_.add_argument("id")
    show_.set_defaults(run=lambda options: show(options.id))


def check(quiet: bool = False) -> int:
    """Verify the knowledge; prints every fault with file and line. Exit status 2 where there is one."""
    from linewise.knowledge import folder
    from linewise.knowledge.check import check_folder

    root = folder()
    if root is None:
        raise LinewiseError("this installation carries compiled knowledge only; run the check in a checkout.")
    faults, remarks, counts = check_folder(root)
    for line in faults if quiet else (*faults, *remarks):
        print(line)
    print(", ".join(f"{count} {name}" for name, count in counts.items()))
    if faults:
        print(f"{len(faults)} faults, {len(remarks)} remarks", file=sys.stderr)
        return 2
    print(f"no faults, {len(remarks)} remarks")
    return 0


def show(name: str) -> int:
    """Print everything that stands under an id, as YAML, with the files it comes from."""
    import msgspec
    import yaml

    from linewise.knowledge import open_knowledge
    from linewise.knowledge.show import readable
    from linewise.logic.where import did_you_mean

    content = open_knowledge().content
    found = False
    for folder in msgspec.structs.fields(type(content)):
        things = getattr(content, folder.name)
        if not isinstance(things, dict) or folder.name in ("places", "codes") or name not in things:
            continue
        found = True
        print(f"# {content.places.get(f'{folder.name}/{name}', folder.name)}")
        print(yaml.safe_dump(readable(things[name]), sort_keys=False, allow_unicode=True, width=110))
    if not found:
        names = [key for folder in ("treatments", "drugs", "classes", "facts", "evidence", "effects") for key in getattr(content, folder)]
        raise KnowledgeError([f"nothing is called `{name}`; {did_you_mean(name, names) or 'try `linewise facts`'}"])
    return 0


def facts(words: list[str], style: str) -> int:
    """List what can be recorded: name, type, values, how long it stays current."""
    import msgspec

    from linewise.knowledge import open_knowledge
    from linewise.knowledge.show import readable
    from linewise.terminal import Page

    chosen = [
        fact
        for fact in open_knowledge().facts.values()
        if all(word.lower() in f"{fact.id} {fact.label}".lower() for word in words)
    ]
    if style == "json":
        sys.stdout.buffer.write(msgspec.json.encode([readable(fact) for fact in chosen]) + b"\n")
        return 0
    page = Page()
    for title, derived in (("What can be recorded", False), ("What follows from it", True)):
        listed = [fact for fact in chosen if fact.derived is derived]
        if listed:
            page.heading(title)
        for fact in listed:
            page.say(f"{page.bold(fact.id)}: {fact.label}", 2)
            values = ", ".join(fact.values) if len(fact.values) <= 12 else f"{len(fact.values)} values, such as {', '.join(list(fact.values)[:6])}"
            limits = f"{fact.range[0]:g} to {fact.range[1]:g}" if fact.range else ""
            parts = [fact.type, values or limits, fact.unit or "", f"current for {fact.current_for}" if fact.current_for else ""]
            page.say("; ".join(part for part in parts if part), 6)
            if fact.ask is not None:
                page.say(fact.ask.question + (f" {fact.ask.where}" if fact.ask.where else ""), 6)
            if fact.criterion is not None:
                page.say(f"= {fact.criterion.text}", 6)
            for case in fact.cases:
                page.say(f"{case.value} = {case.when.text}", 6)
    print(page.text(), end="")
    return 0
