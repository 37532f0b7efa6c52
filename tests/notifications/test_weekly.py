"""The weekly figures by mail: on Monday morning where the team is, once a week, to managers who chose them."""

from datetime import UTC, date, datetime, timedelta
from email import policy
from email.parser import BytesParser

import pytest
from sqlmodel import Session, select

from tests.desks import person
from tests.learning.conftest import fill
from tests.notifications.test_leaving import Desk, with_mail
from tests.smtp import Mailbox
from triage.chores import LONG
from triage.clock import CRON
from triage.database import Database
from triage.errors import InputError
from triage.learning import metrics
from triage.learning.metrics import METRICS, Window, wording
from triage.models import Customer, Notice, Role, User, clock_at
from triage.notifications import settings, weekly
from triage.notifications.events import WEEKLY
from triage.settings import Settings
from triage.sla.plan import desk_hours

MONDAY = datetime(2026, 11, 16, 6, 2, tzinfo=UTC)  # two minutes past seven in Amsterdam


def reader(session: Session, name: str = "Marco", role: Role = Role.MANAGER) -> User:
    user = person(session, role, name)
    settings.choose(session, user, WEEKLY, ["mail"])
    return user


def at(desk: Desk, moment: datetime) -> list[str]:
    """What the chore makes at a moment: the keys of the deliveries that are asked for."""
    with clock_at(moment):
        weekly.send_due(desk)  # type: ignore[arg-type]
    return [key for key, _, _ in desk.enqueued]


def test_a_manager_gets_last_week_as_text_and_html_by_smtp(
    database: Database,
    settings: Settings,
    mail_server: tuple[Mailbox, int],
) -> None:
    server, port = mail_server
    desk = Desk(
        database, with_mail(settings.model_copy(update={"public_url": "https://desk.example", "company": "Lark & Field"}), port)
    )
    with clock_at(MONDAY), database.transaction() as session:
        fill(session, MONDAY)
        reader(session)
        person(session, Role.MANAGER, "Nora")  # chose nothing
    with clock_at(MONDAY):
        for _ in range(2):
            weekly.send_due(desk)  # type: ignore[arg-type]
        desk.deliver()
        weekly.send_due(desk)  # type: ignore[arg-type]
        desk.deliver()
    assert len(server.taken) == 1
    mail = BytesParser(policy=policy.default).parsebytes(server.taken[0])
    plain, rich = mail.get_body(("plain",)), mail.get_body(("html",))
    assert (
        plain
        and rich
        and mail["Auto-Submitted"] == "auto-generated"
        and mail["Subject"] == "The week of 9 November to 15 November 2026"
    )
    text, html = plain.get_content(), rich.get_content()
    with clock_at(MONDAY), database.read() as session:
        window = Window.of_days(date(2026, 11, 9), date(2026, 11, 15), desk_hours(session))
        for name in weekly.TILES:
            shown = wording.shown(METRICS[name], metrics.compute(session, name, window))
            assert f"{METRICS[name].title}: {shown}" in text and METRICS[name].title in html and shown in html
        names = [*session.exec(select(Customer.name)), *session.exec(select(Customer.email)), *session.exec(select(User.name))]
    assert "not enough data" in text and "https://desk.example/metrics?days=7" in text and "Most common failures" in html
    assert not any(name in text or name in html for name in names) and "Lark &amp; Field" in html and "<script" not in html


@pytest.mark.parametrize(
    ("moment", "made"),
    [
        (MONDAY, True), (MONDAY - timedelta(minutes=3), False), (MONDAY - timedelta(days=1), False), (MONDAY + timedelta(hours=8), True),
        (MONDAY + timedelta(days=1), True), (MONDAY + timedelta(days=2), False), (datetime(2026, 7, 13, 5, 2, tzinfo=UTC), True), (datetime(2026, 7, 13, 4, 58, tzinfo=UTC), False),
    ],
)  # fmt: skip
def test_the_time_is_monday_morning_where_the_team_is(
    database: Database, settings: Settings, moment: datetime, made: bool
) -> None:
    """After a night in which the desk stood still it comes later, until Tuesday; in summer an hour of UTC earlier."""
    desk = Desk(database, settings)
    with database.transaction() as session:
        reader(session)
    assert bool(at(desk, moment)) is made


def test_once_a_week_whatever_happens(database: Database, settings: Settings) -> None:
    desk = Desk(database, settings)
    with database.transaction() as session:
        user = reader(session)
    first = at(desk, MONDAY)
    assert first == [f"notice-weekly-2026-11-16-{user.id}-1"]
    again = Desk(database, settings)  # the process was killed, another one starts
    assert at(again, MONDAY + timedelta(hours=20)) == []
    assert at(again, MONDAY + timedelta(days=7)) == [f"notice-weekly-2026-11-23-{user.id}-1"]
    with database.read() as session:
        assert len(session.exec(select(Notice)).all()) == 2


def test_only_managers_can_choose_it_and_only_by_mail(database: Database, settings: Settings) -> None:
    desk = Desk(database, settings)
    with database.transaction() as session:
        staff, boss = person(session), reader(session)
        for who, ways in ((staff, ["mail"]), (boss, ["desk"]), (boss, ["webhook"])):
            with pytest.raises(InputError):
                weekly.settings.choose(session, who, WEEKLY, ways)
        boss.role = Role.STAFF
        session.add(boss)
    assert at(desk, MONDAY) == []  # who is no manager any more gets none
    with database.transaction() as session:
        boss = session.get_one(User, boss.id)
        boss.role, boss.disabled_at = Role.ADMIN, MONDAY
        session.add(boss)
    assert at(desk, MONDAY) == []


def test_the_clock_asks_for_it() -> None:
    assert LONG["weekly"] is weekly.send_due and "weekly" in CRON
