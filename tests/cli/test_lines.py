"""JSON Lines as anybody may write them: a line that cannot be used is named, and the next one is read."""

from pathlib import Path

import pytest

from triage.cli import lines
from triage.errors import InputError


@pytest.mark.parametrize(
    "bad", [b"[" * 200_000, b'{"a":' + b"1" * 5_000 + b"}", b"\xff\x00\xfe", b'{"text":"\\uD800"}', b"[]"], ids=range(5)
)  # fmt: skip
def test_a_hostile_line_is_named_and_the_next_one_read(tmp_path: Path, bad: bytes) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(bad + b'\n{"text":"\\ud83d\\ude00"}\n')
    (first, error), (second, value) = lines.read(path)
    assert isinstance(error, InputError) and f"{path}:1" in str(error) and ";" in str(error)
    assert (first, second, value) == (1, 2, {"text": "😀"})
