from knowledge_base.lexical import words


def test_identifiers_are_compared_exactly_and_words_by_stem() -> None:
    assert {word.key for word in words("Cleaning errors E6, LF-10293 and 4.3.0")} >= {"clean", "error", "e6", "lf10293", "4.3.0"}
    assert [word.identifier for word in words("E6 broken 2026")] == [True, False, False]
