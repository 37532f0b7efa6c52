"""What the knowledge base lacks and gets wrong, and what to do about it.

`handling` measures the minutes lost, `questions` collects what ended without support, `gaps` groups it and keeps each
group's state, `drafting` makes an article of the replies people gave; `findings` and `stale` look after what is there.
What a version would change is rehearsed in triage/rehearsal.
"""
