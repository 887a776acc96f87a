"""A picture of 100 people: what a range, or a published share, says of them. Nothing is drawn that was not published or worked out from it."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Sequence
from xml.sax.saxutils import escape

from linewise.knowledge.wording import OutlookWords

from .model import Landmark, Part, Scenario
from .spans import span

PEOPLE, _ROW = 100, 20
_SIGNS = "abcdef"
_ALIVE, _DIED = "O", "."
_HALF, _LIGHT, _DARK, _LINE = 0.5, 0.5, 0.7, 48
"""From which share on a dot is dark, how dark the light and the dark ones are at least or at most, and the letters in a line of the legend."""


def of_range(median: float, scenarios: Sequence[Scenario], words: OutlookWords) -> list[Part]:
    """The people by how long they lived: the shortest first."""
    ends = sorted([(50, median), *((one.alive, one.months) for one in scenarios)], key=lambda end: -end[0])
    times = [months for _, months in ends]
    alive = [PEOPLE, *(count for count, _ in ends), 0]
    said, spans = words.picture, words.spans
    labels = [said["less"].format(n=alive[0] - alive[1], to=span(times[0], spans))]
    for number, (start, end) in enumerate(itertools.pairwise(times), 1):
        labels.append(
            said["between"].format(n=alive[number] - alive[number + 1], to=span(end, spans), **{"from": span(start, spans)})
        )
    labels.append(said["longer"].format(n=alive[-2], **{"from": span(times[-1], spans)}))
    most = len(labels) - 1
    return [Part(count=alive[n] - alive[n + 1], label=label, sign=_SIGNS[n], share=n / most) for n, label in enumerate(labels)]


def of_landmark(found: Landmark, words: OutlookWords) -> list[Part]:
    """The people who were alive after a time, and those who were not."""
    alive, time = round(found.alive), span(found.months, words.spans, about=False)
    return [
        Part(count=alive, label=words.picture["alive"].format(n=alive, time=time), sign=_ALIVE, share=1.0),
        Part(count=PEOPLE - alive, label=words.picture["died"].format(n=PEOPLE - alive), sign=_DIED, share=0.0),
    ]


def as_text(parts: Sequence[Part]) -> list[str]:
    """Rows of signs, one a person, and what each sign stands for."""
    signs = "".join(part.sign * part.count for part in parts)
    rows = [" ".join(signs[at : at + _ROW]) for at in range(0, PEOPLE, _ROW)]
    return [*rows, *(f"{part.sign}  {part.label}" for part in parts)]


def as_svg(parts: Sequence[Part], title: str, legend: bool = True) -> str:
    """The same as a drawing of 100 dots; the legend is text, so that it can be read aloud, and no part differs by its shade alone.

    Without `legend` the page says what each sign stands for, in letters that grow with its own.
    """
    step, top = 16, 16
    dots, at = [], 0
    for part in parts:
        dark = part.share >= _HALF
        shade = _DARK + (1 - _DARK) * part.share if dark else _LIGHT * part.share
        letter = "Canvas" if dark else "currentColor"
        for _ in range(part.count):
            x, y = (at % _ROW) * step + step, (at // _ROW) * step + top
            dots.append(f'<circle cx="{x}" cy="{y}" r="7" fill-opacity="{shade:.2f}" stroke="currentColor"/>')
            dots.append(
                f'<text x="{x}" y="{y + 3}" font-size="9" text-anchor="middle" fill="{letter}">{escape(part.sign)}</text>'
            )
            at += 1
    shown = parts if legend else ()
    lines = [line for part in shown for line in textwrap.wrap(f"{part.sign}: {part.label}", _LINE, subsequent_indent="\u2003")]
    below = top + (PEOPLE // _ROW) * step + 8
    below_dots = [f'<text x="8" y="{below + n * step}" font-size="12">{escape(line)}</text>' for n, line in enumerate(lines)]
    size = f"0 0 {step * (_ROW + 1)} {below + len(lines) * step}"
    named = escape(title, {'"': "&quot;"})
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{size}" role="img" aria-label="{named}" fill="currentColor">'
        f"<title>{escape(title)}</title>{''.join(dots)}{''.join(below_dots)}</svg>"
    )
