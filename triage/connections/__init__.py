"""Existing APIs as tools, chosen by administrators operation by operation from an OpenAPI document.

openapi     a document as operations, with what stands against each
arguments   an operation's parameters as the closed schema that a model sees
binding     parameters that code fills from the ticket's verified customer
prices      what a call costs, as administrators write it
requests    one call: address, query, body; where it may go and what it carries
tools       the chosen operations as the analyst's tools: read now, or propose to a person
managing    what administrators do: connect, switch on and off, prices, credentials, the action policy

What a tool proposes is decided in triage/proposals.py and carried out by triage/delivery/calls.py only.
"""
