"""Proof that every clause of the knowledge decides something: pairs of records, and mutants that they catch.

`criteria` lists the criteria, their clauses and their mutants; `bench` decides criteria for a profile and varies profiles;
`search` looks for a profile on which criteria have wanted values; `generate` makes the pairs of one criterion; `golden` reads,
writes and compares the files; `standing` does the same for dates, and for what cautions say.
"""
