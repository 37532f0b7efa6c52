"""Recordings as files: they replay elsewhere, and a file that was cut or changed says so."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.replay.test_replaying import QUESTION, VERIFIED, same, steps_of, with_service, worked
from triage import replay
from triage.errors import InputError
from triage.office import Desk
from triage.replay import files
from triage.replay.recording import Ending, Recording
from triage.settings import load_settings

SQLITE = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)


async def exported(desk: Desk, path: Path) -> str:
    with_service(desk)
    run_id = await worked(desk, QUESTION, **VERIFIED)
    with desk.database.read() as session:
        files.write(replay.of_run(session, run_id), path)
    return run_id


async def test_a_file_replays_on_another_machine(desk: Desk, tmp_path: Path) -> None:
    """Another home has another secret, another company name and no database at all."""
    run_id = await exported(desk, tmp_path / "run.jsonl")
    elsewhere = load_settings(home=tmp_path / "elsewhere", company="Another", mail_from_name="Somebody else", turn_limit=2)
    done = await replay.replay(files.read(tmp_path / "run.jsonl"), elsewhere)
    assert same(steps_of(desk, run_id), done) and not (tmp_path / "elsewhere" / "triage.db").exists()
    assert (tmp_path / "run.jsonl").stat().st_mode & 0o077 == 0


@SQLITE
async def test_a_file_that_was_cut_or_changed_is_refused_with_its_line(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    await exported(desk, path)
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    with pytest.raises(InputError, match="there already"):
        files.write(files.read(path), path)
    for wrong, said in (
        (whole[: len(whole) // 2], "not whole JSON"),
        (b"".join(lines[:-1]), "the end is missing"),
        (b"".join([*lines[:4], *lines[5:]]), "lines are missing"),
        (b"".join([*lines[:4], lines[5], lines[4], *lines[6:]]), "lines are missing, were added or moved"),
        (whole.replace(b"Kalkweg", b"Vinegar", 1), ":3: the line was changed"),
        (b"", "no recording"),
        (b'{"a": 1}\n', "no recording"),
        (whole.replace(b'"version":1', b'"version":9', 1), "version 9"),
        (b"[]\n", "not a JSON object"),
    ):
        path.write_bytes(wrong)
        with pytest.raises(InputError, match=said):
            files.read(path)
    with pytest.raises(InputError, match="cannot be read"):
        files.read(tmp_path / "nowhere")


JSON = st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3), max_leaves=6)  # fmt: skip


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4), st.none() | st.text(max_size=20))
def test_what_is_written_is_read(own: dict[str, object], reply: str | None) -> None:
    import tempfile

    recording = Recording("r", 7, Ending("escalated", None, reply), {"version": 1}, own, [])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.jsonl"
        files.write(recording, path)
        assert files.read(path) == recording
