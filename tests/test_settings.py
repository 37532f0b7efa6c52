"""The signing secret: made once, for this account only, and whole whoever comes first."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from triage.settings import Settings, _kept_secret


def test_the_secret_is_made_once_and_kept_private(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    secret = settings.signing_secret()
    assert len(secret) >= 48
    assert [file.name for file in settings.home.iterdir()] == ["secret.key"]
    assert (settings.home / "secret.key").stat().st_mode & 0o777 == 0o600
    assert Settings(home=tmp_path / "home").signing_secret() == secret


def test_processes_that_come_at_once_agree(tmp_path: Path) -> None:
    def come(_: int) -> str:
        return _kept_secret.__wrapped__(tmp_path / "home" / "secret.key")

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(come, range(40)))) == 1
