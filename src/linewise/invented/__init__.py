"""An invented cohort: plausible histories of metastatic breast cancer, with the truth beside the files that a reader gets.

`knowledge/cohort/synthesis.yaml` says what it is made of, and where each choice was published. `draw` makes the people as columns, `coding` finds how
each statement is coded (and proves it by reading it back), `fhir` and `omop` write what a hospital would export.
"""
