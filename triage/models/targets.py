"""What customers are promised: versions of the plan, and trials of changed ones."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from .base import json_field, now, text_field


class TargetPlan(SQLModel, table=True):
    """One version of the whole plan (triage.sla.plan.Plan as JSON); the highest number counts."""

    number: int = Field(primary_key=True)
    plan: dict[str, object] = json_field()
    note: str = text_field()
    made_by: int | None = Field(default=None, foreign_key="user.id")
    made_at: datetime = Field(default_factory=now)
