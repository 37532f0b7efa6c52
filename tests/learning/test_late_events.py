"""What comes late moves exactly the figures it should: the story is told anew with it, and counted by other rules.

Each event happens twice, to the rows of a counted desk and to the generator's story. Afterwards every figure (whole, by
month, by category, language, channel and person, by reason) has to be that of the other story, whether its day was counted
anew or not; and on the day of the matter nothing but what the event may move has moved.
"""

import copy
import shutil
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlmodel import Session, col

from benchmarks.year import rows, story
from benchmarks.year.checking import check
from benchmarks.year.truth import Truth
from tests.homes import fresh
from triage import models
from triage.database import Database, open_database
from triage.learning.metrics import METRICS, Counts, Figure, Window, rollups
from triage.models import CsatRequest, Ticket, clock_at
from triage.settings import Settings

UNTIL = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
TICKETS = 300

Matter = story.Episode
RESOLUTIONS = {"durable_resolution", "first_contact_resolution", "cost_per_resolution"}
RATINGS = {"csat", "csat_assisted", "csat_people", "csat_response", "csat_response_assisted", "csat_response_people"}
ENDS = {"assisted_resolution", "resolved_without_rework", "escalation_rate"} | {f"ended_{end}" for end in ("resolved", "escalated", "people", "open")}  # fmt: skip


@dataclass(frozen=True)
class Event:
    """Something late: to which matters it can happen, what it does to story and rows, and what may move on their day."""

    may: Callable[[Matter], object]
    do: Callable[[Session, story.Year, Matter], None]
    moves: set[str]


def _row(session: Session, matter: Matter, **changed: Any) -> None:
    session.execute(update(models.Episode).where(col(models.Episode.id) == matter.number).values(**changed))


def _rate(session: Session, year: story.Year, matter: Matter) -> None:
    if not matter.asked:
        session.add(CsatRequest(episode_id=matter.number, ticket_id=matter.ticket, status="answered"))
    matter.csat, matter.asked = 2, True
    _row(session, matter, csat=2)


def _label(session: Session, year: story.Year, matter: Matter) -> None:
    matter.label = {"false": "right", "missed": "right"}.get(matter.label, "false" if matter.escalated else "missed")
    _row(session, matter, escalation_label=matter.label)


def _correct(session: Session, year: story.Year, matter: Matter) -> None:
    matter.final = (
        matter.final[0],
        "low" if matter.final[1] != "low" else "high",
        "Repairs" if matter.final[2] != "Repairs" else "Billing",
    )
    _row(session, matter, final_priority=matter.final[1], final_team=matter.final[2])


def _escalate(session: Session, year: story.Year, matter: Matter) -> None:
    matter.escalated, matter.reason = UNTIL - timedelta(hours=1), "customer_request"
    _row(session, matter, escalated_at=matter.escalated, escalation_reason=matter.reason)


def _come_back(how: str) -> Callable[[Session, story.Year, Matter], None]:
    def do(session: Session, year: story.Year, matter: Matter) -> None:
        assert matter.resolved
        gap, again = timedelta(days=9) if how == "later" else timedelta(days=6, hours=23), how in ("ticket", "later")
        category = matter.category if how != "elsewhere" else story.CATEGORIES[story.CATEGORIES.index(matter.category) - 1]
        matter.returned = how
        after = Matter(
            number=len(year.episodes) + 1, started=matter.resolved + gap, ticket=matter.ticket if again else 10_000 + matter.number,
            customer=matter.customer, category=category, language=matter.language, channel=matter.channel, ordinal=2 if again else 1,
        )  # fmt: skip
        year.episodes.append(after)
        made = rows.Rows(story.Year([after], []))
        if not again:
            session.add_all(Ticket(**row) for row in made.tickets())
            session.flush()
        session.add_all(models.Episode(**row) for row in made.episodes())
        session.add_all(models.Message(**row) for row in made.messages())

    return do


def _settled(matter: Matter) -> bool:
    """Resolved long enough ago for its customer to come back late, who has not done so."""
    return bool(
        matter.eligible and not matter.training and matter.ordinal == 1 and not matter.returned
        and matter.resolved and matter.resolved + timedelta(days=9) < UNTIL - timedelta(days=1)
    )  # fmt: skip


EVENTS = {
    "rating": Event(lambda m: m.eligible and m.resolved and m.csat is None, _rate, RATINGS),
    "label": Event(lambda m: m.eligible and m.runs, _label, {"false_escalation", "missed_escalation"}),
    "correction": Event(lambda m: m.runs, _correct, {"triage_priority", "triage_route"}),
    "escalation": Event(lambda m: m.eligible and not m.escalated, _escalate, ENDS | {"false_escalation", "missed_escalation"}),
    "reopening": Event(_settled, _come_back("ticket"), RESOLUTIONS | {"reopen_rate"}),
    "reopening after a week": Event(_settled, _come_back("later"), {"reopen_rate"}),
    "return": Event(_settled, _come_back("other"), RESOLUTIONS),
    "return on another matter": Event(_settled, _come_back("elsewhere"), set()),
}


@pytest.fixture(scope="module")
def year() -> story.Year:
    return story.tell(TICKETS, UNTIL)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, year: story.Year) -> Path:
    """The year in a counted database, to copy."""
    home = tmp_path_factory.mktemp("late")
    database = fresh(Settings(home=home))
    with clock_at(UNTIL):
        rows.write(database, year)
        rollups.refresh(database)
    database.close()
    return home / "triage.db"


@given(
    happened=st.lists(
        st.tuples(st.sampled_from(sorted(EVENTS)), st.integers(0, TICKETS - 1), st.booleans()), min_size=1, max_size=5
    )
)
@settings(
    max_examples=5,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_what_comes_late_moves_exactly_what_it_should(
    template: Path, year: story.Year, tmp_path: Path, happened: list[tuple[str, int, bool]]
) -> None:
    shutil.copy(template, tmp_path / "triage.db")
    database = open_database(Settings(home=tmp_path))
    try:
        with clock_at(UNTIL):
            _follow(database, _copied(year), happened)
    finally:
        database.close()


def test_every_event_moves_its_figures_and_no_other(template: Path, year: story.Year, tmp_path: Path) -> None:
    """Each several times; and each moves something, unless it is to move nothing."""
    shutil.copy(template, tmp_path / "triage.db")
    database = open_database(Settings(home=tmp_path))
    try:
        with clock_at(UNTIL):
            moved = _follow(database, _copied(year), [(name, place, False) for name in EVENTS for place in range(0, TICKETS, 75)])
        assert {name: bool(names) for name, names in moved.items()} == {name: bool(event.moves) for name, event in EVENTS.items()}
    finally:
        database.close()


def _copied(year: story.Year) -> story.Year:
    return story.Year([copy.copy(matter) for matter in year.episodes], year.openings)


def _follow(database: Database, year: story.Year, happened: list[tuple[str, int, bool]]) -> dict[str, set[str]]:
    """Let it all come, holding each against what it may move, and all of it against the story; what each event moved."""
    moved: dict[str, set[str]] = defaultdict(set)
    for name, place, recount in happened:
        event = EVENTS[name]
        matter = next((m for m in (*year.episodes[place:], *year.episodes[:place]) if event.may(m)), None)
        if matter is None:
            continue
        before = _of_day(database, matter)
        with database.transaction() as session:
            event.do(session, year, matter)
        after = _of_day(database, matter)
        changed = {metric for metric in METRICS if before[metric] != after[metric]}
        assert changed <= event.moves, (name, matter)
        moved[name] |= changed
        if recount:
            rollups.refresh(database)
    truth = Truth(year, UNTIL)
    for refreshed in (False, True):
        if refreshed:
            rollups.refresh(database)
        with database.read() as session:
            assert {row.metric.name: row.wrong for row in check(session, truth) if row.wrong} == {}
    return moved


def _of_day(database: Database, matter: Matter) -> dict[str, Figure]:
    """Every figure of the day on which a matter started, without those whose cases it does not share."""
    with database.read() as session:
        counts = Counts(session)
        day = counts.hours.day_of(matter.started)
        return {name: counts.compute(name, Window.of_days(day, day, counts.hours)) for name in METRICS}
