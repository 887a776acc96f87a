"""The same criteria over many people at once: records as columns, decided by the very trees that answer one person.

    events = read_events(folder)                         the columnar event model: one row an entry, course, administration
    table = answers(events, knowledge, day, "EU")        all options for everybody

Needs the extra `cohort` (Polars, DuckDB, NumPy). Nothing here knows a drug, a gene or a threshold.
"""
