"""One's own account: sign out here or everywhere, change the password."""

import asyncio

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from triage.accounts import cookies, links, passwords, ratelimit, sessions, users
from triage.errors import AccessError, InputError
from triage.models import User
from triage.web import identity
from triage.web.identity import Identity
from triage.web.login import TooMany, address_of, brake
from triage.web.rendering import form, page
from triage.web.site import Site


class Logout:
    """GET asks, POST signs out: of this browser, or with `everywhere` of all."""

    def __init__(self, site: Site) -> None:
        self.site = site

    async def endpoint(self, request: Request) -> Response:
        who = identity.of(request.scope)
        if not who:
            return _out(self.site)
        if request.method != "POST":
            return page(request, self.site, "logout.html")
        try:
            fields = await form(request, self.site)
        except (InputError, AccessError) as error:
            return page(request, self.site, "logout.html", 400, error=str(error))
        await self.site.database.run(lambda session: end(session, who, everywhere="everywhere" in fields))
        return _out(self.site)


class Account:
    """GET shows the account, POST changes the password and ends the other sessions."""

    def __init__(self, site: Site) -> None:
        self.site = site

    async def endpoint(self, request: Request) -> Response:
        who = identity.of(request.scope)
        if not who:
            return _out(self.site)
        if request.method != "POST":
            return page(request, self.site, "account.html", note="")
        try:
            fields = await form(request, self.site)
            await asyncio.to_thread(self._change, request, who, fields)
        except TooMany as error:
            return page(request, self.site, "account.html", 429, error=str(error), note="")
        except (InputError, AccessError) as error:
            return page(request, self.site, "account.html", 400, error=str(error), note="")
        return page(request, self.site, "account.html", note="Your password is changed. Your other browsers are signed out.")

    def _change(self, request: Request, who: Identity, fields: dict[str, str]) -> None:
        if who.demo:
            raise InputError("Demo accounts have no password.")
        database = self.site.database
        new = fields.get("password", "")
        links.check_password(new, fields.get("again", ""), email=who.email, name=who.name)
        brakes = ratelimit.brakes(address_of(request), who.email)
        brake(self.site, brakes)
        with database.read() as session:
            user = session.get_one(User, who.user_id)
        if not passwords.matches(fields.get("current", ""), user.password_hash):
            raise AccessError("Your current password is not right.")
        password_hash = passwords.hashed(new)
        with database.transaction() as session:
            user = session.get_one(User, who.user_id)
            ratelimit.succeeded(session, brakes)
            users.change_password(session, user, password_hash=password_hash, keep_session=who.session_id)


def end(session: Session, who: Identity, *, everywhere: bool) -> None:
    """Sign out of this session, or of all of them."""
    if everywhere:
        sessions.revoke_all(session, who.user_id, actor=f"user:{who.user_id}")
    else:
        sessions.revoke(session, who.session_id)


def _out(site: Site) -> Response:
    response = RedirectResponse("/login", 303, headers={"Cache-Control": "no-store", "Clear-Site-Data": '"cache"'})
    response.delete_cookie(cookies.SESSION_COOKIE, path="/", httponly=True, samesite="lax", secure=site.https)
    return response
