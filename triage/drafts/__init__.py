"""Drafts while they wait for a person: what they rest on, what changed since, their versions, and what people write themselves."""
