"""The gate in front of everything: pure ASGI, so that it holds for pages, files, uploads and websockets alike.

A path is open only when it is named here. Everything else needs a session that the database confirms now.
"""

import asyncio
import re
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request, cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from triage.accounts import sessions
from triage.errors import SignedOut
from triage.web import headers as secure_headers
from triage.web import origins, prometheus
from triage.web.identity import USER_HEADER, Identity, current_session_id
from triage.web.site import Site

_OPEN = re.compile(
    r"/login|/login/demo|/logout|/(setup|invite|rate)/[^/]+|/assets/[^/]+|/healthz|/readyz|/api/v1(/.*)?|/_stcore/health|"
    r"/static/(js|css|media)/[^/]+|/favicon\.(ico|png)"
)
# These never look at the session: the API has its own keys, the rest is the same for everyone.
_BLIND = re.compile(
    r"/assets/[^/]+|/healthz|/readyz|/api/v1(/.*)?|/_stcore/health|/static/(js|css|media)/[^/]+|/favicon\.(ico|png)"
)
_NOT_PAGES = ("/_stcore/", "/media/", "/component/", "/app/static/")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Gate:
    """Wraps the whole application."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self.app, self.site = app, site
        self._prometheus = prometheus.Prometheus(site)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = _without_our_headers(scope)
            await self._http(scope, receive, self._secured(scope, send))
        elif scope["type"] == "websocket":
            await self._websocket(_without_our_headers(scope), receive, send)
        else:
            await self.app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, headers = scope["path"], Headers(scope=scope)
        answer: Response | None = None
        if not origins.host_allowed(headers, self.site.settings):
            answer = PlainTextResponse("This desk does not go by that name. Open it at the address it printed.", 421)
        elif _crooked(path):
            answer = PlainTextResponse("There is nothing at this address.", 404)
        elif _BLIND.fullmatch(path):
            pass
        elif scope["method"] not in _SAFE and not origins.origin_allowed(headers, self.site.settings):
            answer = PlainTextResponse("Refused: this was sent from another site. Open the desk itself and try again.", 403)
        elif prometheus.is_scrape(scope, headers, local=self.site.settings.metrics_loopback):
            answer = await self._prometheus.endpoint(Request(scope, receive))
        else:
            identity = await self.identity(headers)
            scope = _with_identity(scope, identity)
            if not identity and not _OPEN.fullmatch(path):
                answer = _sign_in_first(scope)
        await (answer or self.app)(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        settings = self.site.settings
        fits = origins.host_allowed(headers, settings) and origins.origin_allowed(headers, settings)
        identity = await self.identity(headers) if fits and not _crooked(scope["path"]) else None
        if not identity:
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": "sign in first"})
            return

        async def checked() -> Message:
            """Every word from a page is heard only while its session lives, also in a page that was opened before."""
            message = await receive()
            if message["type"] == "websocket.receive" and not await self.identity(headers):
                if self.site.farewell:
                    await send({"type": "websocket.send", "bytes": self.site.farewell})
                await send({"type": "websocket.close", "code": 1008, "reason": "signed out"})
                return {"type": "websocket.disconnect", "code": 1008}
            return message

        await self.app(_with_identity(scope, identity), checked, send)

    async def identity(self, headers: Headers) -> Identity | None:
        """Who the cookie stands for, by the database; a session in use is prolonged."""
        value = current_session_id(cookie_parser(headers.get("cookie", "")))
        if not value:
            return None
        return await asyncio.to_thread(self._identity_now, value)

    def _identity_now(self, value: str) -> Identity | None:
        with self.site.database.read() as session:
            try:
                found = sessions.find(session, value, self.site.settings)
            except SignedOut:
                return None
        if sessions.due_for_touch(found.session):
            with self.site.database.transaction() as session:
                sessions.touch(session, found.session.id)
        user = found.user
        return Identity(found.session.id, found.session.csrf, user.id or 0, user.name, user.email, user.role, user.demo)

    def _secured(self, scope: Scope, send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                secure_headers.secure(MutableHeaders(scope=message), scope["path"], https=self.site.https)
            await send(message)

        return sending


def _sign_in_first(scope: Scope) -> Response:
    """Pages lead to the sign-in page and back; what a page fetches by itself just fails."""
    path = scope["path"]
    if scope["method"] not in ("GET", "HEAD") or path.startswith(_NOT_PAGES):
        return PlainTextResponse("You are not signed in; open the desk again and sign in.", 401)
    query = scope["query_string"].decode("latin-1")
    target = origins.safe_next(quote(path) + (f"?{query}" if query else ""))
    where = "/login" if target == "/" else f"/login?next={quote(target, safe='')}"
    return RedirectResponse(where, 303, headers={"Cache-Control": "no-store"})


def _crooked(path: str) -> bool:
    """Paths that two readers could understand in two ways."""
    return "\\" in path or "//" in path or "\x00" in path or any(part in (".", "..") for part in path.split("/"))


def _without_our_headers(scope: Scope) -> Scope:
    """Only the gate writes X-Triage headers; what a client sends under that name is dropped."""
    kept = [(name, value) for name, value in scope["headers"] if not name.lower().replace(b"_", b"-").startswith(b"x-triage-")]
    return {**scope, "headers": kept}


def _with_identity(scope: Scope, identity: Identity | None) -> Scope:
    if not identity:
        return scope
    headers = [*scope["headers"], (USER_HEADER, str(identity.user_id).encode())]
    return {**scope, "headers": headers, "triage.identity": identity}
