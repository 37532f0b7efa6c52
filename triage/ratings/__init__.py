"""Asking customers how it went: a mail once for each matter, a page behind its link, and what follows from the answer."""

from .answering import LOW, Standing, answer, look_at, stop
from .asking import ask, plan
from .mailing import sent, stopped, take

__all__ = ["LOW", "Standing", "answer", "ask", "look_at", "plan", "sent", "stop", "stopped", "take"]
