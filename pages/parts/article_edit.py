"""Writing in an article: the fields on the left; preview, passages, test search and checks beside them.

What is typed is kept in the database moments later, for this person and this article. Typing redraws only this part.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import uuid4

import streamlit as st

from pages.parts import office, screen, state, words
from pages.parts.article_beside import beside
from pages.parts.difference import inline, side_by_side
from pages.parts.editor import Typed, editor
from pages.parts.markup import card, join, mute, show, tag
from triage.library import editing, listing, merge
from triage.library.article import ArticleView
from triage.library.editing import NEW, OtherTab, Text
from triage.models import ArticleVersion, User

_LANGUAGES = [code for code in words.LANGUAGE if code != "und"]
_AUDIENCES = {"public": "Customers", "internal": "The team only"}


@dataclass
class Work:
    """What this tab is writing: the texts, where they started from, and what of them is kept."""

    article: str
    base: int
    revision: int
    title: str
    body: str
    note: str
    meta: dict[str, Any]
    load: str = field(default_factory=lambda: uuid4().hex[:12])
    follows: str = ""
    thrown_away: bool = False
    acked: int = 0
    other_tab: bool = False
    wants_save: bool = False
    aside: tuple[str, str] | None = None

    @property
    def text(self) -> Text:
        return Text(self.title, self.body, self.note, self.meta)

    def put(self, title: str, body: str, *, base: int) -> None:
        """Other texts into the fields."""
        self.title, self.body, self.base = title, body, base
        self.follows, self.load, self.thrown_away = self.load, uuid4().hex[:12], False


def edit(user: User, view: ArticleView | None, *, original: ArticleView | None = None) -> None:
    """The editor of an article, of a new one, or of the translation of `original`."""
    key = view.row.id if view else f"{NEW}:{original.row.id}" if original else NEW
    if f"work_{key}" not in st.session_state:
        st.session_state[f"work_{key}"] = _begun(user, key, view, original)
        st.session_state[f"work_{key}"].thrown_away = st.session_state.pop(f"thrown_{key}", False)
    _desk(user, view, cast(Work, st.session_state[f"work_{key}"]))


@st.fragment
def _desk(user: User, view: ArticleView | None, work: Work) -> None:
    latest = _latest(view)
    if latest and latest.number > work.base and not work.revision:  # nothing was typed yet: go on with the newest text
        work.put(latest.title, latest.body, base=latest.number)
    _news(user, work, latest)
    left, right = st.columns([1.08, 1], gap="medium")
    with left, st.container(key="box_editor"):
        # (the fields' own key changes with the article, so that no article ever shows another one's text)
        editor(
            f"fields_{work.article}",
            _data(user, work),
            on_typed=lambda typed: _typed(user, work, typed),
            on_save=lambda: _want_save(work),
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            pressed = st.button("Save draft", key=f"edit_{work.article}_save", type="primary", shortcut="Ctrl+S")
            _start_over(user, view, work)
        if pressed or work.wants_save:
            work.wants_save = False
            _save(user, view, work)
        _properties(user, work, new=view is None)
    with right, st.container(key="box_beside"):
        beside(view, work.title, work.body, work.meta)


def _begun(user: User, key: str, view: ArticleView | None, original: ArticleView | None) -> Work:
    """What the person wrote before, else the newest version, else the text to translate, else nothing."""
    copy = office.read(lambda session: editing.copy_of(session, user, key))
    source = view or original
    meta: dict[str, Any] = {
        "category": source.category if source else "", "language": source.row.language if source else "en",
        "owner": source.row.owner if source else user.name, "labels": list(source.labels) if view and source else [],
        "product": list(source.product) if source else [],
    }  # fmt: skip
    if view is None:
        meta |= {"audience": original.row.audience if original else "public"}
    if original:
        meta |= {
            "translation_of": original.row.id,
            "language": next((code for code in _LANGUAGES if code not in _taken(original)), "en"),
        }
    if copy:
        return Work(key, copy.base, copy.revision, copy.title, copy.body, copy.note, meta | dict(copy.meta))
    latest = source.latest if source else None
    return Work(key, view.row.version if view else 0, 0, latest.title if latest else "", latest.body if latest else "", "", meta)


def _taken(original: ArticleView) -> set[str]:
    return {original.row.language, *(translation.language for translation in original.translations)}


def _data(user: User, work: Work) -> dict[str, Any]:
    status = "Kept as you type; not saved as a version yet." if work.revision else "Nothing changed yet."
    return {
        "user": user.id, "article": work.article, "title": work.title, "body": work.body, "note": work.note, "base": work.base,
        "load": work.load, "follows": work.follows, "acked": work.acked, "status": status,
        "drop": work.thrown_away,
    }  # fmt: skip


# ---- keeping ----------------------------------------------------------------------------------------------


def _typed(user: User, work: Work, typed: Typed) -> None:
    """The browser sent what was typed. It counts as kept only once the database has it."""
    work.title, work.body, work.note = typed.title, typed.body, typed.note
    work.base = min(work.base, typed.base) if typed.base else work.base
    if _keep(user, work):
        work.acked = typed.seq


def _keep(user: User, work: Work) -> bool:
    try:
        work.revision = office.desk().database.run_now(
            lambda session: editing.keep(session, user, work.article, work.text, base=work.base, revision=work.revision)
        )
    except OtherTab:
        work.other_tab = True
        return False
    return True


def _want_save(work: Work) -> None:
    work.wants_save = True


def _save(user: User, view: ArticleView | None, work: Work) -> None:
    article_id = view.row.id if view else None
    if article_id and office.read(lambda session: editing.is_saved(session, article_id, work.text)):
        office.toast("Nothing changed since the newest version.")
        _drop(user, work)
        st.rerun()
    saved = office.attempt(lambda session: editing.finish(session, user, work.article, work.text, base=work.base))
    if saved:
        _saved(work, saved, new=view is None)
    st.rerun()


def _saved(work: Work, saved: ArticleVersion, *, new: bool) -> None:
    if new:
        st.session_state.pop(f"work_{work.article}", None)
    else:
        work.note, work.revision, work.aside = "", 0, None
        work.put(saved.title, saved.body, base=saved.number)
    screen.go(article=saved.article_id, tab="edit", of=None)
    office.toast(f"Saved as version {saved.number}. Publish it when it is right.")


def _start_over(user: User, view: ArticleView | None, work: Work) -> None:
    if not work.revision:
        return
    with st.popover("Start over"):
        show(mute("What you typed since the newest version goes away."))
        if st.button("Throw it away", key=f"edit_{work.article}_reset"):
            _drop(user, work)
            st.rerun()


def _drop(user: User, work: Work) -> None:
    """Forget what was not saved; the fields begin anew with the newest version."""
    if office.do(lambda session: editing.discard(session, user, work.article)):
        st.session_state[f"thrown_{work.article}"] = True
        del st.session_state[f"work_{work.article}"]


# ---- what others did --------------------------------------------------------------------------------------


def _latest(view: ArticleView | None) -> ArticleVersion | None:
    """The newest version as it is now; the page may have been drawn before somebody saved."""
    return office.read(lambda session: editing.newest(session, view.row.id)) if view else None


def _news(user: User, work: Work, latest: ArticleVersion | None) -> None:
    if work.other_tab:
        _other_tab(user, work)
    elif latest and latest.number > work.base and work.revision:
        _conflict(user, work, latest)
    else:
        others = office.read(lambda session: editing.at_it(session, user, work.article)) if latest else []
        if others:
            who = join(*[join(tag("b", name), " wrote here ", words.ago(at), ". ") for name, at in others])
            show(tag("div", who, "Whoever saves second is shown both texts and loses nothing.", cls="td-strip i", role="status"))
    if work.aside:
        with st.container(key="aside", horizontal=True, vertical_alignment="center"):
            show(tag("div", "Your own text was put aside. ", cls="td-strip"))
            st.button("Bring it back", key="bring_back", on_click=_bring_back, args=(user, work))


def _other_tab(user: User, work: Work) -> None:
    with st.container(key="danger_tab"):
        show(
            tag(
                "div",
                tag("b", "You are writing in this article in another tab as well. "),
                "Which of the two texts goes on?",
                role="alert",
            )
        )
        with st.container(horizontal=True):
            st.button("This tab's", key="tab_mine", on_click=_this_tab, args=(user, work))
            st.button("The other tab's", key="tab_theirs", on_click=_that_tab, args=(user, work))


def _this_tab(user: User, work: Work) -> None:
    copy = office.read(lambda session: editing.copy_of(session, user, work.article))
    work.revision, work.other_tab = copy.revision if copy else 0, False
    if _keep(user, work):
        work.put(work.title, work.body, base=work.base)


def _that_tab(user: User, work: Work) -> None:
    copy = office.read(lambda session: editing.copy_of(session, user, work.article))
    work.other_tab, work.aside = False, (work.title, work.body)
    if copy is None:
        st.session_state.pop(f"work_{work.article}", None)
    else:
        work.revision, work.note, work.meta = copy.revision, copy.note, work.meta | dict(copy.meta)
        work.put(copy.title, copy.body, base=copy.base)


def _conflict(user: User, work: Work, latest: ArticleVersion) -> None:
    """Somebody saved first: both texts are shown, and one press takes either or puts them together."""
    author = office.read(lambda session: editing.author_of(session, latest))
    with st.container(key="danger_conflict"):
        title = tag("b", f"{author} saved version {latest.number} while you were writing in version {work.base}. ")
        show(tag("div", title, "Your text is kept. Decide which goes on; then save.", role="alert"))
        with st.container(horizontal=True):
            st.button("Merge both", key="merge", type="primary", on_click=_merge, args=(user, work, latest))
            st.button(
                "Take mine",
                key="take_mine",
                help="Your text stands; theirs remains in the list of versions.",
                on_click=_mine,
                args=(user, work, latest),
            )
            st.button(
                "Take theirs",
                key="take_theirs",
                help="Their text stands; yours is put aside until you leave this article.",
                on_click=_theirs,
                args=(user, work, latest),
            )
        how = st.pills(
            "How",
            ["Side by side", "In one text"],
            default="Side by side",
            key="conflict_how",
            label_visibility="collapsed",
            required=True,
        )
        if how == "In one text":
            show(card(tag("div", inline(latest.body, work.body), cls="td-diff")))
        else:
            show(card(side_by_side(latest.body, work.body, f"{author}'s version {latest.number}", "Your text")))


def _mine(user: User, work: Work, latest: ArticleVersion) -> None:
    work.put(work.title, work.body, base=latest.number)
    _keep(user, work)


def _theirs(user: User, work: Work, latest: ArticleVersion) -> None:
    work.aside = (work.title, work.body)
    work.put(latest.title, latest.body, base=latest.number)
    _keep(user, work)


def _bring_back(user: User, work: Work) -> None:
    if work.aside:
        title, body = work.aside
        work.aside = None
        work.put(title, body, base=work.base)
        _keep(user, work)


def _merge(user: User, work: Work, latest: ArticleVersion) -> None:
    base = office.read(lambda session: editing.version(session, latest.article_id, work.base))
    merged = merge.merge(base.body if base else "", work.body, latest.body)
    title = work.title if base is None or work.title != base.title else latest.title
    work.aside = (work.title, work.body)
    work.put(title, merged.text, base=latest.number)
    _keep(user, work)
    if merged.conflicts:
        count = words.plural(merged.conflicts, "place holds", "places hold")
        state.say(
            "warning",
            f"{count} both texts",
            "You both changed the same words there; keep one of the two between the marks <<<<<<< and >>>>>>>.",
        )
    else:
        office.toast("Both texts are put together. Read them through, then save.")


# ---- properties -------------------------------------------------------------------------------------------


def _properties(user: User, work: Work, *, new: bool) -> None:
    titles, people = office.read(lambda session: (listing.category_titles(session), editing.owners(session)))
    key = f"edit_{work.article}"
    columns = st.columns(4 if new else 3, gap="small")
    with columns[0]:
        categories = ["", *dict.fromkeys([*titles, work.meta["category"]])] if work.meta["category"] else ["", *titles]
        _choice(user, work, key, "category", "Category", categories, lambda slug: titles.get(slug, slug) or "No category")
    with columns[1]:
        languages = list(dict.fromkeys([*_LANGUAGES, work.meta["language"]]))
        _choice(user, work, key, "language", "Language", languages, lambda code: words.LANGUAGE.get(code) or code)
    with columns[2]:
        owners = list(dict.fromkeys(["", *people, work.meta["owner"]]))
        _choice(user, work, key, "owner", "Owner", owners, lambda name: name or "Nobody")
    if new:
        with columns[3]:
            _choice(user, work, key, "audience", "Who may read it", list(_AUDIENCES), _AUDIENCES.__getitem__)
    left, right = st.columns(2, gap="small")
    with left:
        _words(user, work, key, "labels", "Labels", "words people also use for it")
    with right:
        _words(user, work, key, "product", "Products", "which it concerns; empty: all")


def _choice(user: User, work: Work, key: str, name: str, label: str, options: list[str], shown: Callable[[str], str]) -> None:
    st.session_state[f"{key}_{name}"] = work.meta[name]
    st.selectbox(label, options, format_func=shown, key=f"{key}_{name}", on_change=_set, args=(user, work, name, f"{key}_{name}"))


def _words(user: User, work: Work, key: str, name: str, label: str, placeholder: str) -> None:
    """A list, written with commas."""
    st.session_state[f"{key}_{name}"] = ", ".join(work.meta[name])
    st.text_input(
        label, key=f"{key}_{name}", max_chars=300, placeholder=placeholder, help="Set apart by commas.",
        on_change=_set, args=(user, work, name, f"{key}_{name}"),
    )  # fmt: skip


def _set(user: User, work: Work, name: str, key: str) -> None:
    value = st.session_state[key]
    work.meta = work.meta | {
        name: [part.strip() for part in value.split(",") if part.strip()] if name in ("labels", "product") else value or ""
    }
    _keep(user, work)
