"""What customers are promised, and the clocks that run against it.

hours       business time: adding it and measuring it
plan        targets, hours and steps as managers set them
clocks      the clocks of one ticket: start, pause, stop, due times
watching    warnings, breaches and what follows, by the clock
editing     another plan: tried, switched on, taken back; open tickets follow
"""
