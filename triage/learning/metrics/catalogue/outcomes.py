"""How episodes end: volume, coverage, resolution, escalation, reopening, satisfaction."""

from sqlalchemy import ColumnElement, and_, exists, not_, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from triage.learning.metrics.dialects import week_after
from triage.learning.metrics.grains import EPISODES
from triage.learning.metrics.metric import MOMENT, WEEK_AGO, Metric
from triage.models import Decision, Draft, Episode, Message, Run, Ticket

_later, _later_ticket = aliased(Episode), aliased(Ticket)

ELIGIBLE: ColumnElement[bool] = col(Episode.eligible).is_(True)
RESOLVED: ColumnElement[bool] = col(Episode.resolved_at).is_not(None)
ESCALATED: ColumnElement[bool] = col(Episode.escalated_at).is_not(None)
OWN_RUN: tuple[ColumnElement[bool], ...] = (
    col(Run.ticket_id) == col(Episode.ticket_id),  # says nothing new, but this column has the index
    col(Run.episode_id) == col(Episode.id),
    col(Run.forked_at).is_(None),
)
INVOLVED: ColumnElement[bool] = and_(ELIGIBLE, exists(select(1).where(*OWN_RUN).correlate(Episode)))
OLD_ENOUGH: ColumnElement[bool] = and_(RESOLVED, col(Episode.resolved_at) <= WEEK_AGO)

_after = (
    col(_later.eligible).is_(True),
    col(_later.started_at) > col(Episode.started_at),
    col(_later.started_at) <= week_after(col(Episode.resolved_at)),
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
SENT_APPROVED: ColumnElement[bool] = exists(
    select(1)
    .select_from(Decision)
    .join(Draft, col(Draft.id) == col(Decision.draft_id))
    .where(
        col(Decision.episode_id) == col(Episode.id),
        col(Decision.kind) == "approve",
        col(Decision.undone_at).is_(None),
        col(Draft.created_by) == "agents",
        col(Draft.kind) == "reply",
    )
    .correlate(Episode)
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
    )
    .correlate(Episode)
)
ASSISTED: ColumnElement[bool] = and_(RESOLVED, SENT_APPROVED, not_(ESCALATED))
DURABLE: ColumnElement[bool] = not_(CAME_BACK)
WAITING: ColumnElement[bool] = and_(
    or_(col(Episode.resolved_at).is_(None), col(Episode.resolved_at) > MOMENT),
    or_(col(Episode.first_reply_at).is_(None), col(Episode.first_reply_at) > MOMENT),
)

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
        "backlog",
        "Backlog",
        "Episodes that at the end of the range were neither answered nor resolved, whenever they started.",
        "count",
        "down",
        EPISODES,
        hit=WAITING,
        where=(ELIGIBLE,),
        statistic="count",
        stock=True,
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
        where=(ELIGIBLE, OLD_ENOUGH),
    ),
    Metric(
        "resolution_lenient",
        "Resolution, assumed",
        "Taken as resolved because the customer stayed silent ÷ episodes the agents worked on.",
        "share",
        "none",
        EPISODES,
        hit=and_(RESOLVED, col(Episode.resolution) == "assumed"),
        where=(INVOLVED,),
    ),
    Metric(
        "resolution_strict",
        "Resolution, verified",
        "Resolved because the customer confirmed it ÷ episodes the agents worked on.",
        "share",
        "up",
        EPISODES,
        hit=and_(RESOLVED, col(Episode.resolution) == "verified"),
        where=(INVOLVED,),
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
        where=(ELIGIBLE, OLD_ENOUGH),
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
        "csat",
        "Customer rating",
        "Mean rating from 1 to 5, over the episodes whose customer rated ÷ resolved episodes.",
        "score",
        "up",
        EPISODES,
        hit=col(Episode.csat).is_not(None),
        where=(ELIGIBLE, RESOLVED),
        statistic="mean",
        columns=(col(Episode.csat),),
    ),
)
