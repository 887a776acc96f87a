"""The third reader: every criterion, and the facts over FHIR R4, as HL7 CQL and as ELM, for engines that are not ours."""
