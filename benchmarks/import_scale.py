"""Many articles imported at once: `python -m benchmarks.import_scale`, or `make bench-import`.

Writes made-up Markdown articles into a zip, imports and publishes them on a fresh desk by the path that the screen and the
command take, and searches meanwhile. `--vectors made` gives passages made-up vectors: what is left is the import itself.
"""

import argparse
import statistics
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from benchmarks.corpus import Corpus, Text
from benchmarks.gauge import peak_mib
from benchmarks.search_scale import percentile, show, timed
from knowledge_base.embedding import DIMENSIONS, NAME, Vectors
from triage.library import imports
from triage.library.imports import ImportOptions
from triage.library.listing import Filter, listing
from triage.office import Desk, open_desk, use
from triage.settings import load_settings

LAST = "zyxwort"  # a word that only the last article has, in its title
PASSAGES = 3  # of an article, as help centres have them
PAUSE = 0.25  # seconds between the searches meanwhile
WAIT = 30.0  # seconds in which what was imported has to be found


class MadeUp:
    """Vectors that cost nothing, under the real embedder's name."""

    name = NAME

    def __init__(self) -> None:
        self._dice = np.random.default_rng(7)

    def encode(self, texts: list[str]) -> Vectors:
        drawn = self._dice.normal(size=(len(texts), DIMENSIONS)).astype(np.float32)
        vectors: Vectors = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
        return vectors


def main(arguments: list[str] | None = None) -> None:
    """Import, and print the figures."""
    options = _options(arguments)
    say = Console(stderr=True).print
    with tempfile.TemporaryDirectory(prefix="triage-import-") as folder:
        archive = Path(folder) / "articles.zip"
        say(f"Writing {options.articles:,} articles …")
        size = write(archive, options.articles)
        desk = open_desk(load_settings(home=Path(folder) / "home"))
        try:
            if options.vectors == "made":
                desk.embedder = MadeUp()  # type: ignore[assignment]
            say("Importing …")
            figures = {"articles": options.articles, "MiB of Markdown": size / 2**20, "vectors": options.vectors}
            figures |= measure(desk, archive, say)
        finally:
            desk.close()
            use(None)
    show(figures, as_json=options.json)


def write(archive: Path, articles: int) -> int:
    """Write so many articles into a zip; returns their size in bytes. Each links to the one before it."""
    size = 0
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for number, text in zip(range(articles), _texts(), strict=False):
            body = text if number < articles - 1 else text.replace("# ", f"# {LAST} ", 1)
            packed.writestr(f"help/{number // 500:03}/article-{number:05}.md", body)
            size += len(body.encode())
    return size


def _texts() -> Iterator[str]:
    corpus = Corpus()
    return (_markdown(corpus.article(number)[:PASSAGES], number) for number in count())


def _markdown(passages: list[Text], number: int) -> str:
    parts = [f"# {passages[0].title} {number}"]
    parts += [f"## {part.heading}\n\n{part.text}" if part.heading else part.text for part in passages]
    if number % 500:
        parts.append(f"See also [the one before](article-{number - 1:05}.md).")
    return "\n\n".join(parts) + "\n"


def measure(desk: Desk, archive: Path, say: Callable[..., None]) -> dict[str, Any]:
    """The import, a second one of the same zip, and the list of articles."""
    figures: dict[str, Any] = {}
    with searching(desk) as seconds:
        cpu = time.process_time()
        figures["outcome"], took = timed(lambda: _imported(desk, archive, say))
        figures["seconds to import and publish"] = took
        figures["processor seconds, searches included"] = time.process_time() - cpu
        figures["seconds more until the last one is found"] = timed(lambda: _found(desk))[1]
    figures["searches meanwhile"] = len(seconds)
    figures["p50 ms a search meanwhile"] = 1000 * statistics.median(seconds)
    figures["p95 ms a search meanwhile"] = 1000 * percentile(seconds, 95)
    figures["slowest ms a search meanwhile"] = 1000 * max(seconds)
    figures["peak MiB"] = peak_mib()
    say("Importing the same once more …")
    figures["outcome of a second import"], figures["seconds of a second import"] = timed(lambda: _imported(desk, archive, say))
    figures["p50 ms the list of articles"] = 1000 * statistics.median(_listed(desk, "") for _ in range(9))
    figures["p50 ms the list searched by a word"] = 1000 * statistics.median(_listed(desk, LAST) for _ in range(9))
    return figures


def _imported(desk: Desk, archive: Path, say: Callable[..., None]) -> str:
    def tell(done: int, total: int) -> None:
        if done % 2_000 == 0:
            say(f"{done:,} of {total:,}")

    run = imports.run_here(desk, [archive], [], ImportOptions(publish=True), author="benchmark", tell=tell)
    with desk.database.read() as session:
        view = next(view for view in imports.runs(session) if view.run.id == run)
    return f"{view.run.status}: " + ", ".join(f"{number:,} {name}" for name, number in view.counts.items())


def _found(desk: Desk) -> None:
    end = time.monotonic() + WAIT
    while not any(LAST in hit.title for hit in desk.searcher.search(f"What is {LAST}")):
        if time.monotonic() > end:
            raise RuntimeError(f"The last article was not found within {WAIT:.0f} seconds.")
        time.sleep(0.02)


@contextmanager
def searching(desk: Desk) -> Iterator[list[float]]:
    """One client who searches all the while, never the same twice; gives the seconds each search took."""
    corpus, ended, seconds = Corpus(), threading.Event(), list[float]()

    def ask() -> None:
        for number in count():
            _, question = corpus.question(number)
            seconds.append(timed(lambda question=question: desk.searcher.search(question))[1])  # type: ignore[misc]
            if ended.wait(PAUSE):
                return

    client = threading.Thread(target=ask)
    client.start()
    try:
        yield seconds
    finally:
        ended.set()
        client.join()


def _listed(desk: Desk, find: str) -> float:
    with desk.database.read() as session:
        return timed(lambda: listing(session, Filter(find=find)))[1]


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.import_scale", description="Many articles imported at once.")
    parser.add_argument("--articles", type=int, default=10_000, help="how many (default 10000)")
    parser.add_argument("--vectors", choices=("real", "made"), default="real", help="embed each passage, or make vectors up")
    parser.add_argument("--json", action="store_true", help="print JSON instead of lines")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
