"""What an open page costs in memory.

Pages are opened in steps, and after each the process is measured when all of them have looked at their queues for a while.
The first step carries what is shared, such as modules and caches; a page's own share is the slope of those that follow.
"""

import asyncio

import numpy as np

from benchmarks.review_desk.reviewers import Reviewer, Told
from benchmarks.review_desk.serving import Timed

STEPS = (20, 40, 60, 80)
LOOKING = 10.0  # seconds
_FOR_EVER = 3600.0


async def held(desk: Timed, cookies: list[str]) -> list[tuple[int, float]]:
    """(open pages, MiB that the desk's process holds) after each step; people have several pages open when there are more pages."""
    found, told, drawn = [], Told(), asyncio.Semaphore(0)

    async def stay(cookie: str) -> None:
        page = Reviewer(desk.address, cookie, told)
        async with page.page():
            drawn.release()
            await page.look(_FOR_EVER)

    pages: list[asyncio.Task[None]] = []
    for count in STEPS:
        while len(pages) < count:
            pages.append(asyncio.create_task(stay(cookies[len(pages) % len(cookies)])))
            await drawn.acquire()
        await asyncio.sleep(LOOKING)
        found.append((count, desk.resident_mib()))
    for page in pages:
        page.cancel()
    await asyncio.gather(*pages, return_exceptions=True)
    return found


def slope(found: list[tuple[int, float]]) -> float:
    """MiB that one more page takes."""
    counts, held_mib = zip(*found, strict=True)
    return float(np.polyfit(counts, held_mib, 1)[0])
