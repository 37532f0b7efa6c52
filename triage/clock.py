"""The clock: APScheduler enqueues chores with names that contain the minute, so a second clock is harmless.

Some things happen here and now instead, because they concern this machine's folder and this process's index, need its
processor, or read long before they write little: mail files in inbox/ are taken in, the index follows what was published,
passages that lack vectors of the present embedder get them, and the use of articles is counted.
"""

import logging
from datetime import UTC, datetime
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler

from triage.intake import folder
from triage.library import use
from triage.office import Desk

logger = logging.getLogger(__name__)

CRON: dict[str, dict[str, Any]] = {
    "assume_resolved": {"minute": 7},
    "scheduled": {"minute": "*"},
    "share": {"minute": "*"},
    "ratings": {"minute": "*/5"},
    "verify": {"minute": "9-59/10"},
    "rescue": {"minute": "*/10"},
    "targets": {"minute": "*"},
    "retarget": {"minute": 27},
    "notify": {"minute": "*"},
    "count_figures": {"minute": "*/2"},
    "weekly": {"minute": "2-59/15"},
    "watch": {"minute": "4-59/5"},
    "exercises": {"minute": "6-59/10"},
    "backfill_solved": {"hour": 3, "minute": 50},
    "class_edits": {"hour": 3, "minute": 55},
    "tidy": {"hour": 3, "minute": 20},
    "expire": {"hour": 3, "minute": 30},
    "learn_sureness": {"hour": 3, "minute": 10},
    "gaps": {"minute": "3-59/15"},
    "check_articles": {"minute": "*/2"},
    "fit_categories": {"minute": "*/2"},
    "incidents": {"minute": "1-59/2"},
    "check_all_articles": {"hour": 3, "minute": 40},
}
INDEX_SECONDS = 1.0
VECTORS_SECONDS = 10.0
USE_SECONDS = 600.0


def start_clock(desk: Desk) -> BackgroundScheduler:
    """Start ticking; call `shutdown(wait=True)` on what comes back."""
    clock = BackgroundScheduler(
        timezone=UTC, executors={"default": {"type": "threadpool", "max_workers": 3}},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 300},
    )  # fmt: skip
    for name, when in CRON.items():
        clock.add_job(enqueue_chore, "cron", args=[desk, name], id=name, **when)
    clock.add_job(take_in, "interval", args=[desk], seconds=desk.settings.inbox_seconds, id="inbox")
    clock.add_job(desk.searcher.follow, "interval", seconds=INDEX_SECONDS, id="index")
    clock.add_job(desk.searcher.make_vectors, "interval", seconds=VECTORS_SECONDS, id="vectors")
    clock.add_job(use.count, "interval", args=[desk.database], seconds=USE_SECONDS, id="use", next_run_time=datetime.now(UTC))
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    clock.start()
    return clock


def enqueue_chore(desk: Desk, name: str) -> None:
    """Ask for a chore; the same minute asks for the same piece of work."""
    minute = f"{datetime.now(UTC):%Y-%m-%dT%H:%M}"
    desk.database.run_now(lambda session: desk.enqueue(session, "chore", f"{name}-{minute}", name))


def take_in(desk: Desk) -> None:
    """Take in the mail files that lie in inbox/ under the home folder."""
    folder.take_in(desk.database, desk.settings, desk.start)
