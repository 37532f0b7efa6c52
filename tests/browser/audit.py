"""Whether people with weak eyes or a screen reader can use a page: axe-core's rules for WCAG 2.2 AA, run in the page."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}, "resultTypes": ["violations"]}
_LOOKS = 4


def barriers(page: Page) -> list[str]:
    """A line for each element that breaks a rule for longer than colours take to change: the rule, the element, and what is wrong."""
    for _ in range(_LOOKS):
        found = Axe().run(page, options=_RULES).response["violations"]
        if not found:
            break
        page.wait_for_timeout(500)
    return [_line(rule, node) for rule in found for node in rule["nodes"]]


def _line(rule: dict[str, Any], node: dict[str, Any]) -> str:
    why = [check["message"] for check in (*node["any"], *node["all"], *node["none"])]
    return f"{rule['id']}: {node['html'][:160]} ({'; '.join(why)[:240]})"
