"""Text taken apart: words, dates, terms, headings and statements, and what the words around a place do to it. Knows no fact."""
