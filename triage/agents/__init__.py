"""The crew: manager, analyst, writer and reviewer, over one small loop that knows nothing of support."""
