"""Triage Desk: agents draft, people decide, replies are delivered once.

The flow, one line a stage; triage/desk.py and triage/approval.py read as this does:

    intake       mail, API payload, form or file -> Ticket, once, with its thread, customer and duplicates
    guard(in)    size, injection, hidden text, abuse -> go on, escalate or quarantine
    manager      one typed plan: answer, ask back or escalate; category, priority, questions, searches, risk
    analyst      facts about customer and matter, each with its source
    writer       the draft, every factual sentence with the passages it stands on
    reviewer     approve, or revise with notes, at most twice
    guard(out)   recipient, personal data, promises, links, leaks, language, support; payments and deletions refused
    approval     a person decides exactly what they saw: approve, edit, request changes, reject, escalate
    delivery     the only outside effect: outbox, undo window, SMTP or Maildir, never twice
    learning     what became of it, in numbers that open their tickets
"""

from triage import quiet as quiet  # first: it silences libraries before they are imported
