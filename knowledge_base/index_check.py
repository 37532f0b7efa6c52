"""Opens an index and asks it something; run as a child process by `index.check`, which survives what this may not."""

import sys


def problem(path: str) -> str | None:
    """None when every collection counts, gives back and finds its vectors; else what is wrong in one line."""
    import chromadb
    from chromadb.config import Settings

    client = chromadb.PersistentClient(path, settings=Settings(anonymized_telemetry=False))
    for collection in client.list_collections():
        count = collection.count()
        if not count:
            continue
        sample = collection.get(limit=5, include=["embeddings"])
        vectors = sample["embeddings"]
        if vectors is None or len(vectors) != min(count, 5):
            return f"{collection.name} counts {count} passages and gives back {0 if vectors is None else len(vectors)}"
        found = collection.query(query_embeddings=vectors, n_results=min(count, 10), include=["distances"])
        if any(len(ids) < min(count, 10) for ids in found["ids"]):
            return f"{collection.name} counts {count} passages and finds fewer"
    return None


def main() -> int:
    try:
        found = problem(sys.argv[1])
    except Exception as error:  # the parent wants one line, whatever went wrong
        found = f"{type(error).__name__}: {error}".splitlines()[0]
    if found:
        print(found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
