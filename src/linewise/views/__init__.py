"""SQL-on-FHIR v2: what a view says, as one SELECT that DuckDB runs over FHIR resources.

`fhirpath` parses the paths of a view, `sql` turns a path into an expression, `view` a ViewDefinition into a query, `run` runs it over the files
of an export. `definitions` holds the views of the bulk reader: they say which members of a resource are looked at.
The specification is that of HL7, https://build.fhir.org/ig/FHIR/sql-on-fhir-v2/.
"""
