"""The API as one application, mounted at /api/v1."""

from collections.abc import Callable

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from triage.api import problems
from triage.api.auth import KeyCheck
from triage.api.docs import reference
from triage.api.tickets import Desk, Enqueue, router
from triage.database import Database
from triage.settings import Settings

ABOUT = (
    "Send customers' messages in and see where their tickets stand. Every request carries a key: "
    "`Authorization: Bearer KEY`. Every error is `application/problem+json` and says what to do."
)


def create(settings: Settings, database: Database, enqueue: Callable[[], Enqueue | None]) -> FastAPI:
    """The application. `enqueue()` gives the way to the agents, or None while the desk is not running (503)."""
    # Its own reference page: the usual ones load their scripts from another host.
    # No spans of its own: recorded runs tell of agents, not of requests.
    app = FastAPI(
        title="Triage Desk API",
        version="1",
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        servers=[{"url": "/api/v1"}],
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    problems.install(app)
    check = KeyCheck(database, settings)
    app.include_router(router(Desk(settings, database, enqueue), check))

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return reference(app.openapi())

    return app
