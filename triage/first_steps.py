"""The beginning: what a new desk still lacks, and who has seen the tour."""

from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from triage import audit
from triage.accounts import access
from triage.models import Article, Ticket, User
from triage.settings import Settings

_TOURED = "toured"  # in a person's preferences


@dataclass(frozen=True)
class FirstSteps:
    """Which of the first steps are done: articles to stand on, tickets, colleagues, a way out for mail, a model service."""

    articles: bool
    tickets: bool
    people: bool
    mail: bool
    model: bool


def first_steps(session: Session, settings: Settings) -> FirstSteps:
    """How far this desk is set up."""
    people = session.exec(select(func.count()).select_from(User).where(col(User.disabled_at).is_(None))).one()
    return FirstSteps(
        articles=session.exec(select(Article.id).limit(1)).first() is not None,
        tickets=session.exec(select(Ticket.id).limit(1)).first() is not None,
        people=people > 1,
        mail=bool(settings.smtp_host),
        model=bool(settings.openai_api_key.get_secret_value()),
    )


def tour_is_due(user: User) -> bool:
    """Whether this person has neither finished nor skipped the tour."""
    return not user.preferences.get(_TOURED)


def end_tour(session: Session, user: User) -> None:
    """Never show it by itself again. Raises AccessError when the account is gone."""
    person = access.fresh(session, user)
    if tour_is_due(person):
        person.preferences = {**person.preferences, _TOURED: True}
        session.add(person)
        audit.append(session, "tour_ended", actor=person.actor, user_id=person.id)
