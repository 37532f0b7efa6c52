"""Signing in: by address and password, or with one click in demo mode."""

import asyncio

from sqlmodel import Session, select
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from triage import audit
from triage.accounts import cookies, demo, passwords, ratelimit, sessions, users
from triage.accounts.demo import is_loopback
from triage.accounts.ratelimit import Brake
from triage.errors import AccessError, InputError
from triage.models import User
from triage.web import identity, origins
from triage.web.rendering import form, page
from triage.web.site import Site


class TooMany(AccessError):
    """Too many attempts; says how long to wait."""

    def __init__(self, seconds: float) -> None:
        minutes = max(1, round(seconds / 60))
        super().__init__(f"Too many attempts. Wait {minutes} minute{'s' if minutes > 1 else ''}, then try again.")
        self.seconds = int(seconds) + 1


class Login:
    """GET shows the form, POST signs in."""

    def __init__(self, site: Site) -> None:
        self.site = site

    async def endpoint(self, request: Request) -> Response:
        if request.method != "POST":
            target = origins.safe_next(request.query_params.get("next"))
            if identity.of(request.scope):
                return RedirectResponse(target, 303, headers={"Cache-Control": "no-store"})
            return login_page(request, self.site, target=target)
        fields: dict[str, str] = {}
        try:
            fields = await form(request, self.site)
            cookie = await asyncio.to_thread(self._sign_in, request, fields.get("email", ""), fields.get("password", ""))
        except TooMany as error:
            response = self._again(request, fields, str(error), 429)
            response.headers["Retry-After"] = str(error.seconds)
            return response
        except (InputError, AccessError) as error:
            return self._again(request, fields, str(error), 400 if isinstance(error, InputError) or not fields else 401)
        return signed_in(self.site, cookie, fields.get("next"))

    def _again(self, request: Request, fields: dict[str, str], error: str, status: int) -> Response:
        target = origins.safe_next(fields.get("next"))
        return login_page(request, self.site, status, error=error, email=fields.get("email", "")[:254], target=target)

    def _sign_in(self, request: Request, email: str, password: str) -> str:
        """The cookie of a new session. The slow hash is worked out with no transaction open."""
        database, brakes = self.site.database, ratelimit.brakes(address_of(request), email)
        brake(self.site, brakes)
        with database.read() as session:
            user = session.exec(select(User).where(User.email == email.strip().lower())).first()
        try:
            user = users.check_sign_in(user, password)
        except AccessError:
            with database.transaction() as session:
                audit.append(
                    session, "sign_in_refused", actor="system", address=address_of(request), user_id=user.id if user else None
                )
            raise
        renewed = passwords.hashed(password) if passwords.outdated(user.password_hash or "") else None
        with database.transaction() as session:
            return self._begin(session, request, user.id or 0, brakes, renewed)

    def _begin(self, session: Session, request: Request, user_id: int, brakes: list[Brake], renewed: str | None) -> str:
        user = session.get_one(User, user_id)
        if user.disabled_at:
            raise AccessError("The address or the password is not right.")
        user.password_hash = renewed or user.password_hash
        session.add(user)
        ratelimit.succeeded(session, brakes)
        return begin(session, request, self.site, user)


class DemoLogin:
    """POST /login/demo signs in as one of the demo people, on this computer only."""

    def __init__(self, site: Site) -> None:
        self.site = site

    async def endpoint(self, request: Request) -> Response:
        try:
            fields = await form(request, self.site)
            cookie = await self.site.database.run(lambda session: self._sign_in(session, request, fields.get("role", "")))
        except (InputError, AccessError) as error:
            return login_page(request, self.site, 403, error=str(error))
        return signed_in(self.site, cookie, fields.get("next"))

    def _sign_in(self, session: Session, request: Request, role: str) -> str:
        if not is_loopback(address_of(request)) or not is_loopback(request.url.hostname or ""):
            raise AccessError("Demo accounts only work on the computer that the desk runs on.")
        return begin(session, request, self.site, demo.person(session, role, self.site.settings))


def begin(session: Session, request: Request, site: Site, user: User) -> str:
    """A new session for the person, in place of the one this browser had; returns the cookie's value."""
    if who := identity.of(request.scope):
        sessions.revoke(session, who.session_id)
    return sessions.create(session, user, settings=site.settings, user_agent=request.headers.get("user-agent", ""))


def brake(site: Site, brakes: list[Brake]) -> None:
    """Count an attempt, or raise TooMany."""
    with site.database.transaction() as session:
        wait = ratelimit.attempt(session, brakes)
    if wait:
        raise TooMany(wait)


def signed_in(site: Site, cookie: str, target: str | None) -> Response:
    """On to the screens, with the session's cookie."""
    response = RedirectResponse(origins.safe_next(target), 303, headers={"Cache-Control": "no-store"})
    response.set_cookie(
        cookies.SESSION_COOKIE,
        cookie,
        max_age=cookies.LIFETIME_SECONDS,
        httponly=True,
        samesite="lax",
        secure=site.https,
        path="/",
    )
    return response


def login_page(
    request: Request, site: Site, status: int = 200, *, error: str = "", email: str = "", target: str = "/", note: str = ""
) -> Response:
    """The sign-in page."""
    people = [{"role": role.value, "name": name} for role, (_email, name) in demo.PEOPLE.items()] if site.settings.demo else []
    return page(request, site, "login.html", status, error=error, email=email, target=target, note=note, people=people)


def address_of(request: Request) -> str:
    """The address the request came from."""
    return request.client.host if request.client else ""
