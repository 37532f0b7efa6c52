import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_base.index_memory import MemoryClient, MemoryCollection

IDS = st.sampled_from([f"p{n}" for n in range(12)])


def unit(seed: int) -> np.ndarray:  # type: ignore[type-arg]
    vector = np.random.default_rng(seed).normal(size=8).astype(np.float32)
    return vector / np.linalg.norm(vector)  # type: ignore[no-any-return]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.dictionaries(IDS, st.integers(0, 99), max_size=6), st.sets(IDS, max_size=4)), max_size=6),
    st.integers(1, 15),
)
def test_it_finds_the_nearest_after_any_changes(changes: list[tuple[dict[str, int], set[str]]], n: int) -> None:
    collection, held = MemoryCollection("c", {}), dict[str, int]()
    for written, gone in changes:
        if written:
            collection.upsert(ids=list(written), embeddings=np.stack([unit(seed) for seed in written.values()]))
        collection.delete(ids=sorted(gone))
        held = {id: seed for id, seed in {**held, **written}.items() if id not in gone}
    query = unit(1000)
    (found,) = collection.query(query_embeddings=query[None], n_results=n, include=[])["ids"]
    near = {id: float(unit(seed) @ query) for id, seed in held.items()}
    assert collection.count() == len(held) and set(collection.get(include=[])["ids"]) == set(held)
    assert np.allclose([near[id] for id in found], sorted(near.values(), reverse=True)[:n], atol=1e-6)


def test_collections_are_told_apart_by_name() -> None:
    client = MemoryClient()
    first = client.create_collection("a", metadata={"generation": 1}, configuration={}, embedding_function=None)
    client.create_collection("b", metadata={})
    first.modify(name="c")
    first.modify(metadata={"generation": 2})
    client.delete_collection("b")
    assert [(collection.name, collection.metadata) for collection in client.list_collections()] == [("c", {"generation": 2})]
