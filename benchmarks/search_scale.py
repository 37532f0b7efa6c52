"""Searches over a large knowledge base: `python -m benchmarks.search_scale`, or `make bench-search-scale`.

A base of 100,000 made-up passages is written once into a folder and used again by later runs. `--vectors real` embeds
every passage (half an hour on two cores); `random` gives each a made-up vector near its topic's, which costs a search the
same. Questions are always embedded for real, and no question is asked twice.
"""

import argparse
import json
import os
import re
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from sqlmodel import insert, select

from benchmarks.corpus import TOPICS, Corpus, Text
from benchmarks.gauge import peak_mib
from knowledge_base import articles
from knowledge_base.embedding import DIMENSIONS, NAME, Embedder, embedder
from knowledge_base.index import Index
from knowledge_base.search import Searcher
from triage.database import Database, migrate, open_database
from triage.models import Article, ArticleVersion, IndexState, Passage, PassageVector
from triage.settings import load_settings

TOGETHER = 200  # articles written in one transaction
FRESH = 5  # articles published to see how soon they are found


def main(arguments: list[str] | None = None) -> None:
    """Make the base if it is not there, measure, and print the figures."""
    options = _options(arguments)
    home = options.folder / f"{options.passages}-{options.vectors}"
    os.environ["TRIAGE_HOME"] = str(home)
    settings = load_settings(home=home)
    database, corpus, say = open_database(settings), Corpus(), Console(stderr=True).print
    migrate(database)
    model = embedder(home / "models")
    if not _is_filled(database):
        say(f"Writing {options.passages:,} passages with {options.vectors} vectors into {home} …")
        fill(database, corpus, options.passages, model if options.vectors == "real" else None, say)
    figures: dict[str, Any] = {"passages": options.passages, "vectors": options.vectors, "cores": os.cpu_count()}
    figures["load average before the searches"] = 0.0
    index, seconds = timed(lambda: Index.open(home, settings))
    searcher = Searcher(database, index, model)
    try:
        figures["seconds to open the index"] = seconds
        figures["seconds until the first search"] = timed(lambda: searcher.search("a first question"))[1]
        say("Bringing the index up to date …")
        figures["seconds to bring it up to date"] = timed(searcher.refresh)[1]
        say("Searching …")
        figures["load average before the searches"] = os.getloadavg()[0]
        figures |= searches(searcher, corpus, options.queries)
        figures |= stages(searcher, corpus, options.queries)
        figures["resident MiB"], figures["peak MiB"] = resident_mib(), peak_mib()
        figures["index MiB on disk"], figures["database MiB on disk"] = mib(home / "index"), mib(home, "*.db*")
        say("Publishing …")
        figures["seconds until a new article is found, at most"] = max(fresh(searcher, database, model, n) for n in range(FRESH))
        if options.rebuild:
            say("Building the index anew while searching …")
            figures |= rebuild(searcher, database, corpus)
    finally:
        searcher.close()
        index.close()
        database.close()
    show(figures, as_json=options.json)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.search_scale", description="Searches over a large knowledge base."
    )
    parser.add_argument("--passages", type=int, default=100_000, help="how many (default 100000)")
    parser.add_argument("--vectors", choices=("random", "real"), default="random", help="embed each passage, or make vectors up")
    parser.add_argument("--queries", type=int, default=400, help="how many searches are timed (default 400)")
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "triage-search-scale", help="where bases stay"
    )
    parser.add_argument("--no-rebuild", dest="rebuild", action="store_false", help="leave out the rebuild (some minutes)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of lines")
    return parser.parse_args(arguments)


# ---- the base ---------------------------------------------------------------------------------------------


def fill(database: Database, corpus: Corpus, passages: int, model: Embedder | None, say: Callable[[str], None]) -> None:
    """Write the articles as published, all as one publication; the row of the state comes last and marks the base as whole."""
    batch: list[list[Text]] = []
    for texts in corpus.articles(passages):
        batch.append(texts)
        if len(batch) == TOGETHER:
            _write(database, batch, model)
            if batch[-1][0].article % 1000 == 999:
                say(f"{batch[-1][0].article + 1:,} articles")
            batch = []
    _write(database, batch, model)
    with database.transaction() as session:
        session.add(IndexState(id=1, generation=1, embedder=NAME))


def _write(database: Database, batch: list[list[Text]], model: Embedder | None) -> None:
    texts = [text for article in batch for text in article]
    if not texts:
        return
    rows = [
        {
            "id": f"a{text.article}#{text.ordinal}", "article_id": f"a{text.article}", "version": 1, "ordinal": text.ordinal,
            "title": text.title, "heading": text.heading, "text": text.text, "generation": 1,
            "audience": "internal" if text.article % 10 == 0 else "public", "category": "", "language": "en",
        }
        for text in texts
    ]  # fmt: skip
    vectors = _vectors(texts, model)
    with database.transaction() as session:
        for article in batch:
            session.add(Article(id=f"a{article[0].article}", status="published", latest_version=1, published_version=1))
        session.flush()
        for article in batch:
            body = "\n\n".join(f"## {text.heading}\n\n{text.text}" for text in article)
            session.add(ArticleVersion(article_id=f"a{article[0].article}", number=1, title=article[0].title, body=body))
        session.execute(insert(Passage), rows)
        made = [
            {"embedder": NAME, "passage_id": row["id"], "vector": vector.tobytes()}
            for row, vector in zip(rows, vectors, strict=True)
        ]
        session.execute(insert(PassageVector), made)


def _vectors(texts: list[Text], model: Embedder | None) -> Any:
    if model:
        return articles.passage_vectors(model, [(text.title, text.heading, text.text) for text in texts])
    vectors = []
    for text in texts:
        topic = np.random.default_rng(text.article % TOPICS).normal(size=DIMENSIONS)
        own = np.random.default_rng([text.article, text.ordinal]).normal(size=DIMENSIONS)
        vector = topic + own
        vectors.append((vector / np.linalg.norm(vector)).astype(np.float32))
    return vectors


def _is_filled(database: Database) -> bool:
    with database.read() as session:
        return session.exec(select(IndexState.id)).first() is not None


# ---- what is measured -------------------------------------------------------------------------------------


def searches(searcher: Searcher, corpus: Corpus, count: int) -> dict[str, float]:
    """Whole searches, one after the other, embedding included."""
    seconds, processor = [], []
    for number in range(count):
        _, question = corpus.question(number)
        began = time.process_time()
        seconds.append(timed(lambda question=question: searcher.search(question))[1])  # type: ignore[misc]
        processor.append(time.process_time() - began)
    return {
        "p50 ms a search": 1000 * statistics.median(seconds),
        "p95 ms a search": 1000 * percentile(seconds, 95),
        "p50 ms of processor a search": 1000 * statistics.median(processor),
        "p95 ms of processor a search": 1000 * percentile(processor, 95),
    }


def stages(searcher: Searcher, corpus: Corpus, count: int) -> dict[str, float]:
    """The parts of a search one by one, on questions of their own."""
    parts: dict[str, list[float]] = {"embedding": [], "words": [], "vectors": []}
    snapshot, _ = searcher._follower.fresh()
    for number in range(count, 2 * count):
        _, question = corpus.question(number)
        vectors, seconds = timed(lambda question=question: searcher.embedder.encode([question]))  # type: ignore[misc]
        parts["embedding"].append(seconds)
        parts["words"].append(timed(lambda question=question: snapshot.match(question, "public"))[1])  # type: ignore[misc]
        parts["vectors"].append(timed(lambda vectors=vectors: searcher.index.query(vectors, audience="public", n=40))[1])  # type: ignore[misc]
    return {
        f"{name} ms {part}": 1000 * value
        for part, found in parts.items()
        for name, value in (("p50", statistics.median(found)), ("p95", percentile(found, 95)))
    }


def fresh(searcher: Searcher, database: Database, model: Embedder, number: int) -> float:
    """Seconds from the end of a publication to the first search that finds it first."""
    word = f"zyx{int(time.time())}{number}"
    with database.transaction() as session:
        saved = articles.save_version(session, None, title=f"About {word}", body=f"What {word} is for.", author="benchmark")
        articles.publish(session, saved.article_id, author="benchmark", embed=model)
    began = time.perf_counter()
    while not any(hit.article == saved.article_id for hit in searcher.search(f"What is {word}")[:1]):
        if time.perf_counter() - began > 60:
            raise RuntimeError("A new article was not found within a minute.")
    return time.perf_counter() - began


def rebuild(searcher: Searcher, database: Database, corpus: Corpus) -> dict[str, float]:
    """The index made anew while one client after the other searches."""
    seconds: list[float] = []
    ended = threading.Event()
    numbers: Iterator[int] = iter(range(10**6, 10**7))

    def ask() -> None:
        while not ended.is_set():
            _, question = corpus.question(next(numbers))
            seconds.append(timed(lambda question=question: searcher.search(question))[1])  # type: ignore[misc]
            time.sleep(0.05)

    client = threading.Thread(target=ask)
    client.start()
    try:
        took = timed(lambda: searcher.index.rebuild(database))[1]
    finally:
        ended.set()
        client.join()
    return {
        "seconds to build the index anew": took,
        "p50 ms a search meanwhile": 1000 * statistics.median(seconds),
        "p95 ms a search meanwhile": 1000 * percentile(seconds, 95),
    }


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What the work gives, and its seconds."""
    began = time.perf_counter()
    result = work()
    return result, time.perf_counter() - began


def percentile(values: list[float], share: int) -> float:
    return float(np.percentile(values, share))


def resident_mib() -> float:
    """What this process holds in memory now; 0 where the system does not say."""
    status = Path("/proc/self/status")
    found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(found.group(1)) / 1024 if found else 0.0


def mib(folder: Path, pattern: str = "**/*") -> float:
    return sum(file.stat().st_size for file in folder.glob(pattern) if file.is_file()) / 2**20


def show(figures: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(figures, indent=1))
        return
    table = Table("figure", "value")
    for name, value in figures.items():
        table.add_row(
            name, f"{value:,.1f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
        )
    Console().print(table)


if __name__ == "__main__":
    main()
