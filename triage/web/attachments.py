"""Files of messages and articles: for people of the desk only, always as a download, never shown in place."""

import asyncio
import re
from dataclasses import dataclass
from urllib.parse import quote

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import AccessError
from triage.intake.storage import attachment_path
from triage.models import ArticleFile, Attachment, User
from triage.web import identity
from triage.web.site import Site

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "Cache-Control": "private, no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True)
class _Kept:
    """A file's name and where its bytes are; `missing` says why there are none."""

    filename: str
    sha256: str
    missing: str = ""


class Download:
    """GET /attachments/{id}: a file that came with a message, under its own name."""

    permission = Permission.WORK_INBOX
    what = "attachment"

    def __init__(self, site: Site) -> None:
        self.site = site

    async def endpoint(self, request: Request) -> Response:
        found = await asyncio.to_thread(self._find, request)
        if isinstance(found, str):
            status = 403 if found.startswith("As ") else 404
            return PlainTextResponse(found, status, headers={"Cache-Control": "no-store"})
        path = attachment_path(self.site.settings, found.sha256)
        return FileResponse(path, media_type="application/octet-stream", headers={**_HEADERS, **_named(found.filename)})

    def _find(self, request: Request) -> _Kept | str:
        """The file, or why there is none to give."""
        who = identity.of(request.scope)
        with self.site.database.read() as session:
            user = session.get(User, who.user_id) if who else None
            if not user:
                return f"There is no such {self.what}."
            try:
                access.require(user, self.permission)
            except AccessError as error:
                return str(error)
            number = int(request.path_params["id"])
            kept = self._kept(session, number) if number < 2**31 else None
        if not kept or not re.fullmatch(r"[0-9a-f]{64}", kept.sha256):
            return kept.missing if kept and kept.missing else f"There is no such {self.what}."
        if not attachment_path(self.site.settings, kept.sha256).is_file():
            return f"The file of this {self.what} is missing; restore it from a backup of the attachments folder."
        return kept

    def _kept(self, session: Session, number: int) -> _Kept | None:
        found = session.get(Attachment, number)
        missing = f"This attachment was not kept: {found.refused}." if found and found.refused else ""
        return _Kept(found.filename, found.sha256, missing) if found else None


class ArticleDownload(Download):
    """GET /article-files/{id}: a file of an article, for whoever reads the knowledge base."""

    permission = Permission.READ_KNOWLEDGE
    what = "file"

    def _kept(self, session: Session, number: int) -> _Kept | None:
        found = session.get(ArticleFile, number)
        return _Kept(found.filename, found.sha256) if found else None


def _named(filename: str) -> dict[str, str]:
    """A name that is safe in a header and on any disk."""
    name = re.sub(r"[\x00-\x1f\x7f/\\:*?\"<>|]", "_", filename).strip(". ")[:150] or "attachment"
    plain = name.encode("ascii", "replace").decode().replace("?", "_").replace("%", "_")
    return {"Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"}
