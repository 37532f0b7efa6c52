"""Whether the desk knows what it cannot answer; see benchmarks.answerability."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from benchmarks.answerability import cross_validated, judge_without_weights, read, summed
from benchmarks.trust.table import Row, at_least

_ROUNDS = 3


def measure(folder: Path) -> Iterable[Row]:
    cases = read(folder)
    if not cases:
        return
    judge = judge_without_weights()
    seen = [judge.features(case.question, case.passages, case.history) for case in cases]
    real = [n for n, case in enumerate(cases) if not case.made]
    rounds = [cross_validated(cases, seen, seed) for seed in range(_ROUNDS)]
    found = [summed([cases[n] for n in real], [decided[n] for n in real]) for decided in rounds]
    how = f"10-fold by conversation, {len(real)} questions"
    yield at_least("mtragun_answerability: macro-F1, answer or not", float(np.mean([one.macro for one in found])), 0.75, how)
    yield Row("mtragun_answerability: macro-F1, answer, ask or abstain", f"{np.mean([one.three for one in found]):.3f}", how=how)
    yield Row("mtragun_answerability: calibration error", f"{np.mean([one.gap for one in found]):.3f}", how=how)
