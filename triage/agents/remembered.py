"""What a model said before, by what it was asked."""

from typing import Generic, TypeVar

Said = TypeVar("Said")


class Remembered(Generic[Said]):
    """Answers of a model by a digest of the request; the oldest goes when `most` are kept."""

    def __init__(self, most: int = 2_000) -> None:
        self._most, self._said = most, dict[str, Said]()

    def get(self, key: str) -> Said | None:
        return self._said.get(key)

    def keep(self, key: str, said: Said) -> None:
        self._said[key] = said
        while len(self._said) > self._most:
            self._said.pop(next(iter(self._said)), None)
