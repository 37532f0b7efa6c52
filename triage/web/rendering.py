"""The few pages outside the screens: templates, their style sheet, their forms."""

from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qsl

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response

from triage.accounts import cookies
from triage.errors import AccessError, InputError
from triage.web import headers, identity
from triage.web.site import Site

_HERE = Path(__file__).parent
_ASSETS = {"desk.css": "text/css; charset=utf-8", "mark.svg": "image/svg+xml"}
_FORM_LIMIT = 16_384
FORM_MOVED_ON = "This page was open for too long, or in two places at once. Nothing was changed; please try again."


def page(request: Request, site: Site, template: str, status: int = 200, **values: object) -> Response:
    """A page with its form token; the visitor's cookie is set when it is missing."""
    who = identity.of(request.scope)
    visitor = request.cookies.get(cookies.VISITOR_COOKIE, "")
    fresh = "" if who or visitor else cookies.new_visitor()
    token = who.csrf if who else cookies.visitor_token(visitor or fresh, site.settings)
    html = (
        _templates()
        .get_template(template)
        .render({"csrf": token, "demo": site.settings.demo, "company": site.settings.company, "who": who, "error": "", **values})
    )
    response = HTMLResponse(html, status, headers={"Content-Security-Policy": headers.FORMS, "Cache-Control": "no-store"})
    if fresh:
        response.set_cookie(cookies.VISITOR_COOKIE, fresh, httponly=True, samesite="lax", secure=site.https, path="/")
    return response


async def form(request: Request, site: Site, *, long: Collection[str] = ()) -> dict[str, str]:
    """The fields of a posted form, its token checked; those named `long` may have several lines.

    Raises InputError when it is no form or too large, AccessError when the token does not belong to this browser.
    """
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/x-www-form-urlencoded":
        raise InputError("Send this form from the page itself.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _FORM_LIMIT:
            raise InputError("That is too much text for this form.")
    try:
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=20))
    except ValueError:
        raise InputError("Send this form from the page itself.") from None
    plain = {name: "".join(text.split()) if name in long else text for name, text in fields.items()}
    if any(ord(character) < 32 for text in plain.values() for character in text):  # no database takes a NUL
        raise InputError("A field holds characters that cannot be typed; write it anew.")
    who = identity.of(request.scope)
    visitor = request.cookies.get(cookies.VISITOR_COOKIE, "")
    expected = who.csrf if who else cookies.visitor_token(visitor, site.settings) if visitor else ""
    if not cookies.same(expected, fields.get("csrf", "")):
        raise AccessError(FORM_MOVED_ON)
    return fields


async def asset(request: Request) -> Response:
    """One of the files that these pages use."""
    name = request.path_params["name"]
    if name not in _ASSETS:
        return PlainTextResponse("There is nothing at this address.", 404)
    return FileResponse(_HERE / "assets" / name, media_type=_ASSETS[name], headers={"Cache-Control": "public, max-age=3600"})


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
