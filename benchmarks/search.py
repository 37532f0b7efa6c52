"""How well searches find: `python -m benchmarks.search`, or `make bench-search`.

For every evaluation set (corpus.jsonl, queries.jsonl, qrels.tsv) in the folder that TRIAGE_DATA names: customary
baselines, our search, our search without one step at a time, and with weights fitted on the other sets. Each set is
searched by the desk's own searcher over a knowledge base made of it. At last questions in other languages are asked of
an English base. Vectors are kept in the folder TRIAGE_DATA_CACHE, so that a second run is quick; only our search is timed.
"""

import argparse
import json
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import fit, languages
from benchmarks.contestants import BM25, SHOWN, Reranked, Search, ablations, customary, ours, timed
from benchmarks.corpora import Base, Corpus, corpora, data_folder, opened
from benchmarks.kept import cache_folder
from benchmarks.measures import Quality, quality
from knowledge_base.steps import Steps

Results = dict[str, Quality]


def main(arguments: list[str] | None = None) -> None:
    """Measure every set and print a table each, or JSON."""
    options = _options(arguments)
    folder = data_folder(options.data)
    if folder is None:
        print("Skipped: no evaluation data. Set TRIAGE_DATA to a folder with NAME/corpus.jsonl, queries.jsonl and qrels.tsv.")
        return
    console = Console(stderr=options.json)
    console.width = max(console.width, 120)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="triage-bench-") as passing:
        places = Path(passing), cache_folder(options.cache)
        report: dict[str, Any] = {}
        chosen = [corpus for corpus in corpora(folder) if not options.only or corpus.name in options.only]
        elsewhere = _fitted_elsewhere(chosen, *places) if len(chosen) > 1 and not options.quick else {}
        for corpus in chosen:
            with opened(corpus, *places) as base:
                size = sum(file.stat().st_size for file in (base.desk.settings.home / "index").rglob("*") if file.is_file())
                results = _measured(corpus, base, elsewhere.get(corpus.name), quick=options.quick)
                if not options.quick:
                    results |= _in_six(corpus, base, *places)
                report[corpus.name] = {"index_mib": size / (1 << 20)} | {name: asdict(found) for name, found in results.items()}
                if not options.json:
                    console.print(_table(corpus, results, size))
    if not options.quick:
        with languages.english_base() as desk:
            report["languages"] = languages.hit_rates(desk)
        if not options.json:
            console.print(languages.table(report["languages"]))
    if options.json:
        print(json.dumps(report, indent=2))
    console.print(f"{time.monotonic() - began:.0f} s")


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description="How well searches find.")
    parser.add_argument("--data", type=Path, help="folder of evaluation sets; default: TRIAGE_DATA")
    parser.add_argument("--cache", type=Path, help="folder that keeps vectors for the next run; default: TRIAGE_DATA_CACHE")
    parser.add_argument("--only", nargs="+", help="names of the sets to measure")
    parser.add_argument("--quick", action="store_true", help="our search alone")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    return parser.parse_args(arguments)


def _measured(corpus: Corpus, base: Base, elsewhere: dict[str, float] | None, *, quick: bool) -> Results:
    """Ours is timed as a desk searches, embedding included; what is compared with it takes vectors that are kept."""
    timing = _judged(corpus, ours(base.desk.searcher, Steps()), clock=True)
    if quick:
        return {"ours": timing}
    results = {
        name: _judged(corpus, search, clock=isinstance(search, BM25)) for name, search in customary(corpus, base.quick).items()
    }
    reranked = Reranked(base.quick)
    results["ours"] = timing
    results |= {name: _judged(corpus, search) for name, search in ablations(base.quick, reranked).items()}
    if elsewhere:
        results["  weights of the other sets"] = _judged(corpus, reranked(Steps(), elsewhere))
    slips = corpus.misspelt()
    results["misspelt: ours"] = _judged(slips, ours(base.quick, Steps()))
    results["misspelt: without spelling"] = _judged(slips, ours(base.quick, Steps.without("spelling")))
    return results


def _in_six(corpus: Corpus, base: Base, folder: Path, cache: Path) -> Results:
    """What the first six passages hold, where two questions are asked at once and where the base says everything twice."""
    pairs, copied = corpus.paired(), corpus.copied()
    results = {
        "two questions, 6 passages: ours": _judged(pairs, ours(base.quick, Steps(), SHOWN)),
        "two questions, 6 passages: without spread": _judged(pairs, ours(base.quick, Steps.without("spread"), SHOWN)),
    }
    with opened(copied, folder, cache) as twice:
        return results | {
            "all twice, 6 passages: ours": _judged(copied, ours(twice.quick, Steps(), SHOWN)),
            "all twice, 6 passages: without folding": _judged(copied, ours(twice.quick, Steps.without("folding"), SHOWN)),
        }


def _judged(corpus: Corpus, search: Search, *, clock: bool = False) -> Quality:
    queries = [text for _, text in corpus.judged]
    for text in queries[:5]:
        search(text)  # what is loaded at the first search is not the search's
    found, seconds = timed(search, queries)
    return quality(found, [corpus.relevant[id] for id, _ in corpus.judged], seconds if clock else ())


def _fitted_elsewhere(chosen: list[Corpus], folder: Path, cache: Path) -> dict[str, dict[str, float]]:
    """For each set the weights fitted on all others, each as it is and in its harder variation."""
    parts: dict[str, list[fit.Lists]] = {}
    for corpus in chosen:
        parts[corpus.name] = []
        for variant in fit.variants(corpus):
            with opened(variant, folder, cache) as base:
                parts[corpus.name].append(fit.lists(base.quick, variant))
    return {
        corpus.name: fit.fit(fit.joined([part for name, of in parts.items() if name != corpus.name for part in of]))
        for corpus in chosen
    }


def _table(corpus: Corpus, results: Results, size: int) -> Table:
    base = max((found.recall10 for name, found in results.items() if name.startswith("BM25")), default=0.0)
    title = f"{corpus.name}: {len(corpus.documents)} documents, {len(corpus.judged)} questions, index {size / (1 << 20):.1f} MiB"
    shown = Table(title=title, title_justify="left")
    shown.add_column("search")
    for name in ("nDCG@10", "MRR", "R@5", "R@10", "R@10 ×\nbest BM25", "p50 ms", "p95 ms"):
        shown.add_column(name, justify="right")
    for name, found in results.items():
        values = [f"{value:.3f}" for value in (found.ndcg, found.mrr, found.recall5, found.recall10)]
        times = [f"{value * 1000:.1f}" if value else "" for value in (found.p50, found.p95)]
        shown.add_row(name, *values, f"{found.recall10 / base:.2f}" if base else "", *times)
    return shown


if __name__ == "__main__":
    main()
