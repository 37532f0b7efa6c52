"""SQLite and PostgreSQL give the same figures."""

import pytest
from sqlmodel import Session

from tests.learning.conftest import NOW, fill
from triage.database import Database
from triage.learning.metrics import METRICS, Window, cases, report, series, slices
from triage.learning.metrics.reports import failures, outcomes
from triage.models import clock_at


def test_both_databases_agree(database: Database, session: Session, window: Window) -> None:
    with clock_at(NOW), database.transaction() as own:
        fill(own)
        for expected, found in zip(report(session, window, by="category"), report(own, window, by="category"), strict=True):
            assert found["numerator"] == expected["numerator"] and found["denominator"] == expected["denominator"]
            assert found["value"] == (None if expected["value"] is None else pytest.approx(expected["value"], rel=1e-6))
            assert [(s["category"], s["numerator"]) for s in found["by"]] == [
                (s["category"], s["numerator"]) for s in expected["by"]
            ]
        for name, metric in METRICS.items():
            assert len(cases(own, name, window)) == len(cases(session, name, window))
            assert [f.numerator for _, f in series(own, name, window)] == [f.numerator for _, f in series(session, name, window)]
            for by in (*metric.breakdowns, *metric.splits):
                assert [(s.key, s.figure.numerator) for s in slices(own, name, window, by=by)] == [
                    (s.key, s.figure.numerator) for s in slices(session, name, window, by=by)
                ]
        assert outcomes(own, window) == outcomes(session, window)
        assert failures(own, window) == failures(session, window)
