"""What a kill leaves half done outside the database."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from knowledge_base import index_folder


@pytest.mark.parametrize("mark", ["", '{"chroma.sqlite3": [1', "[]", "null"])
def test_a_half_written_mark_of_an_orderly_end_means_looking_for_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mark: str
) -> None:
    looked: list[object] = []

    def run(*args: object, **kwargs: object) -> SimpleNamespace:
        looked.append(args)
        return SimpleNamespace(returncode=0, stdout="")

    monkeypatch.setattr(index_folder.subprocess, "run", run)
    (tmp_path / "chroma").mkdir()
    (tmp_path / "clean.json").write_text(mark)
    assert index_folder.check(tmp_path) is None and len(looked) == 1
    assert not (tmp_path / "clean.json").exists()
    index_folder.mark_clean(tmp_path)
    assert index_folder.check(tmp_path) is None and len(looked) == 1
