"""A knowledge base of any size, made from a seed: words by Zipf's law, articles about topics, questions about articles.

The words are the whole words of the embedder's own vocabulary, so that a text costs the tokeniser and the model what an
English one does.
"""

import json
import random
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from knowledge_base import minilm

TOPICS, TOPIC_WORDS = 2000, 30
EXPONENT = 1.07  # of Zipf's law, as measured on English text
PASSAGES = 10  # of an article
SHARE = 0.35  # of words that belong to the article's topic


@dataclass(frozen=True)
class Text:
    """One passage of an article."""

    article: int
    ordinal: int
    title: str
    heading: str
    text: str


class Corpus:
    """Articles by number; the same seed gives the same texts."""

    def __init__(self, seed: int = 7) -> None:
        self.seed = seed
        tokenizer = json.loads(minilm.package_file("tokenizer.json", minilm.TOKENIZER_SHA256).read_text("utf-8"))
        numbered = sorted(tokenizer["model"]["vocab"].items(), key=lambda item: item[1])
        self.words = [word for word, _ in numbered if word.isascii() and word.isalpha() and len(word) > 1]
        self._weights = list(accumulate(1 / rank**EXPONENT for rank in range(1, len(self.words) + 1)))
        chooser = random.Random(seed)
        self._topics = [chooser.sample(self.words[300:], TOPIC_WORDS) for _ in range(TOPICS)]

    def article(self, number: int) -> list[Text]:
        """The passages of an article, of 40 to 160 words each."""
        chooser = random.Random(f"{self.seed}/{number}")
        topic = self._topics[number % TOPICS]
        title = " ".join(chooser.choices(topic, k=4)).capitalize() + f" {self._code(chooser)}"
        return [
            Text(number, n, title, " ".join(chooser.choices(topic, k=3)).capitalize(), self._passage(chooser, topic))
            for n in range(PASSAGES)
        ]

    def articles(self, passages: int) -> Iterator[list[Text]]:
        """Articles with about so many passages together."""
        for number in range(-(-passages // PASSAGES)):
            yield self.article(number)

    def question(self, number: int) -> tuple[int, str]:
        """An article and a question about it: seven in ten of a line, the others as long as a mail, up to 200 words."""
        chooser = random.Random(f"{self.seed}/question/{number}")
        length = chooser.choice([6, 8, 9, 10, 12, 14, 16, 30, 60, 200])
        article = chooser.randrange(TOPICS)
        topic = self._topics[article]
        return article, " ".join(self._word(chooser, topic) for _ in range(length)).capitalize() + "?"

    def _passage(self, chooser: random.Random, topic: list[str]) -> str:
        sentences, left = [], chooser.randint(40, 160)
        while left > 0:
            length = min(left, chooser.randint(6, 18))
            sentences.append(" ".join(self._word(chooser, topic) for _ in range(length)).capitalize() + ".")
            left -= length
        if chooser.random() < 0.1:
            sentences.append(f"See {self._code(chooser)}.")
        return " ".join(sentences)

    def _word(self, chooser: random.Random, topic: list[str]) -> str:
        if chooser.random() < SHARE:
            return chooser.choice(topic)
        return self.words[bisect_left(self._weights, chooser.random() * self._weights[-1])]

    @staticmethod
    def _code(chooser: random.Random) -> str:
        return f"{chooser.choice('ABCDEFGH')}{chooser.choice('KLMNPQ')}-{chooser.randint(100, 9999)}"
