"""Screens are told where their server is; nothing else is touched."""

from pathlib import Path

import streamlit
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from triage.web.front import Front

PAGE = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def client() -> TestClient:
    routes = [
        Route("/metrics", lambda _: HTMLResponse(PAGE, headers={"etag": '"streamlit"'})),
        Route("/login", lambda _: HTMLResponse("<title>Sign in</title>", headers={"etag": '"ours"'})),
        Route("/file", lambda _: PlainTextResponse(PAGE)),
        Route("/gone", lambda _: HTMLResponse(PAGE, 404)),
    ]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(Front), Middleware(GZipMiddleware, minimum_size=1)]))


def test_streamlits_own_document_says_whose_it_is_and_where_its_server_is() -> None:
    answer = client().get("/metrics", headers=BROWSER)
    assert "<title>Triage Desk</title>" in answer.text and "BACKEND_BASE_URL: location.origin" in answer.text
    assert int(answer.headers["content-length"]) == len(answer.content) and "etag" not in answer.headers


def test_everything_else_passes_as_it_is() -> None:
    one = client()
    login = one.get("/login", headers=BROWSER)
    assert login.text == "<title>Sign in</title>" and login.headers["etag"] == '"ours"'
    assert one.get("/file", headers=BROWSER).text == PAGE and one.get("/gone", headers=BROWSER).text == PAGE
    assert one.get("/metrics", headers={"accept": "*/*"}).text == PAGE
