"""A year of a desk, made up, with known answers: what every metric has to be, counted while the year is written.

`story` draws what happens to each matter, `rows` writes it to a database, `truth` counts it by its own few rules, which
share nothing with the desk's code. `python -m benchmarks.year` holds every figure of the desk against that.
"""
