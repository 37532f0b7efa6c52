"""What would this break: past tickets drafted again as if a version of an article were published.

The real flow runs, from the guards at the door to the guards on the draft, on a searcher that finds the new passages in
place of the old (knowledge_base/overlay.py). Nothing of it can reach a ticket or a customer: a rehearsal stops where
the flow returns its outcome, its agents read through sessions that keep nothing, and its steps are not recorded.
Before and after are both drafted now, so that what differs comes from the version and from nothing else.

The same for a changed rule of the guards (rule_trial): stored messages and drafts judged by it, without agents or model.
"""
