"""What the desk costs beside a bare loop over the same model calls; run by `make bench`."""

from triage import quiet as quiet  # first: numpy reads it when it is imported
