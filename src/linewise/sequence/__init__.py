"""What may follow what: the options now, and for each what the knowledge offers if the cancer has grown on it, at most three lines ahead.

    sequence = make_sequence(record, knowledge, day, region)

Each step is the plan itself, made again for the record with that line added. Nothing else is foretold, and no times are joined.
"""

from .make import make_sequence
from .model import Sequence

__all__ = ["Sequence", "make_sequence"]
