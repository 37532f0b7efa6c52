"""The parts of the web side, put together once a process."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from sqlmodel import Session
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount, Route

from triage import api
from triage.database import Database, open_database
from triage.models import Ticket
from triage.settings import Settings


class Desk(Protocol):
    """What works behind the screens: the worker and the clock."""

    def enqueue(self, session: Session, ticket: Ticket) -> None:
        """Have the agents work on a ticket, committed with the caller's transaction."""

    def problems(self) -> list[str]:
        """What keeps the desk from working, a short sentence each; empty when it works."""

    async def close(self) -> None:
        """Stop working; what is under way is taken up again at the next start."""


Start = Callable[[Settings, Database], Awaitable[Desk]]


class Site:
    """Settings, database and, once started, the desk behind the routes.

    `address` and `port` are what the server really listens on; `farewell` is what a page's websocket is sent when its
    session has ended, before it is closed.
    """

    def __init__(self, settings: Settings, *, address: str | None = None, port: int | None = None, farewell: bytes = b"") -> None:
        self.settings = settings
        self.database = open_database(settings)
        self.address = address if address is not None else settings.host
        self.port = port or settings.port
        self.farewell = farewell
        self.desk: Desk | None = None

    @property
    def url(self) -> str:
        """The address that people open."""
        if self.settings.public_url:
            return self.settings.public_url.rstrip("/")
        host = "127.0.0.1" if self.address in ("", "0.0.0.0", "::") else self.address
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def https(self) -> bool:
        """Whether people reach the desk by https, so that cookies may demand it."""
        return self.settings.public_url.startswith("https://")

    def enqueue(self) -> Callable[[Session, Ticket], None] | None:
        """How work reaches the agents; None while the desk is not running."""
        return self.desk.enqueue if self.desk else None

    def routes(self) -> list[BaseRoute]:
        """Everything that is not a screen."""
        from triage.web import account, attachments, health, login, rating, rendering, setup

        return [
            Route("/login", login.Login(self).endpoint, methods=["GET", "POST"]),
            Route("/login/demo", login.DemoLogin(self).endpoint, methods=["POST"]),
            Route("/logout", account.Logout(self).endpoint, methods=["GET", "POST"]),
            Route("/account", account.Account(self).endpoint, methods=["GET", "POST"]),
            Route("/setup/{token}", setup.Setup(self).endpoint, methods=["GET", "POST"]),
            Route("/invite/{token}", setup.Invite(self).endpoint, methods=["GET", "POST"]),
            Route("/rate/{link}", rating.Rating(self).endpoint, methods=["GET", "POST"]),
            Route("/attachments/{id:int}", attachments.Download(self).endpoint, methods=["GET"]),
            Route("/article-files/{id:int}", attachments.ArticleDownload(self).endpoint, methods=["GET"]),
            Route("/assets/{name}", rendering.asset, methods=["GET"]),
            Route("/healthz", health.alive, methods=["GET"]),
            Route("/readyz", health.Ready(self).endpoint, methods=["GET"]),
            Mount("/api/v1", app=api.create(self.settings, self.database, self.enqueue)),
        ]

    def middleware(self) -> list[Middleware]:
        """The gate, in front of routes and screens alike; behind it what tells screens where their server is."""
        from triage.web.front import Front
        from triage.web.gate import Gate

        return [Middleware(Gate, site=self), Middleware(Front)]
