"""What searches still wait for, on the Knowledge screen: an index or vectors in the making, a model that is missing."""

import streamlit as st

from knowledge_base import building, vectors
from pages.parts import office, words
from pages.parts.markup import card, mute, show, tag
from triage.models import IndexBuild


def search_state() -> None:
    """A line for each build at work, with how far it is; nothing when all is ready."""
    st.fragment(_drawn, run_every="2s" if office.read(building.running) else None)()


def _drawn() -> None:
    embedder = office.desk().embedder
    builds = office.read(building.running)
    for build in builds:
        _progress(build)
    if embedder.problem:
        show(card(tag("b", "Searches go by words only"), mute(f" {embedder.problem}"), tone="w"))
    waiting = office.read(lambda session: vectors.lacking(session, embedder.name))
    if waiting > 0 and not builds:
        show(
            card(
                mute(
                    f"{words.plural(waiting, 'passage')} of {embedder.name} wait for their vectors: until then they are found by words."
                )
            )
        )


def _progress(build: IndexBuild) -> None:
    title = "New vectors are being made" if build.kind == "vectors" else "The search index is being made anew"
    st.progress(
        min(1.0, build.done / max(1, build.total)), text=f"{title}; searches go on. {building.in_words(build).capitalize()}"
    )
