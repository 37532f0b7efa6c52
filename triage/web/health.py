"""Whether the process lives, and whether it can work."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from triage.database.engine import check
from triage.web.site import Site


async def alive(_request: Request) -> Response:
    """200 as long as the process answers."""
    return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


class Ready:
    """200 when the database answers and the desk works, else 503 with what is missing; no details for strangers."""

    def __init__(self, site: Site) -> None:
        self.site = site

    async def endpoint(self, request: Request) -> Response:
        problems = await self._problems()
        body = {"status": "not ready" if problems else "ready", "problems": problems}
        return JSONResponse(body, 503 if problems else 200, headers={"Cache-Control": "no-store"})

    async def _problems(self) -> list[str]:
        import asyncio

        if await asyncio.to_thread(check, self.site.database):
            return ["The database does not answer."]
        return self.site.desk.problems() if self.site.desk else ["The desk's worker is not running."]
