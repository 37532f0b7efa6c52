"""What figures are about: real work. The one place that leaves out forks of runs and the copies that reviewers are checked with."""

from typing import Any

from sqlalchemy import ColumnElement, exists, not_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from triage.models import Draft, Run, Ticket

_maker: Any = aliased(Run)

REAL_TICKET: ColumnElement[bool] = col(Ticket.training).is_(False)
REAL_RUN: ColumnElement[bool] = col(Run.forked_at).is_(None)
REAL_DRAFT: ColumnElement[bool] = not_(
    exists(select(1).select_from(_maker).where(_maker.id == col(Draft.run_id), _maker.forked_at.is_not(None)).correlate(Draft))
)
