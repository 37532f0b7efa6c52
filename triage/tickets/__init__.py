"""Tickets as people read and change them: the queue, the view of one, and what is done with it beside deciding its draft."""
