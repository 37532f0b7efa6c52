"""Whether a matter is confirmed to be settled: by the customer, in so many words or by a good rating, or by a second model."""

from sqlmodel import Session, col, select

from triage.models import Draft, Episode, Message, Sentiment

VERIFIED = "verified"
"""How a matter ended whose customer confirmed it; others are assumed (silence) or closed (by a person)."""


CUSTOMER, RATING, MODEL = "customer", "rating", "model"
"""What confirmed it: the customer's last word, their rating, or a second model (triage.verifying)."""


def confirm(session: Session, episode: Episode, by: str) -> None:
    """What was taken for settled is confirmed afterwards; what the customer says stands above what a model said."""
    said_by_model = episode.resolution == VERIFIED and episode.confirmed_by == MODEL
    if episode.resolved_at is not None and (episode.resolution in ("assumed", "closed") or said_by_model):
        episode.resolution, episode.confirmed_by = VERIFIED, by
        session.add(episode)


def object_to(session: Session, episode: Episode) -> None:
    """The customer is not content: what a model alone called settled is no more than assumed."""
    if episode.resolution == VERIFIED and episode.confirmed_by == MODEL:
        episode.resolution, episode.confirmed_by = "assumed", ""
        session.add(episode)


def all_is_well(session: Session, episode: Episode) -> bool:
    """Whether the customer was answered, and then wrote something kind that asks for nothing, as the agents read it."""
    own = (Message.ticket_id == episode.ticket_id, Message.episode_id == episode.id)
    said = select(Message.id).where(*own, Message.direction == "in").order_by(col(Message.id).desc())
    answered = select(Message.id).where(*own, Message.direction == "out").order_by(col(Message.id))
    last, first_answer = session.exec(said.limit(1)).first(), session.exec(answered.limit(1)).first()
    if last is None or first_answer is None or last < first_answer:
        return False
    read = select(Draft.plan).where(Draft.episode_id == episode.id, Draft.thread_head == last, Draft.created_by == "agents")
    plan = session.exec(read.order_by(col(Draft.version).desc()).limit(1)).first() or {}
    asks = any(plan.get(what) for what in ("questions", "missing", "requested_actions"))
    return plan.get("action") == "answer" and plan.get("sentiment") == Sentiment.POSITIVE and not asks
