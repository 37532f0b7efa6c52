"""What happens when the process starts and stops."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from sqlmodel import Session

from triage.accounts import demo, links, ratelimit
from triage.database import migrate
from triage.web.site import Site, Start


def lifespan(site: Site, start: Start | None = None) -> Callable[[object], AbstractAsyncContextManager[None]]:
    """The lifespan of the ASGI application.

    Brings the database to the newest schema, prints the set-up link when nobody has an account, then runs
    `start(settings, database)` and closes what it gave at the end. Raises SettingsError when demo mode would be
    reachable from another computer. Without `start`, screens and accounts work, and intake answers 503.
    """

    @asynccontextmanager
    async def running(_app: object) -> AsyncIterator[None]:
        demo.check_address(site.settings, site.address)
        await asyncio.to_thread(migrate, site.database)
        if token := await site.database.run(lambda session: first_steps(site, session)):
            print(welcome(site, token), flush=True)
        if start:
            site.desk = await start(site.settings, site.database)
            print(f"Triage Desk is ready at {site.url}", flush=True)
        try:
            yield
        finally:
            if site.desk:
                await site.desk.close()
                site.desk = None
            site.database.close()

    return running


def first_steps(site: Site, session: Session) -> str:
    """Make the demo people, or a set-up token when nobody has an account yet; returns the token or nothing."""
    ratelimit.forget_old(session)
    if site.settings.demo:
        demo.ensure_people(session)
        return ""
    return links.new_setup(session) if links.needs_setup(session) else ""


def welcome(site: Site, token: str) -> str:
    """What the first start prints."""
    return (
        "\nNobody has an account on this desk yet. Open this link within 24 hours to make the first administrator's;\n"
        f"it works once, and the next start prints a new one:\n\n    {site.url}/setup/{token}\n"
    )
