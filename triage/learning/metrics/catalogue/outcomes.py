"""How episodes end: volume, coverage, resolution, escalation, reopening, satisfaction."""

from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, not_, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from triage.learning.metrics.dialects import week_after
from triage.learning.metrics.grains import EPISODES, MESSAGES
from triage.learning.metrics.metric import Metric, quarter
from triage.learning.metrics.real import REAL_DRAFT, REAL_RUN
from triage.models import CsatRequest, Decision, Draft, Episode, Message, Run, Ticket

_later, _later_ticket = aliased(Episode), aliased(Ticket)

ELIGIBLE: ColumnElement[bool] = col(Episode.eligible).is_(True)
RESOLVED: ColumnElement[bool] = col(Episode.resolved_at).is_not(None)
ESCALATED: ColumnElement[bool] = col(Episode.escalated_at).is_not(None)
OWN_RUN: tuple[ColumnElement[bool], ...] = (
    col(Run.ticket_id) == col(Episode.ticket_id),  # says nothing new, but this column has the index
    col(Run.episode_id) == col(Episode.id),
    REAL_RUN,
)
INVOLVED: ColumnElement[bool] = and_(ELIGIBLE, exists(select(1).where(*OWN_RUN).correlate(Episode)))
WEEK_LATER: ColumnElement[Any] = week_after(col(Episode.resolved_at))

_after = (
    col(_later.eligible).is_(True),
    col(_later.started_at) > col(Episode.started_at),
    col(_later.started_at) <= WEEK_LATER,
)
CAME_BACK: ColumnElement[bool] = or_(
    exists(select(1).where(col(_later.ticket_id) == col(Episode.ticket_id), *_after).correlate(Episode)),
    exists(
        select(1)
        .select_from(_later_ticket)
        .join(_later, col(_later.ticket_id) == col(_later_ticket.id))
        .where(
            col(_later_ticket.customer_id) == col(Ticket.customer_id),
            col(_later_ticket.id) != col(Ticket.id),
            col(_later.category) == col(Episode.category),
            *_after,
        )
        .correlate(Episode, Ticket)
    ),
)
REOPENED: ColumnElement[bool] = exists(
    select(1).where(col(_later.ticket_id) == col(Episode.ticket_id), col(_later.number) > col(Episode.number)).correlate(Episode)
)


def decided(*how: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a decision of this kind on a draft of this kind stands for the episode."""
    return exists(
        select(1)
        .select_from(Decision)
        .join(Draft, col(Draft.id) == col(Decision.draft_id))
        .where(col(Decision.episode_id) == col(Episode.id), col(Decision.undone_at).is_(None), REAL_DRAFT, *how)
        .correlate(Episode)
    )


APPROVED: ColumnElement[bool] = col(Decision.kind) == "approve"
_BY_AGENTS: ColumnElement[bool] = col(Draft.created_by) == "agents"
SENT_APPROVED = decided(APPROVED, _BY_AGENTS, col(Draft.kind) == "reply")
SENT_DRAFT = decided(APPROVED, _BY_AGENTS)
SENT_OWN: ColumnElement[bool] = and_(decided(APPROVED, col(Draft.created_by) != "agents"), not_(SENT_DRAFT))
NO_REWORK: ColumnElement[bool] = and_(
    decided(APPROVED, _BY_AGENTS, col(Decision.edit_distance) <= 0.4),
    not_(decided(col(Decision.kind).in_(("reject", "request_changes")))),
)
DECIDED: ColumnElement[bool] = exists(select(1).where(col(Decision.episode_id) == col(Episode.id)).correlate(Episode))
WRITTEN: ColumnElement[bool] = exists(
    select(1)
    .where(
        col(Message.ticket_id) == col(Episode.ticket_id),
        col(Message.episode_id) == col(Episode.id),
        col(Message.direction) == "out",
        col(Message.user_id).is_not(None),
    )
    .correlate(Episode)
)
DRAFTED: ColumnElement[bool] = exists(
    select(1)
    .where(
        col(Draft.episode_id) == col(Episode.id),
        col(Draft.created_by) == "agents",
        col(Draft.kind).in_(("reply", "clarify")),
        REAL_DRAFT,
    )
    .correlate(Episode)
)
NOT_ESCALATED: ColumnElement[bool] = not_(ESCALATED)
ASSISTED: ColumnElement[bool] = and_(RESOLVED, SENT_APPROVED, NOT_ESCALATED)
DURABLE: ColumnElement[bool] = not_(CAME_BACK)
LABELLED: ColumnElement[bool] = col(Episode.escalation_label) != ""
ASKED_TO_RATE: ColumnElement[bool] = exists(
    select(1)
    .where(col(CsatRequest.episode_id) == col(Episode.id), col(CsatRequest.status).in_(("sent", "answered")))
    .correlate(Episode)
)
RATED: ColumnElement[bool] = col(Episode.csat).is_not(None)
ANSWERED_AT: ColumnElement[Any] = case(
    (col(Episode.resolved_at) < col(Episode.first_reply_at), col(Episode.resolved_at)),
    else_=func.coalesce(col(Episode.first_reply_at), col(Episode.resolved_at)),
)
"""When an episode stopped waiting: at its first reply, or when it was resolved without one."""


_SOURCES = {"customer": "the customer's last word", "rating": "a rating of 4 or 5", "model": "a second model"}


def _quality(what: str, said: Any, final: Any) -> Metric:
    return Metric(
        f"triage_{what}",
        f"{what.capitalize()} as people have it",
        f"Tickets whose {what} from the agents is the one people left or gave ÷ tickets that the agents triaged and a person decided or corrected.",
        "share",
        "up",
        EPISODES,
        hit=or_(final == "", final == said),
        where=(ELIGIBLE, said != "", or_(final != "", decided())),
    )


def _rating(name: str, title: str, definition: str, *of_whom: ColumnElement[bool]) -> Metric:
    return Metric(
        name,
        title,
        definition,
        "score",
        "up",
        EPISODES,
        hit=RATED,
        where=(ELIGIBLE, RESOLVED, *of_whom),
        statistic="mean",
        columns=(col(Episode.csat),),
    )


def _response(name: str, title: str, definition: str, *of_whom: ColumnElement[bool]) -> Metric:
    where = (ELIGIBLE, RESOLVED, ASKED_TO_RATE, *of_whom)
    return Metric(name, title, definition, "share", "none", EPISODES, hit=RATED, where=where)


METRICS = (
    Metric(
        "volume",
        "New tickets",
        "Episodes that started, without spam, bounces and automatic replies; of everything that arrived.",
        "count",
        "none",
        EPISODES,
        hit=ELIGIBLE,
        statistic="count",
    ),
    Metric(
        "messages",
        "Messages received",
        "Messages that customers wrote, without spam, bounces and automatic replies; of everything that arrived.",
        "count",
        "none",
        MESSAGES,
        hit=ELIGIBLE,
        where=(col(Message.direction) == "in",),
        statistic="count",
        columns=(col(Message.created_at),),
        measure=quarter,
    ),
    Metric(
        "backlog",
        "Backlog",
        "Episodes that at the end of the range were neither answered nor resolved, whenever they started.",
        "count",
        "down",
        EPISODES,
        hit=ELIGIBLE,
        where=(ELIGIBLE,),
        statistic="count",
        until=ANSWERED_AT,
    ),
    Metric(
        "coverage",
        "Coverage",
        "Episodes for which the agents made a sendable draft ÷ eligible episodes (spam and automatic replies are not eligible).",
        "share",
        "up",
        EPISODES,
        hit=DRAFTED,
        where=(ELIGIBLE,),
    ),
    Metric(
        "assisted_resolution",
        "Resolved with an approved draft",
        "Resolved, the sent reply came from an approved draft, and nothing was escalated ÷ episodes the agents worked on.",
        "share",
        "up",
        EPISODES,
        hit=ASSISTED,
        where=(INVOLVED,),
    ),
    Metric(
        "autonomous_resolution",
        "Resolved without a person",
        "Resolved with no human reply or decision ÷ episodes the agents worked on; 0 unless automatic sending is switched on.",
        "share",
        "none",
        EPISODES,
        hit=and_(RESOLVED, col(Episode.first_reply_at).is_not(None), not_(DECIDED), not_(WRITTEN)),
        where=(INVOLVED,),
    ),
    Metric(
        "durable_resolution",
        "Durable resolution",
        "Resolved, and the customer did not come back on the same matter within 7 days ÷ episodes resolved at least 7 days ago.",
        "share",
        "up",
        EPISODES,
        hit=DURABLE,
        where=(ELIGIBLE, RESOLVED),
        ripens=WEEK_LATER,
    ),
    Metric(
        "resolution_lenient",
        "Resolution, assumed",
        "Taken as resolved because the customer stayed silent, and nothing confirmed it later ÷ episodes the agents worked on.",
        "share",
        "none",
        EPISODES,
        hit=and_(RESOLVED, col(Episode.resolution) == "assumed"),
        where=(INVOLVED,),
    ),
    Metric(
        "resolution_strict",
        "Resolution, verified",
        "Resolved, and the customer confirmed it in a message or by a rating of 4 or 5, or a second model judged it settled ÷ episodes the agents worked on.",
        "share",
        "up",
        EPISODES,
        hit=and_(RESOLVED, col(Episode.resolution) == "verified"),
        where=(INVOLVED,),
        breakdowns={"source": col(Episode.confirmed_by)},
        label=lambda source: _SOURCES.get(source, source),
    ),
    Metric(
        "escalation_rate",
        "Escalated",
        "Escalated to people, for whatever reason ÷ episodes the agents worked on.",
        "share",
        "down",
        EPISODES,
        hit=ESCALATED,
        where=(INVOLVED,),
        breakdowns={"reason": col(Episode.escalation_reason)},
        label=lambda reason: reason.replace("_", " "),
    ),
    Metric(
        "first_contact_resolution",
        "First contact resolution",
        "Resolved with one public reply, no transfer and no return within 7 days ÷ episodes resolved at least 7 days ago.",
        "share",
        "up",
        EPISODES,
        hit=and_(col(Episode.replies) == 1, col(Episode.transfers) == 0, not_(CAME_BACK)),
        where=(ELIGIBLE, RESOLVED),
        ripens=WEEK_LATER,
    ),
    Metric(
        "reopen_rate",
        "Reopened",
        "Resolved episodes whose ticket the customer opened again ÷ resolved episodes.",
        "share",
        "down",
        EPISODES,
        hit=REOPENED,
        where=(ELIGIBLE, RESOLVED),
    ),
    Metric(
        "resolved_without_rework",
        "Resolved without rework",
        "Resolved, the sent reply was the agents' draft with at most a light edit, no draft was rejected or sent back, nothing escalated ÷ episodes the agents worked on.",
        "share",
        "up",
        EPISODES,
        hit=and_(RESOLVED, NO_REWORK, NOT_ESCALATED),
        where=(INVOLVED,),
    ),
    Metric(
        "false_escalation",
        "Escalated without need",
        "Escalated tickets that a reviewer calls needless ÷ escalated tickets on which a reviewer said a word.",
        "share",
        "down",
        EPISODES,
        hit=col(Episode.escalation_label) == "false",
        where=(INVOLVED, ESCALATED, LABELLED),
    ),
    Metric(
        "missed_escalation",
        "Escalation missed",
        "Tickets that a reviewer says should have been escalated ÷ tickets not escalated on which a reviewer said a word.",
        "share",
        "down",
        EPISODES,
        hit=col(Episode.escalation_label) == "missed",
        where=(INVOLVED, NOT_ESCALATED, LABELLED),
    ),
    _quality("category", col(Episode.said_category), col(Episode.final_category)),
    _quality("priority", col(Episode.said_priority), col(Episode.final_priority)),
    _quality("route", col(Episode.said_team), col(Episode.final_team)),
    _rating("csat", "Customer rating", "Mean rating from 1 to 5, over the episodes whose customer rated ÷ resolved episodes."),
    _rating(
        "csat_assisted",
        "Rating, with a draft",
        "Mean rating from 1 to 5 where the sent reply was the agents' draft, edited or not ÷ such resolved episodes.",
        SENT_DRAFT,
    ),
    _rating(
        "csat_people",
        "Rating, people alone",
        "Mean rating from 1 to 5 where people wrote the reply themselves ÷ such resolved episodes.",
        SENT_OWN,
    ),
    _response(
        "csat_response",
        "Ratings given",
        "Resolved episodes whose customer rated ÷ resolved episodes whose customer was asked to.",
    ),
    _response(
        "csat_response_assisted",
        "Ratings given, with a draft",
        "Customers who rated ÷ customers who were asked to, where the sent reply was the agents' draft, edited or not.",
        SENT_DRAFT,
    ),
    _response(
        "csat_response_people",
        "Ratings given, people alone",
        "Customers who rated ÷ customers who were asked to, where people wrote the reply themselves.",
        SENT_OWN,
    ),
    *(
        Metric(
            f"ended_{name}",
            f"Ended: {title}",
            f"Eligible episodes that ended so: {title} ÷ eligible episodes; the four ways add up.",
            "share",
            "none",
            EPISODES,
            hit=hit,
            where=(ELIGIBLE,),
        )
        for name, title, hit in (
            ("resolved", "resolved with a draft", ASSISTED),
            ("escalated", "escalated", ESCALATED),
            ("people", "resolved by people", and_(RESOLVED, NOT_ESCALATED, not_(SENT_APPROVED))),
            ("open", "still open", and_(not_(RESOLVED), NOT_ESCALATED)),
        )
    ),
)
