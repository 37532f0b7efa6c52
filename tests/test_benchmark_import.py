"""The measurement of large imports measures a real import."""

import json

import pytest

from benchmarks import import_scale


def test_a_small_import_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    import_scale.main(["--articles", "12", "--vectors", "made", "--json"])
    figures = json.loads(capsys.readouterr().out)
    assert figures["outcome"] == "done: 12 taken" and figures["outcome of a second import"] == "done: 12 same"
    assert figures["seconds to import and publish"] > 0 and figures["searches meanwhile"] > 0
