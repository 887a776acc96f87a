"""Criteria: parse, decide in three values, explain. Knows no medicine and no record.

    node = parse("a is high and not had some-drug")       a tree, or a CriterionError that names line and column
    problems = check(node, vocabulary, where)             what is wrong with it, given the names that exist
    decider = Decider(vocabulary, subject)                one person on one day
    decider.value(node), decider.explain(node), decider.open(node), decider.needed(node)

The same criteria over a table, many people at once: `linewise.logic.columns`, which needs polars and is therefore
imported on its own. A further reader walks the tree with what `linewise.logic.nodes` offers.
"""

from .check import check, check_definitions
from .decide import Decider, Subject
from .explain import UNKNOWN, Explanation, Need, Reading, Value
from .nodes import Node, Question, Within, children, subject, subjects, walk
from .parse import parse
from .vocabulary import Derivation, FactType, Kind, Vocabulary
from .where import CriterionError, Problem, Where

__all__ = [
    "UNKNOWN",
    "CriterionError",
    "Decider",
    "Derivation",
    "Explanation",
    "FactType",
    "Kind",
    "Need",
    "Node",
    "Problem",
    "Question",
    "Reading",
    "Subject",
    "Value",
    "Vocabulary",
    "Where",
    "Within",
    "check",
    "check_definitions",
    "children",
    "parse",
    "subject",
    "subjects",
    "walk",
]
