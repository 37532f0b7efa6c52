"""Asking the data: who may, what is asked, what runs, and what the audit log keeps of it.

Whoever may see everybody's figures may ask, and nobody else. A question becomes a query that its asker reads, may change, and
runs; each question and each run is an event of the audit log.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlmodel import Session, col, select

from triage import audit
from triage.accounts import access
from triage.accounts.access import Permission
from triage.asking import exact, guard, known, running, writing
from triage.asking.exact import Exact
from triage.asking.running import Answer
from triage.briefs import AskBrief
from triage.errors import InputError
from triage.guardrails.input import check_input
from triage.models import Category, SavedQuestion, User, now
from triage.sla.plan import desk_hours

if TYPE_CHECKING:
    from triage.office import Desk

LONGEST = 500  # characters of a question
LONGEST_NAME = 80
MOST_SAVED = 100


@dataclass(frozen=True)
class Proposal:
    """A query that waits for its asker's word; `sql` is empty when there is none, and `said` says why.

    `exact` are the metrics that the question names, `nearest` known questions that sound like it, `notes` what went otherwise.
    """

    question: str
    sql: str
    said: str
    model: str
    exact: tuple[Exact, ...] = ()
    nearest: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def propose(desk: "Desk", user: User, question: str) -> Proposal:
    """Turn a question into a query, shown before it runs.

    Raises AccessError, InputError for a question that cannot be asked, and ModelError when no model gave a query.
    """
    question = " ".join(question.split())
    with desk.database.read() as session:
        access.require(access.fresh(session, user), Permission.SEE_FIGURES)
        _check(question)
        brief = _brief(session, question)
    written = writing.write(desk, brief)
    query = written.query
    sql = guard.checked(query.sql, brief.dialect) if query.sql.strip() else ""

    def book(session: Session) -> None:
        audit.append(
            session, "question_asked", actor=user.actor, question=question, sql=sql, model=written.model, prompt=written.prompt,
            trace=written.trace, tokens=written.tokens, cost_usd=written.cost_usd,
        )  # fmt: skip

    desk.database.run_now(book)
    if not sql:
        return Proposal(
            question, "", query.said, written.model, nearest=tuple(known.nearest(question)), notes=tuple(written.degraded)
        )
    with desk.database.read() as session:
        figures = tuple(exact.figures(session, brief, query.metrics))
    return Proposal(question, sql, query.said, written.model, figures, notes=tuple(written.degraded))


def run(desk: "Desk", user: User, sql: str, question: str = "") -> Answer:
    """Run a query as its asker left it. Raises AccessError, and Refused for what may not run or took too long."""
    with desk.database.read() as session:
        access.require(access.fresh(session, user), Permission.SEE_FIGURES)
        zone = desk_hours(session).zone
    try:
        answer = running.run(desk.database, sql, zone)
    except guard.Refused as refusal:
        why = str(refusal)
        desk.database.run_now(
            lambda session: audit.append(
                session, "question_run", actor=user.actor, question=question[:LONGEST], sql=sql[: guard.LONGEST], refused=why
            )
        )
        raise
    desk.database.run_now(
        lambda session: audit.append(
            session, "question_run", actor=user.actor, question=question[:LONGEST], sql=answer.sql, rows=len(answer.rows),
            seconds=round(answer.seconds, 3),
        )
    )  # fmt: skip
    return answer


def _check(question: str) -> None:
    if not question:
        raise InputError("Write a question, such as: " + known.EXAMPLES[0])
    if len(question) > LONGEST:
        raise InputError(f"The question has {len(question):,} characters; say it in {LONGEST}.")
    for verdict in check_input(subject="", body=question, channel="question"):
        if verdict.verdict == "block" or (verdict.rule == "injection" and verdict.verdict == "flag"):
            raise InputError(
                f"This question is not passed on. {verdict.why} Ask plainly what you want to know, or write the query yourself."
            )


def _brief(session: Session, question: str) -> AskBrief:
    categories = session.exec(select(Category).order_by(col(Category.slug))).all()
    return AskBrief(
        question=question, today=desk_hours(session).day_of(now()).isoformat(), dialect=session.get_bind().dialect.name,
        categories={row.slug: row.title for row in categories},
        people=list(session.exec(select(User.name).order_by(col(User.id)))),
    )  # fmt: skip


# ---- kept questions ---------------------------------------------------------------------------------------


def saved(session: Session, user: User) -> list[SavedQuestion]:
    """Every kept question, by name. Raises AccessError."""
    access.require(access.fresh(session, user), Permission.SEE_FIGURES)
    return list(session.exec(select(SavedQuestion).order_by(col(SavedQuestion.name)).limit(MOST_SAVED)))


def save(session: Session, user: User, name: str, question: str, sql: str) -> SavedQuestion:
    """Keep a question with its query under a name; the same name again replaces it. Raises AccessError, InputError, Refused."""
    access.require(access.fresh(session, user), Permission.SEE_FIGURES)
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise InputError(f"Give the question a name of at most {LONGEST_NAME} letters.")
    text = guard.checked(sql, session.get_bind().dialect.name)
    row = session.exec(select(SavedQuestion).where(SavedQuestion.name == name)).first()
    if row is None:
        if len(session.exec(select(SavedQuestion.id)).all()) >= MOST_SAVED:
            raise InputError(f"{MOST_SAVED} questions are kept already; remove one first.")
        row = SavedQuestion(user_id=user.id or 0, name=name)
    row.question, row.sql, row.user_id = question[:LONGEST], text, user.id or 0
    session.add(row)
    session.flush()
    audit.append(session, "question_saved", actor=user.actor, saved=row.id, name=name, sql=text)
    return row


def remove(session: Session, user: User, saved_id: int) -> None:
    """Forget a kept question. Raises AccessError."""
    access.require(access.fresh(session, user), Permission.SEE_FIGURES)
    if row := session.get(SavedQuestion, saved_id):
        session.delete(row)
        audit.append(session, "question_removed", actor=user.actor, saved=saved_id, name=row.name)
