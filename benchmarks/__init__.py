"""What the desk costs beside a bare loop over the same model calls; run by `make bench`."""
