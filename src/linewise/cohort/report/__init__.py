"""Answers about a cohort, as tables and as one self-contained page with its pictures. Nothing in them identifies a person."""
