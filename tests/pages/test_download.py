"""Files that are made on demand: still there when a slow browser comes for them."""

from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.runtime import get_instance
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.testing.v1 import AppTest

from pages.parts import download as module
from pages.parts.download import download

FILES: list[MediaFileManager] = []


def _page() -> None:
    from tests.pages.test_download import offer

    offer()


def offer() -> None:
    FILES.append(get_instance().media_file_mgr)
    download("CSV", lambda: "täglich,1\n", "days.csv", "text/csv", key="days")


def offered() -> tuple[MediaFileManager, str]:
    """What keeps the files, and what the browser asks for when the button is clicked."""
    page = AppTest.from_function(_page).run()
    proto: Any = page.get("download_button")[0].proto
    return FILES[-1], proto.deferred_file_id


def test_a_file_outlives_pages_that_are_drawn_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    files, button = offered()
    monkeypatch.setattr(module, "get_instance", lambda: SimpleNamespace(media_file_mgr=files))
    address = files.execute_deferred(button)
    for _ in range(5):
        files.remove_orphaned_files()  # as at the end of each drawing of anybody's page
    kept = files.read_file(address.rpartition("/")[2])
    assert kept and (kept.content, kept.mimetype, kept.filename) == ("täglich,1\n".encode(), "text/csv", "days.csv")


def test_a_file_goes_with_its_page(monkeypatch: pytest.MonkeyPatch) -> None:
    files, button = offered()
    monkeypatch.setattr(module, "get_instance", lambda: SimpleNamespace(media_file_mgr=files))
    address = files.execute_deferred(button)
    files.clear_session_refs("test session id")
    for _ in range(2):
        files.remove_orphaned_files()
    assert files.read_file(address.rpartition("/")[2]) is None
