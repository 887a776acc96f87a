"""From what a hospital exports to the columnar event model: FHIR bulk NDJSON, OMOP CDM, folders of records, Parquet.

The readers of `exchange` say what a resource means; nothing of that is written again here. DuckDB reads the files, and finds the few
thousand different things that the millions of resources say. Each of those is read once, with the person and the days taken out, by the
very reader that reads one person's record; what it said is then joined back to every resource that says the same.
"""

from .run import ingest
from .source import Source

__all__ = ["Source", "ingest"]
