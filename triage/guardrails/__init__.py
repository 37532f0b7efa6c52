"""What may come in, be done and go out; the only importer of guardrails-ai.

input.check_input       a customer's message, before any agent reads it
escalation              matters that always go to a person
actions.check_action    what the customer wants done: denied unless known to be harmless
output.check_output     a draft, before a person is asked to send it
gate.DeskGate           budgets and breakers around every model call
overview                what the Guardrails screen shows
"""
