from triage import quiet as quiet  # first: it silences libraries before they are imported
