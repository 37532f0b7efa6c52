"""Groups of people that tickets are routed to, and what the desk learnt of its categories."""

from datetime import datetime

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, SQLModel

from .base import json_field, now


class Team(SQLModel, table=True):
    """A group of people, known by its name. `sharing` is how its new tickets are given to them: by hand (empty), turn or load."""

    name: str = Field(primary_key=True)
    sharing: str = ""
    last_given: int | None = None
    created_at: datetime = Field(default_factory=now)


class TeamMember(SQLModel, table=True):
    team: str = Field(foreign_key="team.name", primary_key=True, ondelete="CASCADE")
    user_id: int = Field(foreign_key="user.id", primary_key=True, index=True)


class MatterRoute(SQLModel, table=True):
    """Which group gets tickets of a matter that always goes to a person (triage.guardrails.escalation.MATTERS)."""

    matter: str = Field(primary_key=True)
    team: str = Field(foreign_key="team.name", ondelete="CASCADE")


class CategoryModel(SQLModel, table=True):
    """The fitted classifier of the categories, whole: `data` holds arrays, `report` what it says of itself.

    `learnt_from` names the examples and articles it was fitted on, so that a change is noticed.
    """

    id: int = Field(default=1, primary_key=True)
    learnt_from: str = ""
    data: bytes = Field(default=b"", sa_column=Column(LargeBinary, nullable=False))
    report: dict[str, object] = json_field()
    fitted_at: datetime = Field(default_factory=now)
