"""Commands about the knowledge itself: check it, show one thing, list what can be recorded."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from linewise.errors import KnowledgeError, LinewiseError

from .arguments import command
from .output import write_json


def add(commands: Any) -> None:
    """Add `facts`, and `knowledge check|show|diff|coverage|export`."""
    facts_ = command(commands, "facts", "what can be recorded", "  linewise facts\n  linewise facts her2")
    facts_.add_argument("words", nargs="*", metavar="WORD", help="only facts whose name or label contains it")
    facts_.add_argument("--format", choices=["text", "json"], default="text")
    facts_.set_defaults(run=lambda options: facts(options.words, options.format))
    parser = command(
        commands,
        "knowledge",
        "check the medicine, or show one part of it",
        "  linewise knowledge check\n  linewise knowledge show ID",
    )
    inner = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    check_ = command(inner, "check", "verify the whole knowledge: sources, ids, dates, criteria", "  linewise knowledge check")
    check_.add_argument("--remarks", action="store_true", help="also what is no fault: reviews that are due, what nobody uses")
    check_.add_argument("--quiet", action="store_true", help="nothing but faults and counts, as without it")
    check_.set_defaults(run=lambda options: check(options.remarks and not options.quiet))
    format_ = command(
        inner,
        "format",
        "settle the layout of the files: lines of at most 120 characters, the same content",
        "  linewise knowledge format\n  linewise knowledge format --check",
    )
    format_.add_argument(
        "--check", action="store_true", help="only name the files that are not settled; exit status 2 where there is one"
    )
    format_.set_defaults(run=lambda options: settle_layout(options.check))
    new_ = command(
        inner,
        "new",
        "the first draft of a drug, an option or a fact: a file that passes the check and says TODO where you have to write",
        "  linewise knowledge new drug examplinib --source fda-examplinib-2026\n"
        "  linewise knowledge new option examplinib-other --source fda-examplinib-2026\n"
        "  linewise knowledge new fact albumin",
    )
    new_.add_argument("kind", choices=["drug", "option", "fact"])
    new_.add_argument("name", metavar="NAME", help="its id: lower-case words joined by hyphens")
    new_.add_argument("--source", default="", metavar="ID", help="a source of knowledge/sources; a drug and an option need one")
    new_.set_defaults(run=lambda options: new(options.kind, options.name, options.source))
    show_ = command(inner, "show", "everything known under an id", "  linewise knowledge show ID")
    show_.add_argument("id")
    show_.set_defaults(run=lambda options: show(options.id))
    diff_ = command(
        inner,
        "diff",
        "what changed in the medicine between two days or two releases, and which records get a different plan",
        "  linewise knowledge diff 2023-01-01 2024-01-01 --region EU\n  linewise knowledge diff old/knowledge knowledge --record examples/anna.json",
    )
    diff_.add_argument("a", metavar="A", help="a day as 2023-01-01, or a knowledge folder")
    diff_.add_argument("b", metavar="B")
    diff_.add_argument("--region", metavar="REGION")
    diff_.add_argument(
        "--record", action="append", default=[], metavar="RECORD", help="a record to compare; the examples without it"
    )
    diff_.add_argument("--format", choices=["text", "json"], default="text")
    diff_.set_defaults(run=diff)
    cover = command(
        inner,
        "coverage",
        "what the medicine covers, drug by drug and topic by topic, as Markdown",
        "  linewise knowledge coverage",
    )
    cover.set_defaults(run=lambda options: coverage())
    from .cohort import add_export

    add_export(inner)


def _root() -> Path:
    """The folder of the knowledge in use. Raises LinewiseError where the installation has none."""
    from linewise.knowledge import folder

    root = folder()
    if root is None:
        raise LinewiseError("this installation carries compiled knowledge only; run this in a checkout.")
    return root


def settle_layout(only_check: bool) -> int:
    """Settle the layout of every file, or name those that are not settled."""
    from linewise.knowledge.layout import settle, unsettled

    root = _root()
    found = list(unsettled(root)) if only_check else settle(root)
    for path in found:
        print(path.relative_to(root.parent))
    print(f"{len(found)} files {'are not in the settled layout' if only_check else 'written anew; what they say is the same'}")
    return 2 if found and only_check else 0


def new(kind: str, name: str, source: str) -> int:
    """Write the first draft of a thing, and say what comes next."""
    import datetime as dt

    from linewise.knowledge import open_knowledge
    from linewise.knowledge.skeleton import draft, write

    path = write(_root(), *draft(kind, name, open_knowledge(), source, dt.date.today()))
    print(f"{path}: write what is marked TODO; docs/knowledge-authoring.md goes through it step by step.")
    return 0


def check(remarks_too: bool = False) -> int:
    """Verify the knowledge; prints every fault with file and line, last. Exit status 2 where there is one."""
    from linewise.knowledge.check import check_folder

    root = _root()
    faults, remarks, counts = check_folder(root)
    if not faults:
        from linewise.exchange import check_codes
        from linewise.knowledge import open_knowledge

        faults = check_codes(open_knowledge())
    print(", ".join(f"{count} {name}" for name, count in counts.items()))
    more = f"{len(remarks)} remarks{'' if remarks_too or not remarks else ' (--remarks shows them)'}"
    for line in (*(remarks if remarks_too else ()), *faults):
        print(line)
    if faults:
        print(f"{len(faults)} faults, {more}", file=sys.stderr)
        return 2
    print(f"no faults, {more}")
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
        names = [
            key
            for folder in ("treatments", "drugs", "classes", "facts", "evidence", "effects")
            for key in getattr(content, folder)
        ]
        raise KnowledgeError([f"nothing is called `{name}`; {did_you_mean(name, names) or 'try `linewise facts`'}"])
    return 0


def diff(options: argparse.Namespace) -> int:
    """Compare two days or two knowledge folders."""
    import datetime as dt

    from linewise.exchange import codes_of, load, read_bytes
    from linewise.knowledge import Knowledge, open_knowledge
    from linewise.knowledge.store import opened
    from linewise.plan.diff import between_days, between_releases, shifts_of

    from .terminal import Page

    def side(text: str) -> tuple[dt.date, Knowledge, bool]:
        if Path(text).is_dir():
            return dt.date.today(), opened(text), True
        try:
            return dt.date.fromisoformat(text), open_knowledge(), False
        except ValueError:
            raise LinewiseError(f"`{text}` is neither a day such as 2024-06-01 nor a knowledge folder.") from None

    (first, old, is_folder), (second, new, _) = side(options.a), side(options.b)
    changes = between_releases(old, new) if is_folder else between_days(new, first, second)
    here = new.around(new.region(options.region))
    changes = [one for one in changes if not here or not one.region or set(here) & set(one.region)]
    examples = Path(__file__).parents[3] / "examples"
    paths = options.record or sorted(str(path) for path in examples.glob("*.*") if path.suffix in (".json", ".yaml"))
    records = [record for path in paths for record in read_bytes(load(path), path, codes_of(new))]
    moved = shifts_of(records, old, new, first, second, [options.region])
    if options.format == "json":
        write_json({"changes": changes, "shifts": moved})
        return 0
    page = Page()
    page.heading(f"What changed in the medicine: {options.a} to {options.b}")
    for one in changes:
        page.say(f"{one.what}: {page.bold(one.title)} ({', '.join(one.region) or 'everywhere'}). {one.text}", 4, "- ")
    if not changes:
        page.say("Nothing.")
    page.heading("Whose plan is different")
    for shift in moved:
        page.say(f"{shift.record or 'record'}: {page.bold(shift.title)}: {shift.before} -> {shift.after}", 4, "- ")
        page.say(shift.because, 6)
    if not moved:
        page.say(f"Nobody's, among {len(records)} records.")
    print(page.text(), end="")
    return 0


def coverage() -> int:
    """Print what the knowledge covers, as Markdown: docs/coverage.md is made with this."""
    from linewise.knowledge import open_knowledge
    from linewise.knowledge.coverage import markdown

    print(markdown(open_knowledge()), end="")
    return 0


def facts(words: list[str], style: str) -> int:
    """List what can be recorded: name, type, values, how long it stays current."""

    from linewise.knowledge import open_knowledge
    from linewise.knowledge.show import readable

    from .terminal import Page

    chosen = [
        fact
        for fact in open_knowledge().facts.values()
        if all(word.lower() in f"{fact.id} {fact.label}".lower() for word in words)
    ]
    if style == "json":
        write_json([readable(fact) for fact in chosen])
        return 0
    page = Page()
    for title, derived in (("What can be recorded", False), ("What follows from it", True)):
        listed = [fact for fact in chosen if fact.derived is derived]
        if listed:
            page.heading(title)
        for fact in listed:
            page.say(f"{page.bold(fact.id)}: {fact.label}", 2)
            values = (
                ", ".join(fact.values)
                if len(fact.values) <= 12
                else f"{len(fact.values)} values, such as {', '.join(list(fact.values)[:6])}"
            )
            limits = f"{fact.range[0]:g} to {fact.range[1]:g}" if fact.range else ""
            parts = [
                fact.type,
                values or limits,
                fact.unit or "",
                f"current for {fact.current_for.span}" if fact.current_for else "",
            ]
            page.say("; ".join(part for part in parts if part), 6)
            if fact.ask is not None:
                page.say(fact.ask.question + (f" {fact.ask.where}" if fact.ask.where else ""), 6)
            if fact.criterion is not None:
                page.say(f"= {fact.criterion.text}", 6)
            for case in fact.cases:
                page.say(f"{case.value} = {case.when.text}", 6)
    print(page.text(), end="")
    return 0
