"""The desk as one process runs it: opened, seeded in demo mode, working, ticking; and closed again."""

import asyncio
import logging

from apscheduler.schedulers.background import BackgroundScheduler
from sqlmodel import Session

from triage.clock import start_clock
from triage.database import Database
from triage.database.engine import check
from triage.demo import greeting, seed
from triage.errors import SettingsError
from triage.guardrails import redacted_logs
from triage.guardrails.input import check_input
from triage.models import Ticket
from triage.office import Desk, open_desk, use
from triage.settings import Settings


class Running:
    """A desk that is at work behind the screens."""

    def __init__(self, desk: Desk, clock: BackgroundScheduler | None) -> None:
        self.desk, self.clock = desk, clock

    def enqueue(self, session: Session, ticket: Ticket) -> None:
        """Have the agents work on a ticket, committed with the caller's transaction."""
        self.desk.start(session, ticket)

    def problems(self) -> list[str]:
        """What keeps the desk from working, a short sentence each; empty when it works."""
        found = []
        if problem := check(self.desk.database):
            found.append(f"The database does not answer: {problem}")
        if self.desk.settings.worker and not self.desk.durable.working:
            found.append("The worker of this process is not running.")
        return found

    async def close(self) -> None:
        """Stop working; what is under way is taken up again at the next start."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        if self.clock:
            self.clock.shutdown(wait=True)
        use(None)
        self.desk.close()


async def start(settings: Settings, database: Database) -> Running:
    """Open the desk off the event loop, so that its agents get a loop of their own."""
    return await asyncio.to_thread(start_now, settings, database)


def start_now(settings: Settings, database: Database | None = None, *, work: bool | None = None) -> Running:
    """Open the desk and start worker and clock, as the settings say or as `work` says.

    Raises SettingsError when another process already works on the same SQLite database.
    """
    for name in redacted_logs.OURS:
        logging.getLogger(name).setLevel(settings.log_level.upper())
    redacted_logs.install()
    desk = open_desk(settings, database=database)
    try:
        works = settings.worker if work is None else work
        if settings.demo:
            seed.seed_company(desk)
        if works:
            check_input(subject="", body="warm up")  # its library takes seconds to import: not at the first ticket
            desk.work()
        came = seed.seed_tickets(desk) if settings.demo else 0
        clock = start_clock(desk) if works else None
        if clock and came:
            greeting.watch(desk, clock)
        return Running(desk, clock)
    except SettingsError:
        desk.close()
        raise
