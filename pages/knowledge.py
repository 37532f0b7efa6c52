"""Knowledge: what replies may be grounded in; looked through and searched by all, kept by administrators."""

import streamlit as st

from pages.parts import office, screen
from pages.parts.article import NEW, article, suggestion
from pages.parts.article_list import article_list
from pages.parts.edit_list import edit_list
from pages.parts.knowledge_gaps import improving
from pages.parts.knowledge_import import panel
from pages.parts.knowledge_synonyms import synonym_list
from pages.parts.markup import card, show
from pages.parts.search_hits import hits
from pages.parts.search_state import search_state
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import TriageError
from triage.library import assisted, trial
from triage.models import User


def main() -> None:
    with screen.page("Knowledge", Permission.READ_KNOWLEDGE, note="Replies state nothing that does not stand here.") as user:
        chosen = st.query_params.get("article", "")
        if chosen and (chosen != NEW or access.may(user, Permission.EDIT_KNOWLEDGE)):
            article(user, chosen)
            return
        editor = access.may(user, Permission.EDIT_KNOWLEDGE)
        parts = {"": "Articles", "search": "Test search"}
        parts |= {"gaps": "Gaps and health"} if access.may(user, Permission.SEE_FIGURES) else {}
        parts |= {"edits": "Edits"}
        parts |= {"synonyms": "Synonyms", "import": "Import and export"} if editor else {"suggest": "Suggest an article"}
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            part = screen.chips("Part", "part", parts)
            if editor:
                st.button("New article", key="new_article", type="primary", on_click=lambda: screen.go(article=NEW))
        search_state()
        if part == "suggest":
            suggestion(user, None)
        else:
            {"search": _search, "gaps": improving, "edits": edit_list, "synonyms": synonym_list, "import": panel}.get(
                part, article_list
            )(user)


# ---- test search ------------------------------------------------------------------------------------------


def _search(user: User) -> None:
    left, right = st.columns([3, 1], gap="small", vertical_alignment="center")
    with left:
        query = screen.words_filter("Question", "q", "A customer's question, an error code, a few words")
    with right:
        internal = st.toggle(
            "Internal articles too",
            key="search_internal",
            help="Agents never see internal articles when they write to customers.",
        )
        model = assisted.available(office.desk()) and st.toggle(
            "With the model",
            key="search_model",
            help="The model puts the question into the help centre's words and judges the passages: at most two calls, within the day's budget.",
        )
    if not query:
        screen.empty(
            "What would the agents be given?",
            "Type a question as a customer would ask it. You see the passages, how well they fit, and why.",
        )
        return
    try:
        with st.spinner("Searching…"):
            if model:
                tried = assisted.search(office.desk(), query, internal=internal)
            else:
                tried = trial.try_search(office.desk().searcher, query, internal=internal)
    except TriageError as error:
        screen.empty("The search does not work right now", str(error))
        return
    office.do(lambda session: trial.record(session, user, query, tried))
    show(card(hits(tried, scores=access.may(user, Permission.EDIT_KNOWLEDGE)), title=f"What agents would be given for “{query}”"))


main()
