"""Draws the pictures of README and docs/screens.md: a demo desk in a folder of its own, each screen at 1280 pixels.

`python -m tests.browser.screenshots [FOLDER [NAME...]]`, or `make screenshots`, which draws all of them to docs/images.
"""

import io
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from PIL import Image
from playwright.sync_api import Page, sync_playwright
from sqlmodel import col, func, select

from tests.browser.chromium import FLAGS, find
from triage import first_steps
from triage.accounts import users
from triage.database import open_database
from triage.models import AT_WORK, Run, Ticket
from triage.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]
SIZE = {"width": 1280, "height": 800}
LIMIT = 250_000
PATIENCE = 600.0
TICKET = "demo-03-e11-wont-go-away"  # a plain question whose draft stands on the help centre
DEAR = "demo-trial-6"  # a ticket that cost several times the usual
PICTURES = (
    ("inbox-light", "manager", "/?ticket={ticket}", "light"),
    ("inbox-dark", "manager", "/?ticket={ticket}", "dark"),
    ("new-ticket", "staff", "/new_ticket", "light"),
    ("metrics", "manager", "/metrics", "light"),
    ("knowledge", "admin", "/knowledge?article=descale-your-machine&tab=edit", "light"),
    ("guardrails", "admin", "/guardrails", "light"),
    ("traces", "manager", "/traces?run={run}", "light"),
    ("settings", "admin", "/settings", "light"),
    ("you", "staff", "/you", "light"),
)


def main(folder: Path, names: list[str]) -> None:
    """Write the pictures of these names, or every one, and say how large each is."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="triage-") as home, demo_desk(Path(home)) as address:
        shown = wait_for_agents(load_settings(home=home))
        end_tours(load_settings(home=home))
        for name, role, path, scheme in [row for row in PICTURES if not names or row[0] in names]:
            data = compressed(picture(address, role, path.format(**shown), scheme))
            (folder / f"{name}.png").write_bytes(data)
            print(f"{folder / name}.png  {len(data) // 1000} kB", flush=True)


@contextmanager
def demo_desk(home: Path) -> Iterator[str]:
    """A demo desk on a free port until the block ends; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TRIAGE_", "OPENAI_"))}
    command = [str(Path(sys.executable).with_name("triage")), "serve", "--demo", "--port", str(port)]
    desk = subprocess.Popen(command, cwd=ROOT, env=environment | {"TRIAGE_HOME": str(home)}, stdout=subprocess.DEVNULL)
    try:
        wait_until_ready(desk, address := f"http://127.0.0.1:{port}")
        yield address
    finally:
        desk.terminate()
        try:
            desk.wait(timeout=30)
        except subprocess.TimeoutExpired:
            desk.kill()


def wait_until_ready(desk: "subprocess.Popen[bytes]", address: str) -> None:
    """Until the desk says that it works; raises SystemExit when it ends or takes too long."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and desk.poll() is None:
        try:
            with urlopen(f"{address}/readyz", timeout=5):
                return
        except (URLError, TimeoutError, ConnectionError):
            time.sleep(0.5)
    raise SystemExit("The demo desk did not start; try `make run` to see why.")


def wait_for_agents(settings: Settings) -> dict[str, int | str]:
    """Until every demo ticket waits for a person; gives the number of the ticket and the id of the run that are shown."""
    database = open_database(settings)
    until = time.monotonic() + PATIENCE
    try:
        while time.monotonic() < until:
            with database.read() as session:
                ticket = session.exec(select(Ticket.id).where(Ticket.source_id == TICKET)).first()
                run = session.exec(select(Run.id).join(Ticket).where(Ticket.source_id == DEAR)).first()
                busy = session.exec(select(func.count()).where(col(Ticket.status).in_(AT_WORK))).one()
            if ticket and run and not busy:
                return {"ticket": ticket, "run": run}
            time.sleep(1.0)
    finally:
        database.close()
    raise SystemExit("The agents did not finish the demo tickets in time.")


def end_tours(settings: Settings) -> None:
    """The pictures show the desk at work, not its tour."""
    database = open_database(settings)
    try:
        with database.transaction() as session:
            for person in users.listing(session):
                first_steps.end_tour(session, person)
    finally:
        database.close()


def picture(address: str, role: str, path: str, scheme: str) -> bytes:
    """The screen at `path` as this role sees it, as PNG; `scheme` is light or dark."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=FLAGS)
        page = browser.new_page(viewport=SIZE, color_scheme=scheme)  # type: ignore[arg-type]
        page.goto(f"{address}/login")
        page.locator(f"button.person[value={role}]").click()
        page.goto(address + path)
        settle(page)
        shot = page.screenshot()
        browser.close()
        return shot


def settle(page: Page) -> None:
    """Until nothing on the page is being computed or drawn any more."""
    page.locator(".td-brand").wait_for(timeout=60_000)
    page.wait_for_function("!document.querySelector('[data-testid=stApp][data-test-script-state=running], [data-stale=true]')")
    page.wait_for_timeout(4_000)


def compressed(shot: bytes) -> bytes:
    """The picture with as many colours as fit into the limit."""
    image = Image.open(io.BytesIO(shot)).convert("RGB")
    for colours in (256, 128, 64, 32):
        buffer = io.BytesIO()
        image.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
        if buffer.tell() < LIMIT:
            break
    return buffer.getvalue()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images", sys.argv[2:])
