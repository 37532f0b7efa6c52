"""One person at the desk, in a real Chromium: each action by its key, timed from the key press until all is painted."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Page, expect, sync_playwright

from benchmarks.review_desk.making import PASSWORD
from benchmarks.review_desk.serving import Timed
from tests.browser.chromium import FLAGS, find
from tests.browser.visitor import Visitor

SEARCHES = (
    "refund",
    "machine milk",
    "LF-0000007",
    "customer77@mail.example",
    "coffee broken lid",
    "parcel",
    "charged twice",
    "bafe",
)
# Painted is when what is asked for is there, the script rests, and two frames have gone by since.
_PAINTED = """([until, patience]) => new Promise((done) => {
  const began = performance.now(), end = began + patience, found = new Function("return " + until);
  const look = () => {
    const rests = document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "notRunning";
    if ((rests && found()) || performance.now() > end) requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - (window.benchPressed ?? began))));
    else requestAnimationFrame(look);
  };
  look();
})"""
_PRESSED = "window.addEventListener('keydown', () => { window.benchPressed = performance.now(); }, true)"
_OPEN = "(document.querySelector('.td-head')?.innerText.match(/#(\\d+)/)?.[1] ?? '')"
_ADDRESS = "new URLSearchParams(location.search)"
CHIPS = (("Manager", "manager"), ("Unassigned", "unassigned"), ("Escalated", "escalated"), ("Needs decision", "needs"))
PATIENCE = 60_000


@dataclass
class Times:
    """What one action took each time, in milliseconds: until painted, and on the server; of that, on a processor and in want of one."""

    painted: list[float] = field(default_factory=list)
    server: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    queued: list[float] = field(default_factory=list)


@contextmanager
def browser() -> Iterator[Browser]:
    path = find()
    assert path, "There is no Chromium; `python -m tests.browser.chromium` installs one."
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield opened
        opened.close()


class Person:
    """One browser with the inbox open."""

    def __init__(self, chromium: Browser, desk: Timed, number: int = 1) -> None:
        context = chromium.new_context(base_url=desk.address, viewport={"width": 1280, "height": 900})
        context.set_default_timeout(PATIENCE)
        context.add_init_script(_PRESSED)
        self.desk, self.visitor = desk, Visitor(context.new_page())
        self.page: Page = self.visitor.page
        self.page.goto("/login")
        self.page.get_by_label("E-mail address").fill(f"reviewer{number}@bench.example")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        expect(self.visitor.queue).to_be_visible()
        self.visitor.settled()

    def measure(self, repeat: int) -> dict[str, Times]:
        """Every action so many times."""
        actions: dict[str, Callable[[int], float]] = {
            "open the inbox": self._open, "next ticket (J)": self._next, "filter (a chip)": self._filter,
            "search": self._search, "decide (Ctrl+Enter) and next": self._decide,
        }  # fmt: skip
        found = {}
        for name, act in actions.items():
            self.visitor.loaded()
            act(0)  # once for what is compiled and read for the first time
            times = found[name] = Times()
            for number in range(1, repeat + 1):
                self.visitor.loaded()  # a key is heard
                self.visitor.settled()
                began = time.time()
                times.painted.append(act(number))
                for kept, value in zip((times.server, times.processor, times.queued), self._on_server(began), strict=True):
                    kept.append(value)
        return found

    def _on_server(self, began: float) -> list[float]:
        """Milliseconds, those on a processor and those in want of one, of the runs since then that somebody asked for.

        The queue's own looks are left out.
        """
        time.sleep(0.05)  # the line of the last run is written when it has ended
        runs = self.desk.read_runs(began, time.time())
        asked = [run for run in runs if not run["auto"]]
        return [1000 * sum(run[kind] for run in asked) for kind in ("seconds", "cpu", "queued")]

    def _painted(self, until: str) -> float:
        return float(self.page.evaluate(_PAINTED, [until, PATIENCE]))

    def _shown(self) -> str:
        return str(self.page.evaluate(_OPEN))

    def _open(self, _number: int) -> float:
        self.page.goto("/", wait_until="commit")
        self.page.evaluate("window.benchPressed = 0")
        return self._painted(f"{_OPEN} !== ''")

    def _next(self, _number: int) -> float:
        shown = self._shown()
        self.page.keyboard.press("j")
        return self._painted(f"{_OPEN} !== '{shown}' && {_OPEN} !== ''")

    def _filter(self, number: int) -> float:
        name, view = CHIPS[number % len(CHIPS)]
        self.page.get_by_role("button", name=re.compile(rf"^{name}( |$)")).focus()
        self.page.keyboard.press("Enter")
        return self._painted(f"{_ADDRESS}.get('view') === '{view}'")

    def _search(self, number: int) -> float:
        text = SEARCHES[number % len(SEARCHES)]
        self.page.get_by_role("textbox", name="Search").fill(text)
        self.page.keyboard.press("Enter")
        return self._painted(f"{_ADDRESS}.get('find') === '{text}'")

    def _decide(self, _number: int) -> float:
        if "find=" in self.page.url:
            self.page.goto("/")
            expect(self.visitor.queue).to_be_visible()
            self.visitor.settled()
        shown = self._shown()
        self.page.keyboard.press("Control+Enter")
        return self._painted(f"{_OPEN} !== '{shown}' && {_OPEN} !== ''")
