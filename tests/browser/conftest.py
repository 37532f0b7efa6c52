"""One desk and one Chromium for all browser tests; who signs in by role does so once, and opens a new tab for each test."""

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.chromium import FLAGS, find
from tests.browser.desk import PATIENCE, RunningDesk, running
from tests.browser.visitor import Visitor

HERE = Path(__file__).parent
FAILED = pytest.StashKey[bool]()
Visit = Callable[..., Visitor]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them, so that they can be chosen or left out, and put them first: they take longest."""
    items.sort(key=lambda item: HERE not in item.path.parents)
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture(scope="package")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """The desk that all browser tests share, with its demo content and its worker; it may fetch pages from 127.0.0.1 alone."""
    with running(tmp_path_factory.mktemp("browser"), IMPORT_NETWORKS='["127.0.0.1/32"]') as started:
        yield started


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    path = find()
    assert path, "There is no Chromium; `python -m tests.browser.chromium` installs one."
    expect.set_options(timeout=PATIENCE * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def browsers() -> dict[str, BrowserContext]:
    """A browser by role, signed in and with the desk's scripts in its cache."""
    return {}


@pytest.fixture
def visit(
    desk: RunningDesk, chromium: Browser, browsers: dict[str, BrowserContext], request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Visit]:
    """Opens the desk for somebody: "staff", "manager" or "admin" sign in with one click, "" is a stranger.

    `own` gives a browser of its own, whose cookies and connection the test may spoil, as a stranger, any option of a
    context and a `frozen` clock, which can be stopped, do. No page may log an error. When a test fails, pictures of its pages
    lie in its temporary folder.
    """
    visitors: list[Visitor] = []
    mine: list[BrowserContext] = []

    def open_browser(**options: Any) -> BrowserContext:
        context = chromium.new_context(**{"base_url": desk.address, "viewport": {"width": 1280, "height": 900}, **options})
        context.set_default_timeout(PATIENCE * 1000)
        return context

    def come(role: str = "", *, frozen: bool = False, own: bool = False, **options: Any) -> Visitor:
        known = not (own or frozen or options) and role
        context = browsers.get(known) if known else None
        visitor = Visitor((context or open_browser(**options)).new_page())
        visitors.append(visitor)
        if frozen:
            visitor.page.clock.install()
        if context:
            visitor.come_back(role)
            return visitor
        if known:
            browsers[known] = visitor.page.context
        else:
            mine.append(visitor.page.context)
        if role:
            visitor.sign_in(role)
        return visitor

    yield come
    failed = request.node.stash.get(FAILED, False)
    for number, visitor in enumerate(visitors):
        if failed:
            _picture(visitor.page, tmp_path / f"page-{number}.png")
        visitor.page.close()
    for context in mine:
        context.close()
    assert failed or not (errors := [line for visitor in visitors for line in visitor.errors]), errors


def _picture(page: Page, path: Path) -> None:
    if not page.is_closed():
        page.screenshot(path=path)
        print(f"{page.url} looked so: {path}")
