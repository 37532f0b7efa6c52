"""Attachments of customers' messages: for people of the desk only, always as a download, never shown in place."""

import asyncio
import re
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import AccessError
from triage.intake.storage import attachment_path
from triage.models import Attachment, User
from triage.web import identity
from triage.web.site import Site

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "Cache-Control": "private, no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Download:
    """GET /attachments/{id}: the file as it came, under its own name."""

    def __init__(self, site: Site) -> None:
        self.site = site

    async def endpoint(self, request: Request) -> Response:
        found = await asyncio.to_thread(self._find, request)
        if isinstance(found, str):
            status = 403 if found.startswith("As ") else 404
            return PlainTextResponse(found, status, headers={"Cache-Control": "no-store"})
        path = attachment_path(self.site.settings, found.sha256)
        return FileResponse(path, media_type="application/octet-stream", headers={**_HEADERS, **_named(found.filename)})

    def _find(self, request: Request) -> Attachment | str:
        """The attachment, or why there is none to give."""
        who = identity.of(request.scope)
        with self.site.database.read() as session:
            user = session.get(User, who.user_id) if who else None
            if not user:
                return "There is no such attachment."
            try:
                access.require(user, Permission.WORK_INBOX)
            except AccessError as error:
                return str(error)
            number = int(request.path_params["id"])
            attachment = session.get(Attachment, number) if number < 2**31 else None
        if not attachment or not re.fullmatch(r"[0-9a-f]{64}", attachment.sha256):
            refused = attachment.refused if attachment else None
            return f"This attachment was not kept: {refused}." if refused else "There is no such attachment."
        if not attachment_path(self.site.settings, attachment.sha256).is_file():
            return "The file of this attachment is missing; restore it from a backup of the attachments folder."
        return attachment


def _named(filename: str) -> dict[str, str]:
    """A name that is safe in a header and on any disk."""
    name = re.sub(r"[\x00-\x1f\x7f/\\:*?\"<>|]", "_", filename).strip(". ")[:150] or "attachment"
    plain = name.encode("ascii", "replace").decode().replace("?", "_").replace("%", "_")
    return {"Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"}
