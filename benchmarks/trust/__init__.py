"""How far the desk can be trusted, in figures: `python -m benchmarks.trust [part …]`, or `make bench-trust`.

Each part is a module here with a function `measure(folder)` that reads evaluation sets below `folder` (TRIAGE_DATA)
and yields rows of the table; nothing is reported on what it was fitted on.
"""
