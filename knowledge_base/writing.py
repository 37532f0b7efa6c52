"""A text in work, placed among the passages of a search as if it were published; nothing is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from knowledge_base.articles import passage_vectors
from knowledge_base.chunking import chunks
from knowledge_base.embedding import Encoder
from knowledge_base.following import Entry, Snapshot
from knowledge_base.passages import PassageRow, long_words
from knowledge_base.postings import Vocabulary
from triage.errors import EmbedderUnavailable
from triage.models import now

NEW = "this-text"  # the id of a text that is no article yet


@dataclass(frozen=True)
class Written:
    """A title and a body being written; `article` is the one that it would replace, empty for a new one."""

    title: str
    body: str
    article: str = ""
    language: str = "en"
    audience: str = "public"
    category: str = ""
    kind: str = "article"
    product: Sequence[str] = ()

    @property
    def id(self) -> str:
        return self.article or NEW

    def passages(self, embedder: Encoder, audience: str) -> list[PassageRow]:
        """Cut and embedded as a publication would; none when the audience may not read it, by words alone without an embedder."""
        readable = audience in ("internal", self.audience)
        pieces = chunks(self.title, self.body) if readable and self.body.strip() else []
        try:
            vectors = [row.tobytes() for row in passage_vectors(embedder, [(self.title, p.heading, p.text) for p in pieces])]
        except EmbedderUnavailable:
            vectors = [b""] * len(pieces)
        return [
            PassageRow(
                f"{self.id}#{n}", self.id, 0, self.title, piece.heading, piece.text, self.language, self.audience, self.category,
                self.kind, self.product, vector, long_words(f"{self.title} {piece.heading}"), now().date(),
            )
            for n, (piece, vector) in enumerate(zip(pieces, vectors, strict=True))
        ]  # fmt: skip

    def into(self, snapshot: Snapshot, passages: Sequence[PassageRow]) -> Snapshot:
        """The words of the base with these passages in the place of the article's. The base's own stay as they are."""
        if snapshot.postings is None:
            return snapshot
        vocabulary = Vocabulary(snapshot.postings.vocabulary.names)
        entries = [Entry.read(vocabulary, passage) for passage in passages]
        gone = [id for id in snapshot.rows if id.rpartition("#")[0] == self.id]
        generation, everything = snapshot.generation, len(snapshot.ids) + len(entries)
        return replace(snapshot.after(vocabulary, generation, entries, gone, loose=everything), common=snapshot.common)

    def among(self, rows: Mapping[str, PassageRow], passages: Sequence[PassageRow]) -> dict[str, PassageRow]:
        """The rows that were read, with these passages in the place of the article's."""
        others = {id: row for id, row in rows.items() if row.article_id != self.id}
        return others | {passage.id: passage for passage in passages}
