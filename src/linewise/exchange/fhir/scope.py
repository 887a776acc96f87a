"""Whether this is a record of metastatic breast cancer, and, if not, why no plan can honestly be given from it.

Metastatic is true where a tumour beyond the nearby nodes, stage IV or M1 is recorded; false only where a stage or category
says so and nothing says otherwise; else it is not known, and silence is not taken for a no.
"""

from __future__ import annotations

import datetime as dt

import msgspec

from linewise.exchange.fhir.chart import Chart, Spread
from linewise.exchange.fhir.node import Node, bare_codes, day, extensions, node, text
from linewise.record.age import is_child
from linewise.record.model import Entry, Event, Unread


def read_patient(chart: Chart) -> dt.date | None:
    """Sex and day of birth."""
    patient = chart.person.patient
    if patient is None:
        return None
    said = bare_codes(patient.get("gender")) & {"female", "male"}
    births = {text(ext.get("valueCode")).upper() for ext in extensions(patient, "us-core-birthsex")} & {"F", "M"}
    known = said | {{"F": "female", "M": "male"}[code] for code in births}
    if len(known) == 1:
        chart.state("sex", known.pop(), patient, f"gender {text(patient.get('gender')) or 'from sex at birth'}")
    elif known:
        chart.leave(patient, "gender and sex at birth differ", "which of them matters here, the team must say")
    elif patient.get("gender"):
        chart.leave(patient, f"gender: {patient.get('gender')}", "not female or male: the team must say what matters here")
    return chart.day(patient, patient.get("birthDate"), "birth date")


def conclude(chart: Chart, birth: dt.date | None) -> str | None:
    """Enter whether the disease is metastatic, note contradictions, and say why the record is out of scope, if it is."""
    yes = [item for item in chart.spread if item.says]
    no = [item for item in chart.spread if item.says is False]
    for item in yes or no:
        chart.entries.append(Entry(fact="metastatic", value=bool(item.says), on=item.on, origin=item.origin))
    _note_contradictions(chart, yes, no)
    _events(chart, yes)
    return _person_scope(chart, birth) or _cancer_scope(chart) or _spread_scope(chart, yes, no)


def _events(chart: Chart, yes: list[Spread]) -> None:
    """Spread that only a stage tells of is a turn of the disease as well."""
    if not any(event.what == "metastatic" for event in chart.events):
        chart.events += [Event(what="metastatic", on=item.on, origin=item.origin) for item in yes]


def _note_contradictions(chart: Chart, yes: list[Spread], no: list[Spread]) -> None:
    groups: dict[str, list[str]] = {}
    for item in chart.spread:
        groups.setdefault(item.stage, []).append(item.origin.where)
    named = {stage: sorted(set(places)) for stage, places in groups.items() if stage and _is_group(stage)}
    if len({_main(stage) for stage in named}) > 1:
        said = "; ".join(f"{stage} ({', '.join(places)})" for stage, places in sorted(named.items()))
        chart.notes.add(f"The record gives different stages: {said}.")
    same_day = [(a, b) for a in yes for b in no if a.on == b.on or a.on is None or b.on is None]
    for one, other in sorted(same_day, key=str)[:1]:
        chart.notes.add(
            f"The record contradicts itself about spread: {one.origin.text or one.stage} ({one.origin.where}) and "
            f"{other.origin.text or other.stage} ({other.origin.where}). It is read as metastatic."
        )


def _is_group(stage: str) -> bool:
    """Whether a wording is that of a stage group, not of a category of spread."""
    return _main(stage) != ""


def _main(stage: str) -> str:
    """The stage's Roman or Arabic number, without its letter: IIIA and Stage 3A are both III."""
    words = stage.replace("(", " ").split()
    for word in words:
        plain = word.strip(".,;").upper().lstrip("CPYR")
        number = plain.rstrip("ABCDS1") if plain[:1] in "IV" else plain.rstrip("ABCDS")
        found = {"1": "I", "2": "II", "3": "III", "4": "IV"}.get(number, number)
        if found in ("0", "I", "II", "III", "IV"):
            return found
    return ""


def _person_scope(chart: Chart, birth: dt.date | None) -> str | None:
    patient: Node = node(chart.person.patient)
    died = day(patient.get("deceasedDateTime"))
    if died or patient.get("deceasedBoolean") is True:
        chart.notes.add(f"The record says that this person has died{f', on {died.isoformat()}' if died else ''}.")
    if birth and is_child(birth, latest_day(chart), chart.codes.adult):
        return f"This is the record of a child (born {birth.isoformat()}); the knowledge is about adults."
    return None


def end_with_life(chart: Chart) -> None:
    """Of a person who has died, nothing goes on: what was going on ended with that day, and where the day is not known, it is over all the same."""
    patient: Node = node(chart.person.patient)
    died = day(patient.get("deceasedDateTime"))
    if not died and patient.get("deceasedBoolean") is not True:
        return
    for number, given in enumerate(chart.administrations):
        if given.end is None and (given.ongoing or given.unsure) and not given.planned:
            end = max(given.start, died) if given.start and died else died
            chart.administrations[number] = msgspec.structs.replace(given, ongoing=False, unsure=False, end=end)
    for number, taken in enumerate(chart.medications):
        if taken.end is None:
            end = max(taken.start, died) if taken.start and died else died
            chart.medications[number] = msgspec.structs.replace(taken, end=end or taken.start or dt.date.min, unsure=False)


def _cancer_scope(chart: Chart) -> str | None:
    kinds = {cancer.kind for cancer in chart.cancers}
    others = sorted({cancer.origin.text for cancer in chart.cancers if cancer.kind == "other"})
    if "breast" in kinds:
        for cancer in chart.cancers:
            if cancer.kind == "other":
                chart.entries.append(Entry(fact="comorbidities", value="second-cancer", origin=cancer.origin))
        if others and any(item.says for item in chart.spread):
            chart.notes.add(f"Another cancer is recorded too ({', '.join(others[:3])}): check that the spread is of the breast.")
        return None
    if others:
        return f"The record names another cancer ({', '.join(others[:3])}), and no invasive breast cancer."
    if "in-situ" in kinds:
        return "The record names carcinoma in situ of the breast, not invasive cancer."
    if "unknown-site" in kinds:
        return "The record names a cancer, but not in a way that tells whether it is breast cancer."
    if any(entry.fact in ("er", "pr") for entry in chart.entries):
        chart.notes.add("No diagnosis of breast cancer is recorded; it is taken as such for its hormone-receptor results.")
        return None
    return "The record names no breast cancer."


def _spread_scope(chart: Chart, yes: list[Spread], no: list[Spread]) -> str | None:
    if yes:
        return None
    if no:
        said = "; ".join(sorted({f"{item.stage} ({item.origin.where})" for item in no})[:3])
        return f"Not metastatic on this record: {said}. Options for metastatic disease are not offered."
    unread = [f"{one.what} ({one.where})" for one in chart.unread() if _may_be_spread(one)]
    if unread:
        said = "; ".join(unread[:3]) + (f" and {len(unread) - 3} more" if len(unread) > 3 else "")
        return f"Not known whether the cancer has spread: the record may say so in words that are not understood: {said}. Nothing is offered."
    nodes_only = "nearby lymph nodes only, " if chart.spread else ""
    return f"Not metastatic on this record: {nodes_only}no stage and no metastasis is recorded. Nothing is offered."


def _may_be_spread(one: Unread) -> bool:
    return any(name.partition(":")[0] in ("metastatic", "sites") for name in one.touches)


def latest_day(chart: Chart) -> dt.date | None:
    """The latest day that anything in the record is dated."""
    days = [entry.on for entry in chart.entries] + [event.on for event in chart.events]
    days += [given.start for given in chart.administrations]
    return max((found for found in days if found), default=None)


def strays(chart: Chart) -> list[Unread]:
    """Resources of the file that cannot be tied to this person."""
    listed = []
    for resource in chart.person.strays:
        why = "it is not said whose it is" if not resource.get("subject") else "it is about a person who is not in the file"
        listed.append(Unread(where=chart.where(resource), what=text(resource.get("resourceType")), why=why))
    return listed
