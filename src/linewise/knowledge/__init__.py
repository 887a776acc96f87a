"""The medicine as typed objects: loaded from `knowledge/`, checked, compiled. Holds none of it in code.

knowledge = open_knowledge()
knowledge.treatments["…"], knowledge.drugs["…"], knowledge.vocabulary
"""

from .book import Knowledge
from .store import folder, open_knowledge

__all__ = ["Knowledge", "folder", "open_knowledge"]
