"""Whether answers and summaries stand in their context, without a language model; see benchmarks.groundedness."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from benchmarks.groundedness import Table, auroc, balanced, by_source, cross_validated, features, left_out, plain, read
from benchmarks.trust.table import Row, at_least

_TARGETS = {"summedits_sales_call": 0.70, "summedits_sales_email": 0.66}  # balanced accuracy
_AREA = {"mtrag_human_faithfulness": 0.97}  # AUROC
_ROUNDS = 3


def measure(folder: Path) -> Iterable[Row]:
    cases = read(folder)
    if not cases:
        return
    table = Table.of(cases, features(cases))
    rounds = [cross_validated(cases, table, seed) for seed in range(_ROUNDS)]
    for source, found in by_source(cases, rounds).items():
        how = f"10-fold by document, {found.rows} rows"
        if source in _TARGETS:
            yield at_least(f"{source}: balanced accuracy", found.balanced, _TARGETS[source], how)
            yield Row(f"{source}: AUROC", f"{found.auroc:.3f}", how=how)
        elif source in _AREA:
            yield at_least(f"{source}: AUROC", found.auroc, _AREA[source], how)
            yield Row(f"{source}: balanced accuracy", f"{found.balanced:.3f}", how=how)
        else:
            yield Row(f"{source}: AUROC", f"{found.auroc:.3f}", how=how)
    for source in dict.fromkeys(case.source for case in cases):
        own = [case for case in cases if case.source == source]
        grounded = np.array([case.grounded for case in own])
        area = auroc(left_out(cases, table, source), grounded)
        yield Row(f"{source}: AUROC, fitted on the others", f"{area:.3f}", how="never seen source")
        found_plain = [plain(case) for case in own]
        whole = np.array([supported for _, supported in found_plain])
        told = f"{auroc(np.array([score for score, _ in found_plain]), grounded):.3f}, {balanced(whole, grounded):.3f}"
        yield Row(f"{source}: AUROC, balanced accuracy of the check of drafts", told, how="no fitted weights")
