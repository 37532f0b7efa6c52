"""Signals that a reviewer may want of their own work. Nobody is measured who did not ask for it, and whoever asked sees it first.

`consent` is a person's word on it, `reading` which approvals were faster than reading. An exercise is a copy of a ticket with a
known defect in its draft: `making` makes it, `defects` are what is put in, `copies` what it shows, `exercises` how it ends.
"""
