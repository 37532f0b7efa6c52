"""Finds a Chromium for the browser tests, and installs one by whichever way works on this machine.

`python -m tests.browser.chromium` prints the path. Tried in this order: TRIAGE_CHROMIUM, a Chromium or Chrome
on the PATH, Playwright's own download, the system's package manager.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--disable-domain-reliability",
]  # fmt: skip


def find() -> str | None:
    """The path of a browser that is there, or None."""
    if given := os.environ.get("TRIAGE_CHROMIUM"):
        return given
    if on_path := next((path for name in NAMES if (path := shutil.which(name))), None):
        return on_path
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def install() -> str:
    """The path of a browser, installed when there is none. Raises SystemExit with what to do when no way works."""
    ways = [
        [sys.executable, "-m", "playwright", "install", "chromium"],
        ["apt-get", "install", "-y", "-q", "chromium"],
        ["sudo", "-n", "apt-get", "install", "-y", "-q", "chromium"],
        ["sudo", "-n", "dnf", "install", "-y", "chromium"],
    ]
    for way in ways:
        if found := find():
            return found
        if shutil.which(way[0]):
            if "apt-get" in way:
                subprocess.run([*way[: way.index("apt-get") + 1], "update", "-q"], check=False, capture_output=True)
            subprocess.run(way, check=False, capture_output=True, timeout=600)
    if found := find():
        return found
    raise SystemExit("No Chromium could be installed. Install Chromium or Chrome yourself, or set TRIAGE_CHROMIUM to its path.")


if __name__ == "__main__":
    print(f"browser tests use {install()}")
