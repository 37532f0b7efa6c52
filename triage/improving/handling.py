"""How long people work on a demand, and how much of it was lost for want of knowledge."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlmodel import Session, col, select

from triage.models import Decision, Draft

_ENOUGH = 5  # answered episodes it takes to speak of what is usual


@dataclass(frozen=True)
class Handling:
    """Minutes that people worked on each episode, and what an ordinarily answered one takes."""

    minutes: dict[int, float]
    usual: float

    def lost(self, episode: int) -> float | None:
        """Minutes lost on an episode: its handling time beyond the usual one, at least 0; None while nobody handled it.

        Handling time is the sum of the active review seconds of all decisions of the episode (the "approval latency" of
        the metrics' definitions: "draft ready → decision; and active review seconds"), be it on the agents' drafts or on
        what people wrote themselves. The usual one is the median over episodes whose agents' draft was approved and that
        show no sign of missing knowledge; with fewer than five of them nothing is taken off.
        """
        worked = self.minutes.get(episode)
        return None if worked is None else max(0.0, worked - self.usual)


def measure(session: Session, since: datetime, *, without_support: Collection[int]) -> Handling:
    """The handling times of episodes with a decision since then; those `without_support` are not what is usual."""
    seconds: dict[int, float] = defaultdict(float)
    answered: set[int] = set()
    rows = session.exec(
        select(Decision.episode_id, Decision.kind, Decision.active_seconds, Draft.created_by)
        .join(Draft, col(Draft.id) == Decision.draft_id)
        .where(Decision.created_at >= since, col(Decision.undone_at).is_(None))
    )
    for episode, kind, active, author in rows:
        if active is not None:
            seconds[episode] += active
        if kind == "approve" and author == "agents":
            answered.add(episode)
    minutes = {episode: spent / 60 for episode, spent in seconds.items()}
    ordinary = [minutes[episode] for episode in answered - set(without_support) if episode in minutes]
    return Handling(minutes, median(ordinary) if len(ordinary) >= _ENOUGH else 0.0)
