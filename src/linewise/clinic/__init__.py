"""The clinic's face: the same plan inside the systems that teams already use. Thin: it calls the rooms and holds no medicine.

`app` is the server, `hooks` CDS Hooks, `smart` SMART App Launch, `api` REST, `assistant` MCP, `sheet` the page for the meeting, `proposals` options as
FHIR. All of them show what `brief` takes from one plan, so that no two can say different things.
"""
