"""Pages behind one-time links: the first administrator's account, and an invited person's password."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from triage.accounts import links, passwords, ratelimit, users
from triage.errors import AccessError, InputError
from triage.models import User
from triage.web import login
from triage.web.rendering import form, page
from triage.web.site import Site


class Setup:
    """/setup/{token}: makes the first administrator's account and signs them in."""

    def __init__(self, site: Site) -> None:
        self.site = site

    async def endpoint(self, request: Request) -> Response:
        try:
            await asyncio.to_thread(self._look, request)
        except (InputError, AccessError) as error:
            return _gone(request, self.site, error)
        if request.method != "POST":
            return page(request, self.site, "setup.html", email="", name="")
        fields: dict[str, str] = {}
        try:
            fields = await form(request, self.site)
            cookie = await asyncio.to_thread(self._make, request, fields)
        except (InputError, AccessError) as error:
            kept = {"email": fields.get("email", "")[:254], "name": fields.get("name", "")[:120]}
            return page(request, self.site, "setup.html", 400, error=str(error), **kept)
        return login.signed_in(self.site, cookie, "/")

    def _look(self, request: Request) -> None:
        _brake(request, self.site)
        with self.site.database.read() as session:
            links.look_at_setup(session, request.path_params["token"])

    def _make(self, request: Request, fields: dict[str, str]) -> str:
        email, name = users.clean_email(fields.get("email", "")), fields.get("name", "").strip()
        links.check_password(fields.get("password", ""), fields.get("again", ""), email=email, name=name)
        password_hash = passwords.hashed(fields["password"])
        with self.site.database.transaction() as session:
            token = request.path_params["token"]
            user = links.redeem_setup(session, token, email=email, name=name, password_hash=password_hash)
            return login.begin(session, request, self.site, user)


class Invite:
    """/invite/{token}: an invited person chooses a password and is signed in."""

    def __init__(self, site: Site) -> None:
        self.site = site

    async def endpoint(self, request: Request) -> Response:
        try:
            user = await asyncio.to_thread(self._look, request)
        except (InputError, AccessError) as error:
            return _gone(request, self.site, error)
        person: dict[str, Any] = {"name": user.name, "email": user.email, "role": str(user.role)}
        if request.method != "POST":
            return page(request, self.site, "invite.html", **person)
        try:
            fields = await form(request, self.site)
            cookie = await asyncio.to_thread(self._choose, request, user, fields)
        except (InputError, AccessError) as error:
            return page(request, self.site, "invite.html", 400, error=str(error), **person)
        return login.signed_in(self.site, cookie, "/")

    def _look(self, request: Request) -> User:
        _brake(request, self.site)
        with self.site.database.read() as session:
            return links.look_at_invite(session, request.path_params["token"])

    def _choose(self, request: Request, user: User, fields: dict[str, str]) -> str:
        links.check_password(fields.get("password", ""), fields.get("again", ""), email=user.email, name=user.name)
        password_hash = passwords.hashed(fields["password"])
        with self.site.database.transaction() as session:
            changed = links.redeem_invite(session, request.path_params["token"], password_hash=password_hash)
            return login.begin(session, request, self.site, changed)


def _brake(request: Request, site: Site) -> None:
    """Guessing tokens is hopeless; this only keeps an address that failed often from trying on."""
    with site.database.read() as session:
        if wait := ratelimit.waiting(session, ratelimit.brakes(login.address_of(request))):
            raise login.TooMany(wait)


def _gone(request: Request, site: Site, error: InputError | AccessError) -> Response:
    status = 429 if isinstance(error, login.TooMany) else 404
    return page(request, site, "message.html", status, title="This link does not work", text=str(error))
