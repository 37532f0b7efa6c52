"""How long things take, on the calendar and in business hours, and whether targets are met."""

from typing import Any

from sqlalchemy import ColumnElement, and_, case, or_
from sqlmodel import col

from triage.learning.metrics.catalogue.outcomes import ELIGIBLE, RESOLVED, SENT_DRAFT, SENT_OWN
from triage.learning.metrics.grains import DECISIONS, DRAFTS, EPISODES
from triage.learning.metrics.metric import Measure, Metric, business, calendar
from triage.models import Decision, Draft, Episode

REPLIED: ColumnElement[bool] = col(Episode.first_reply_at).is_not(None)
KEPT: ColumnElement[bool] = col(Decision.undone_at).is_(None)
_reply = (col(Episode.started_at), col(Episode.first_reply_at))
_resolution = (col(Episode.started_at), col(Episode.resolved_at))


def _time(name: str, title: str, definition: str, hit: ColumnElement[bool], columns: tuple[Any, ...], clock: Measure) -> Metric:
    return Metric(
        name,
        title,
        definition,
        "seconds",
        "down",
        EPISODES,
        hit=hit,
        where=(ELIGIBLE,),
        statistic="median",
        columns=columns,
        measure=clock,
    )


def _target(name: str, title: str, definition: str, reached: Any, due: Any) -> Metric:
    at, target = col(reached), col(due)
    return Metric(
        name,
        title,
        definition,
        "share",
        "up",
        EPISODES,
        hit=and_(at.is_not(None), at <= target),
        where=(ELIGIBLE, target.is_not(None)),
        ripens=case((at.is_(None), target)),
    )


METRICS = (
    _time(
        "first_reply_time",
        "First reply, median",
        "First message → first reply that a person approved, on the calendar; acknowledgements do not count.",
        REPLIED,
        _reply,
        calendar,
    ),
    _time(
        "first_reply_business",
        "First reply, business hours",
        "First message → first reply that a person approved, counting only business hours.",
        REPLIED,
        _reply,
        business,
    ),
    _time(
        "first_reply_people",
        "First reply, people alone",
        "First reply in business hours where people wrote the reply themselves: the baseline without drafts.",
        and_(REPLIED, SENT_OWN),
        _reply,
        business,
    ),
    _time(
        "first_reply_assisted",
        "First reply, with a draft",
        "First reply in business hours where the sent reply was the agents' draft, edited or not.",
        and_(REPLIED, SENT_DRAFT),
        _reply,
        business,
    ),
    _time("resolution_time", "Resolution, median", "First message → resolved, on the calendar.", RESOLVED, _resolution, calendar),
    _time(
        "resolution_business",
        "Resolution, business hours",
        "First message → resolved, counting only business hours.",
        RESOLVED,
        _resolution,
        business,
    ),
    _time(
        "resolution_people",
        "Resolution, people alone",
        "First message → resolved in business hours where people wrote the reply themselves: the baseline without drafts.",
        and_(RESOLVED, SENT_OWN),
        _resolution,
        business,
    ),
    _time(
        "resolution_assisted",
        "Resolution, with a draft",
        "First message → resolved in business hours where the sent reply was the agents' draft, edited or not.",
        and_(RESOLVED, SENT_DRAFT),
        _resolution,
        business,
    ),
    Metric(
        "approval_latency",
        "Approval step, median",
        "Draft ready → decision, on the calendar, for every decision that stood.",
        "seconds",
        "down",
        DECISIONS,
        hit=KEPT,
        statistic="median",
        columns=(col(Draft.created_at), col(Decision.created_at)),
        measure=calendar,
    ),
    Metric(
        "review_seconds",
        "Active review, median",
        "Seconds a person actively looked at the draft before deciding; of everybody together, never of one person.",
        "seconds",
        "none",
        DECISIONS,
        hit=col(Decision.active_seconds).is_not(None),
        where=(KEPT,),
        statistic="median",
        columns=(col(Decision.active_seconds),),
        collective=True,
    ),
    _target(
        "sla_first_reply",
        "First reply inside target",
        "First reply before its target, in the group's business hours and without pauses ÷ episodes with a target that were answered or whose target has passed.",
        Episode.first_reply_at,
        Episode.first_reply_due,
    ),
    Metric(
        "sla_next_reply",
        "Further replies inside target",
        "Episodes in which every further answer came before its target ÷ episodes in which the customer had to be answered again.",
        "share",
        "up",
        EPISODES,
        hit=col(Episode.next_late) == 0,
        where=(ELIGIBLE, col(Episode.next_replies) > 0),
    ),
    _target(
        "sla_resolution",
        "Resolution inside target",
        "Resolved before its target, without the time that the customer was waited for ÷ episodes with a target that were resolved or whose target has passed.",
        Episode.resolved_at,
        Episode.resolve_due,
    ),
    Metric(
        "sla_approval",
        "Drafts decided inside target",
        "Decided before the target for a waiting draft ÷ drafts with a target that were decided, or wait past it.",
        "share",
        "up",
        DRAFTS,
        hit=and_(col(Decision.id).is_not(None), col(Decision.created_at) <= col(Draft.decide_due)),
        where=(col(Draft.decide_due).is_not(None), or_(col(Decision.id).is_not(None), col(Draft.status) == "waiting")),
        ripens=case((col(Decision.id).is_(None), col(Draft.decide_due))),
    ),
)
