"""By when a customer should have a first reply, and a solution."""

from datetime import datetime, timedelta

from triage.models import Priority

# hours to the first reply and to the resolution, by the calendar
TARGETS = {Priority.URGENT: (1, 8), Priority.HIGH: (4, 24), Priority.NORMAL: (8, 72), Priority.LOW: (24, 120)}


def due(start: datetime, priority: str = Priority.NORMAL) -> tuple[datetime, datetime]:
    """First reply due and resolution due for a demand that started at `start`."""
    first, resolved = TARGETS[Priority(priority)]
    return start + timedelta(hours=first), start + timedelta(hours=resolved)
