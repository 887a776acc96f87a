"""Linewise: which treatments of metastatic breast cancer fit one person, why, and what to ask next."""

__version__ = "0.1.0"
