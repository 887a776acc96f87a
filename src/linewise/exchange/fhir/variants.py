"""Genetic variants: which gene, found or not, inherited or in the tumour only, and whether it matters."""

from __future__ import annotations

import datetime as dt

import msgspec

from linewise.exchange.codes import Meaning, normal
from linewise.exchange.fhir.chart import Chart
from linewise.exchange.fhir.node import Node, codings, node, nodes, text, wording
from linewise.exchange.fhir.results import finding

_INHERITED = "germline-pathogenic"  # a gene that has this value is read with its origin and its significance
_NO_GENE = "the gene is not one that is used here"


class Variant(msgspec.Struct):
    """The members of one variant that decide: result words of its presence, origin, significance and kind."""

    genes: list[tuple[str, Meaning | None]] = msgspec.field(default_factory=list)
    words: set[str] = msgspec.field(default_factory=set)
    names: list[str] = msgspec.field(default_factory=list)  # HGVS and other names, kept as written


def read_variant(chart: Chart, resource: Node, on: dt.date | None) -> None:
    """One variant assessment. What it says of each gene becomes an entry, or is listed with the reason."""
    variant = _variant(chart, resource)
    if not variant.genes:
        chart.leave(resource, wording(resource.get("code")) or "genetic variant", "no gene is named")
    fused = len(variant.genes) > 1 and "negative" not in variant.words
    for label, gene in variant.genes:
        said = " ".join([label, *sorted(variant.names), *(f"({word})" for word in sorted(variant.words))])
        if gene is None:
            chart.leave(resource, said, _NO_GENE, chart.codes.named_in(label), on)
            continue
        value, why = _value(chart, gene, variant, fused)
        if value is None:
            chart.leave(resource, said, why, (gene.fact,) if _open(chart, gene, variant) else (), on)
        else:
            chart.state(gene.fact, value, resource, said, on)


def _open(chart: Chart, gene: Meaning, variant: Variant) -> bool:
    """Whether a variant that stands for no value leaves the gene open. One that was understood and decides nothing (a harmless one) does not."""
    words = variant.words
    if {"positive", "negative"} <= words or not words & {"positive", "negative"}:
        return True
    inherited = _INHERITED in chart.codes.facts[gene.fact].values
    return inherited and "negative" not in words and not words & {"benign", "likely-benign", "uncertain"}


def _variant(chart: Chart, resource: Node) -> Variant:
    variant = Variant(words=set(finding(resource, chart.codes).words))
    for concept in [*nodes(resource.get("interpretation")), node(resource.get("method"))]:
        variant.words |= {meaning.word for meaning in chart.meanings(concept) if meaning.word}
    for part in nodes(resource.get("component")):
        roles = {meaning.role for meaning in chart.meanings(part.get("code"))}
        if "gene" in roles:
            variant.genes.append(_gene(chart, part))
        elif "variant-member" in roles:
            found = finding(part, chart.codes)
            variant.words |= found.words
        elif "variant-name" in roles:
            named = finding(part, chart.codes)
            listed = codings(part.get("valueCodeableConcept"))
            variant.names += [coding.display or coding.code for coding in listed] or [named.said]
    return variant


def _gene(chart: Chart, part: Node) -> tuple[str, Meaning | None]:
    """The gene of a component, by its code or its symbol; a quantity may carry the code (old mCODE writers)."""
    concept = node(part.get("valueCodeableConcept")) or node(part.get("valueQuantity"))
    symbol = text(part.get("valueString")) or wording(concept) or "gene without a name"
    for meaning in chart.meanings(concept):
        if meaning.role == "gene" and meaning.fact:
            return meaning.fact, meaning
    found = chart.codes.phrases.get(normal(symbol))
    return symbol, found if found is not None and found.role == "gene" else None


def _value(chart: Chart, gene: Meaning, variant: Variant, fused: bool) -> tuple[str | None, str]:
    """The fact's value that a variant stands for, or None and why it stands for none."""
    values, words = chart.codes.facts[gene.fact].values, variant.words
    if {"positive", "negative"} <= words:
        return None, "the result contradicts itself"
    if "negative" in words:
        if gene.only:
            return None, "only some changes of this gene were looked for, or it is not said which"
        return ("wild-type", "") if "wild-type" in values else (None, "not a value of the gene")
    if "positive" not in words:
        return None, "it is not said whether the change was found"
    if words & {"benign", "likely-benign"}:
        return None, "a harmless variant: it decides nothing"
    if _INHERITED in values:
        return _by_origin(words)
    if "uncertain" in words:
        return None, "a variant of uncertain significance"
    if "fusion" in values:
        return ("fusion", "") if fused or "fusion" in words else (None, "found, but not said to be a fusion")
    if "altered" in values:
        return "altered", ""
    if words & {"amplification", "copy-number", "fusion"}:
        return None, "a change of copies or a rearrangement, not a mutation"
    if gene.only and not any(normal(name) in normal(" ".join(variant.names)) for name in gene.only):
        return None, f"only {gene.only[0]} counts, and it is not what was found"
    return "mutated", ""


def _by_origin(words: set[str]) -> tuple[str | None, str]:
    """Genes where an inherited change counts differently from one in the tumour."""
    if "uncertain" in words:
        return "variant-of-uncertain-significance", ""
    if not words & {"pathogenic", "likely-pathogenic"}:
        return None, "it is not said whether the change is harmful"
    if "germline" in words:
        return _INHERITED, ""
    if "somatic" in words:
        return "somatic-pathogenic", ""
    return None, "it is not said whether the change is inherited"
