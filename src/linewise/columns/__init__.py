"""Record and plan for many people at once: the same rules over tables, decided by the very trees that answer one person.

    events.read(folder)                         the columnar event model: one row an entry, course, administration
    Matrix(events, knowledge, day, "EU")        all options for everybody

Needs the extra `cohort` (Polars, DuckDB, NumPy). Nothing here knows a drug, a gene or a threshold.
"""
