"""Reports over many people: one question a module. `columns` decides, `bulk` reads; here the answers are counted, drawn and written.

Small counts are hidden (`report/cells.py`). Nothing here knows a drug, a gene or a threshold.
"""
