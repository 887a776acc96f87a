"""The set and its scores in words, for a terminal and for a file beside the set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from .model import Decisions, Score
from .score import DANGERS, ROWS

_ROWS = {
    "option: offered": "must be offered",
    "option: not-offered": "must not be offered",
    "same-day: raised": "help is needed the same day",
    "same-day: not-raised": "no help is needed the same day",
    "alarm: raised": "an alarm is due",
    "alarm: not-raised": "an alarm is not due",
}
_GIVEN = {"option": ("offered", "depends", "not-offered", "no-answer"), "alarm": ("raised", "not-raised", "no-answer")}
CAUTION = "Linewise was mended on these cases, so that its own score says only that nothing was lost since. docs/testing.md has its first runs on cases that it had not seen."


def set_page(decisions: Decisions) -> str:
    """What is in the set."""
    asked = Counter(f"{one.about}: {one.expected}" for case in decisions.cases for one in case.questions)
    lines = [
        f"DECISIONS  set {decisions.digest} of Linewise {decisions.release}, {decisions.licence}",
        f"{len(decisions.cases)} cases with {sum(asked.values())} questions:",
        *(f"  {asked[row]:>5}  {_ROWS[row]}" for row in ROWS),
    ]
    return "\n".join(lines) + "\n"


def score_page(score: Score, most: int) -> str:
    """One system's score: by what is asked, by danger, and the worst mistakes by name."""
    lines = [
        f"ANSWERS OF {score.system}",
        f"{score.right} of {score.questions} questions right ({_share(score.right, score.questions)})",
        "",
    ]
    for kind, given in _GIVEN.items():
        kinds = [row for row in ROWS if row.startswith("option") == (kind == "option")]
        lines += [
            *_table(["", *given], [[_ROWS[row], *(str(score.confusion[row].get(one, 0)) for one in given)] for row in kinds]),
            "",
        ]
    rows = [[DANGERS[name], f"{one.count} of {one.of}", _share(one.count, one.of)] for name, one in score.dangers.items()]
    lines += _table(["mistakes, the most dangerous first", "times", ""], rows)
    if score.wrong and most:
        lines += ["", "the most dangerous of them:"]
        for one in score.wrong[:most]:
            what = " + ".join(one.names) or one.about
            lines.append(f"  {one.case}  {what}: {one.given}, expected {one.expected}  ({one.name})")
        if len(score.wrong) > most:
            lines.append(f"  and {len(score.wrong) - most} more: `--format json` lists them all.")
    if score.unknown:
        few = "; ".join(score.unknown[:5]) + (f" and {len(score.unknown) - 5} more" if len(score.unknown) > 5 else "")
        lines += ["", f"not in this set, so not counted: {few}"]
    return "\n".join(lines) + "\n"


def _share(count: int, of: int) -> str:
    return f"{100 * count / of:.1f} %" if of else "none asked"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    lines = []
    for first, *others in (head, *rows):
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        lines.append("  ".join(cells).rstrip())
    return lines
