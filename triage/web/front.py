"""The document of every screen, told where its server is.

Streamlit's page looks for its server below the address that was opened before it looks at the root: on a desk, two requests
that find nothing, two errors in the browser's log, and a wait, at every screen but the inbox. A desk is always at the root.
"""

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PLACE = b"<title>Streamlit</title>"
_TOLD = b"<title>Triage Desk</title><script>window.__streamlit = { BACKEND_BASE_URL: location.origin }</script>"


class Front:
    """Puts the desk's name and place into Streamlit's own document; everything else passes as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not _wants_document(scope):
            await self.app(scope, receive, send)
            return
        start: Message | None = None
        body = b""

        async def sending(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start" and _is_document(message):
                start = message
            elif start is None:
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body"):
                    await _send(start, body, send)

        await self.app(_plain(scope), receive, sending)


def _wants_document(scope: Scope) -> bool:
    return "text/html" in Headers(scope=scope).get("accept", "")


def _plain(scope: Scope) -> Scope:
    """The request for an answer that is not packed: a document is small, and has to be read here."""
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]}


def _is_document(start: Message) -> bool:
    headers = MutableHeaders(scope=start)
    return start["status"] == 200 and headers.get("content-type", "").startswith("text/html")


async def _send(start: Message, body: bytes, send: Send) -> None:
    if _PLACE in body:
        body = body.replace(_PLACE, _TOLD, 1)
        headers = MutableHeaders(scope=start)
        headers["content-length"] = str(len(body))
        for name in ("etag", "last-modified"):  # they are those of Streamlit's file
            if name in headers:
                del headers[name]
    await send(start)
    await send({"type": "http.response.body", "body": body})
