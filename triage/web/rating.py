"""The page behind the links of a mail that asks for a rating: looking changes nothing, sending the form does."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from triage import ratings
from triage.accounts import ratelimit
from triage.errors import AccessError, InputError
from triage.ratings.wording import page as words_of
from triage.web import login
from triage.web.rendering import form, page
from triage.web.site import Site


class Rating:
    """/rate/{link}: mail programs and scanners follow links, so only the form's button counts."""

    def __init__(self, site: Site) -> None:
        self.site = site

    async def endpoint(self, request: Request) -> Response:
        try:
            standing = await asyncio.to_thread(self._look, request)
        except (InputError, AccessError) as error:
            status = 429 if isinstance(error, login.TooMany) else 404
            return page(request, self.site, "rated.html", status, words=words_of("en"), title="", text=str(error), stop=False)
        words = words_of(standing.language)
        if request.method == "POST":
            return await self._posted(request, words, answered=standing.answered)
        if standing.answered:
            return self._said(request, words, "already")
        given = request.query_params.get("score", "")
        return page(request, self.site, "rate.html", words=words, score=given if given in "12345" else "")

    async def _posted(self, request: Request, words: dict[str, object], *, answered: bool) -> Response:
        try:
            fields = await form(request, self.site, long=("comment",))
            done = "already" if answered and "stop" not in fields else await asyncio.to_thread(self._take, request, fields)
        except (InputError, AccessError) as error:
            if answered:
                return self._said(request, words, "already", 400)
            return page(request, self.site, "rate.html", 400, words=words, score="", error=str(error))
        return self._said(request, words, done)

    def _said(self, request: Request, words: dict[str, object], what: str, status: int = 200) -> Response:
        """What became of it; whoever answered can still ask for no more such mails."""
        return page(
            request, self.site, "rated.html", status, words=words, title=words["thanks"], text=words[what], stop=what != "stopped"
        )

    def _look(self, request: Request) -> ratings.Standing:
        brakes = ratelimit.brakes(login.address_of(request))
        with self.site.database.read() as session:
            if wait := ratelimit.waiting(session, brakes):
                raise login.TooMany(wait)
        try:
            with self.site.database.read() as session:
                return ratings.look_at(session, self.site.settings, request.path_params["link"])
        except InputError:
            with self.site.database.transaction() as session:  # an address that guesses is braked as one that guesses passwords
                ratelimit.attempt(session, brakes)
            raise

    def _take(self, request: Request, fields: dict[str, str]) -> str:
        link, settings = request.path_params["link"], self.site.settings
        with self.site.database.transaction() as session:
            if "stop" in fields:
                ratings.stop(session, settings, link)
                return "stopped"
            given = fields.get("score", "")
            ratings.answer(
                session, settings, link, int(given) if given in ("1", "2", "3", "4", "5") else 0, fields.get("comment", "")
            )
            return "taken"
