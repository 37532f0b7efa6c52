"""The traces screen: whose runs one sees, and one run with its story and its steps."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.pages.desk import html, open_small_desk, opened
from triage.models import Role


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with open_small_desk(tmp_path_factory.mktemp("traces")) as opened_desk:
        yield opened_desk


def test_staff_see_the_runs_of_their_own_tickets_only(desk: Any) -> None:
    assert "1 run" in html(opened(desk, "traces.py", Role.STAFF))
    assert "2 runs" in html(opened(desk, "traces.py", Role.MANAGER))
    refused = html(opened(desk, "traces.py", Role.STAFF, run="other"))
    assert "somebody else" in refused and "parcel" not in refused


def test_a_run_tells_its_story(desk: Any) -> None:
    shown = html(opened(desk, "traces.py", Role.STAFF, run="mine"))
    assert "The writer drafted 1 sentence, 1 of them with a source." in shown
    assert "Choose a step above" in shown


def test_a_step_shows_exactly_what_went_in_and_came_out_as_text(desk: Any) -> None:
    shown = html(opened(desk, "traces.py", Role.ADMIN, run="other", step="0"))
    assert "Asked with &lt;script&gt;alert(1)&lt;/script&gt; inside" in shown and "<script>" not in shown
    assert "Open Plan." in shown
    assert "Where is my &lt;b&gt;parcel&lt;/b&gt;?" in shown


@pytest.mark.parametrize(
    "address", [{"run": "nope"}, {"ticket": "999"}, {"outcome": "x", "page": "-1", "days": "q"}, {"view": "failed"}]
)
def test_odd_addresses_are_answered_in_words(desk: Any, address: dict[str, str]) -> None:
    shown = html(opened(desk, "traces.py", Role.ADMIN, **address))
    assert "no run" in shown or "No run fits" in shown or "2 runs" in shown
