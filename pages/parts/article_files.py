"""The files of an article, and the links from it and to it."""

import streamlit as st
from markupsafe import Markup
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.parts import office, screen, state, words
from pages.parts.article_steps import listed, problems
from pages.parts.markup import join, mute, show, tag
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import TriageError
from triage.intake.attachments import ALLOWED
from triage.library import files as keeping
from triage.library import links
from triage.library.article import ArticleView, waiting_drafts
from triage.models import ArticleFile, User


def files(user: User, view: ArticleView) -> None:
    """Draw both."""
    editor = access.may(user, Permission.EDIT_KNOWLEDGE) and view.row.status != "archived"
    left, right = st.columns(2, gap="medium")
    with left, st.container(key="box_files"):
        show(tag("div", "Files", cls="td-h3"))
        if not view.files:
            show(mute("No files yet. A manual or a form that belongs to this article can be kept here and linked from its text."))
        for file in view.files:
            _file(user, file, editor)
        if editor:
            _add(user, view)
    with right, st.container(key="box_links"):
        _links(view)


def _file(user: User, file: ArticleFile, editor: bool) -> None:
    with st.container(key=f"file_{file.id}", horizontal=True, vertical_alignment="center"):
        link = tag("a", file.filename, href=f"{links.FILES}{file.id}", target="_blank", cls="td-a", download=True)
        show(
            tag(
                "div",
                link,
                " ",
                mute(_size(file.size)),
                tag("div", tag("code", keeping.link(file)), cls="td-mute") if editor else None,
            )
        )
        if editor:
            st.button(
                "Remove",
                key=f"remove_{file.id}",
                help="Links to it are listed as broken; old versions keep theirs.",
                on_click=_remove,
                args=(user, file),
            )


def _add(user: User, view: ArticleView) -> None:
    number = st.session_state.setdefault("files_number", 0)
    chosen = st.file_uploader(
        "Add files",
        type=sorted(ALLOWED),
        accept_multiple_files=True,
        key=f"files_{view.row.id}_{number}",
        max_upload_size=max(1, office.desk().settings.attachment_limit // 1_000_000),
        label_visibility="collapsed",
    )
    if st.button("Add to the article", key="files_add", type="primary" if chosen else "secondary", disabled=not chosen):
        refused = [why for file in chosen or [] if (why := _kept(user, view.row.id, file))]
        if refused:
            state.say("error", f"{words.plural(len(refused), 'file was', 'files were')} not kept", " ".join(refused))
        if kept := len(chosen or []) - len(refused):
            office.toast(f"{words.plural(kept, 'file')} added.")
        st.session_state["files_number"] = number + 1
        st.rerun()


def _kept(user: User, article_id: str, file: UploadedFile) -> str:
    """Keep one file; says why when it is refused."""
    desk = office.desk()
    try:
        desk.database.run_now(
            lambda session: keeping.add(session, desk.settings, user, article_id, file.name, file.type or "", file.getvalue())
        )
    except TriageError as error:
        return str(error)
    return ""


def _remove(user: User, file: ArticleFile) -> None:
    office.act(lambda session: keeping.remove(session, user, file.id or 0), f"{file.filename} was removed.")


def _links(view: ArticleView) -> None:
    body = view.latest.body
    pointing, cited = office.read(lambda session: (links.pointing_to(session, view.row.id), waiting_drafts(session, view.row.id)))
    found, here = problems(view, body), [target for _, target in links.targets(body)]
    show(tag("div", "Links", cls="td-h3"))
    show(
        mute(
            f"{words.plural(len(here), 'link')} to articles and files"
            + ("." if found else ", all of them lead somewhere." if here else ".")
        )
    )
    if found:
        show(listed(found, "In this text"))
    show(
        _named(
            "Articles that link here", [screen.link(title, f"{screen.KNOWLEDGE}?article={other}") for other, title in pointing]
        )
    )
    show(_named("Drafts that wait and cite it", [screen.ticket_link(number) for number in cited]))


def _named(title: str, items: list[Markup]) -> Markup:
    return tag(
        "div", tag("b", f"{title}: "), join(*[join(item, " ") for item in items]) if items else mute("none"), cls="td-item"
    )


def _size(size: int) -> str:
    return f"{size / 1_000_000:,.1f} MB" if size >= 1_000_000 else f"{max(1, size // 1000):,} kB"
