"""`triage serve` and `triage worker`."""

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from triage.accounts.demo import check_address
from triage.settings import load_settings

ROOT = Path(__file__).resolve().parents[2]


def serve(
    port: Annotated[int | None, typer.Option(help="Port to listen on; default: TRIAGE_PORT or 8501.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; default: TRIAGE_HOST or 127.0.0.1.")] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Demo company, one-click sign-in, 127.0.0.1 only.")] = False,
) -> None:
    """Run the whole desk in one process: screens, API, worker, clock."""
    settings = load_settings()
    if demo:
        os.environ["TRIAGE_DEMO"] = "true"
    port, host = port or settings.port, host or settings.host
    os.environ["TRIAGE_PORT"], os.environ["TRIAGE_HOST"] = str(port), host
    os.environ["TRIAGE_HOME"] = str(settings.home.resolve())
    check_address(load_settings(), host)
    print(f"Triage Desk is starting at http://{host}:{port}", flush=True)
    os.chdir(ROOT)
    command = ["streamlit", "run", "app.py", "--server.port", str(port), "--server.address", host, "--server.headless", "true"]
    os.execv(sys.executable, [sys.executable, "-m", *command])


def worker() -> None:
    """Take work from the database: one process with SQLite, as many as you like with PostgreSQL. Ctrl+C ends it."""
    from triage.running import start_now

    running = start_now(load_settings(demo=False), work=True)
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    print("Working; Ctrl+C ends it.", flush=True)
    stop.wait()
    running._close()
