"""A sitting at the demo desk: every ticket that waits, decided by keyboard alone, with the seconds each took.

`python -m tests.browser.sitting [TICKETS]` starts a demo desk in a folder of its own, signs in as a manager and decides
until nothing waits any more. Prints a line for each decision and everything that went wrong. No part of the tests.
"""

import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.chromium import FLAGS, find
from tests.browser.desk import PATIENCE, running
from tests.browser.visitor import Visitor

_LOOK = """() => ({
  ticket: document.querySelector("[data-ticket]")?.dataset.ticket ?? "",
  title: document.querySelector("[data-ticket] h1")?.textContent ?? "",
  draft: document.querySelector("[data-draft]")?.dataset.draft ?? "",
  open: document.querySelectorAll(".st-key-acks input[type=checkbox]:not(:checked)").length,
  buttons: [...document.querySelectorAll(".st-key-pane_ticket button")].filter((b) => b.getClientRects().length && !b.disabled)
    .map((b) => b.closest("[class*=st-key-td_]")?.className.match(/st-key-(td_\\w+)/)?.[1] ?? ""),
  said: [...document.querySelectorAll(".st-key-notices .td-strip")].map((n) => n.textContent).join(" | "),
  running: document.querySelector("[data-testid=stApp]")?.dataset.testScriptState !== "notRunning",
})"""
_CHANGED = "(before) => document.querySelector('[data-ticket]')?.dataset.ticket !== before"


@dataclass
class Sitting:
    """What was decided, how long each took, and what went wrong."""

    seconds: list[float] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def decide(page: Page, sitting: Sitting) -> bool:
    """The ticket on the screen, by keys; whether there was one."""
    seen = page.evaluate(_LOOK)
    if not seen["ticket"]:
        return False
    begun = time.monotonic()
    kind = _press_for(page, seen)
    try:
        page.wait_for_function(_CHANGED, arg=seen["ticket"], timeout=15_000)
    except Exception as error:  # whatever it is, it belongs into the report
        after = page.evaluate(_LOOK)
        sitting.wrong.append(
            f"#{seen['ticket']} {seen['title']!r}: {kind} did not go on; {after['said'] or type(error).__name__}"
        )
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        page.keyboard.press("j")
        page.wait_for_timeout(3_000)
        return page.evaluate(_LOOK)["ticket"] != seen["ticket"]
    took = time.monotonic() - begun
    sitting.seconds.append(took)
    sitting.kinds[kind] += 1
    print(f"{took:5.1f} s  {kind:<9} #{seen['ticket']} {seen['title'][:70]}", flush=True)
    return True


def _press_for(page: Page, seen: dict[str, object]) -> str:
    """Choose a sensible decision and press its keys."""
    buttons = seen["buttons"]
    assert isinstance(buttons, list)
    if "td_approve" in buttons:
        for _ in range(2 * int(str(seen["open"]))):  # look at each sentence without a source, then answer for it
            page.keyboard.press("u")
        page.keyboard.press("Control+Enter")
        return "approve"
    if "td_hand_over" in buttons:
        page.keyboard.press("p")
        page.keyboard.type("Please decide")
        page.keyboard.press("Control+Enter")
        return "hand over"
    if "td_dismiss" in buttons or "td_close" in buttons:
        page.keyboard.press("w")
        return "close"
    page.keyboard.press("s")
    page.keyboard.press("Control+Enter")
    return "snooze"


def main(most: int) -> None:
    """Decide up to so many tickets, then say how it went."""
    sitting = Sitting()
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as desk, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=FLAGS)
        context = browser.new_context(base_url=desk.address, viewport={"width": 1280, "height": 900})
        expect.set_options(timeout=PATIENCE * 1000)
        visitor = Visitor(context.new_page())
        visitor.sign_in("manager")
        visitor.loaded()
        for _ in range(most):
            visitor.settled()
            if not decide(visitor.page, sitting):
                break
        sitting.wrong += visitor.errors
        browser.close()
    _tell(sitting)


def _tell(sitting: Sitting) -> None:
    seconds = sorted(sitting.seconds)
    print(f"\n{len(seconds)} decided: {', '.join(f'{kind} {count}' for kind, count in sitting.kinds.most_common())}")
    if seconds:
        print(f"half within {statistics.median(seconds):.1f} s, nine of ten within {seconds[int(len(seconds) * 0.9)]:.1f} s")
    print("\n".join(["went wrong:", *sitting.wrong]) if sitting.wrong else "nothing went wrong")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
