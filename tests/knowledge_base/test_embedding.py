from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from knowledge_base import embedding, minilm
from knowledge_base.embedding import DIMENSIONS, Embedder, as_encoder
from triage.database import suspense
from triage.database.suspense import Suspended
from triage.errors import SettingsError


def test_vectors_have_unit_length_and_mean_something(real_embedder: Embedder) -> None:
    vectors = real_embedder.encode(
        ["How do I descale my machine?", "descaling the espresso maker", "My bank reversed the payment"]
    )
    assert vectors.shape == (3, DIMENSIONS) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > 0.5 > vectors[0] @ vectors[2] + 0.2


def test_a_text_has_the_same_vector_alone_and_in_a_batch(real_embedder: Embedder) -> None:
    texts = [f"sentence {n} " + "with some more words " * (n % 7) for n in range(40)]
    alone = np.stack([real_embedder.encode([text])[0] for text in texts])
    assert np.allclose(real_embedder.encode([*texts, "another"])[:-1], alone, atol=1e-5)


def test_threads_share_it(real_embedder: Embedder) -> None:
    texts = [f"question number {n}" for n in range(60)]
    expected = real_embedder.encode(texts)
    with ThreadPoolExecutor(8) as pool:
        found = np.stack(list(pool.map(lambda text: real_embedder.encode([text])[0], texts)))
    assert np.allclose(found, expected, atol=1e-5)


def test_nothing_and_very_long_texts(real_embedder: Embedder) -> None:
    assert real_embedder.encode([]).shape == (0, DIMENSIONS)
    assert np.isfinite(real_embedder.encode(["", "word " * 5000])).all()


def test_an_altered_model_is_refused() -> None:
    with pytest.raises(SettingsError, match="not the published file"):
        minilm.package_file("tokenizer.json", "0" * 64)


def test_a_damaged_export_is_made_again(tmp_path: Path, real_embedder: Embedder) -> None:
    path = minilm.onnx_file(tmp_path)
    path.write_bytes(path.read_bytes()[:1000])
    assert np.allclose(Embedder(tmp_path).encode(["again"]), real_embedder.encode(["again"]), atol=1e-6)


def test_a_function_can_stand_for_an_embedder(real_embedder: Embedder) -> None:
    assert (
        as_encoder(real_embedder.encode).name == as_encoder(lambda texts: real_embedder.encode(texts)).name == real_embedder.name
    )


def test_long_embedding_suspends_and_is_remembered(real_embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"a question that nobody asked before, number {n}" for n in range(20)]  # more than one search has
    monkeypatch.setattr(embedding, "_MOMENT", 0.0)
    with pytest.raises(Suspended) as lacking:
        suspense.begin(lambda: real_embedder.encode(texts))
    lacking.value.make()
    found = suspense.begin(lambda: real_embedder.encode(texts))
    assert np.array_equal(found, real_embedder.encode(texts))


def test_short_embedding_does_not(real_embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    real_embedder.encode(["how long it takes is known from now on"])
    monkeypatch.setattr(embedding, "_MOMENT", 60.0)
    assert suspense.begin(lambda: real_embedder.encode(["a question of a few words"])).shape[0] == 1
