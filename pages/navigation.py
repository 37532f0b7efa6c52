"""The entry of all screens: who you are decides which of them exist for you."""

from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from pages.parts import office, queue, theme
from pages.parts.identity import require
from pages.parts.keys import keys
from pages.parts.topbar import top_bar
from triage.accounts import access
from triage.accounts.access import Permission
from triage.models import User

P = Permission
SCREENS = [
    ("inbox.py", "Inbox", P.WORK_INBOX),
    ("new_ticket.py", "New ticket", P.WORK_INBOX),
    ("metrics.py", "Metrics", P.SEE_OWN_FIGURES),
    ("knowledge.py", "Knowledge", P.READ_KNOWLEDGE),
    ("guardrails.py", "Guardrails", P.READ_MACHINERY),
    ("quality.py", "Quality", P.READ_MACHINERY),
    ("traces.py", "Traces", P.SEE_OWN_TRACES),
    ("settings.py", "Settings", P.READ_MACHINERY),
    ("you.py", "You", P.WORK_INBOX),
]
BESIDE = {"You"}  # screens that the bell and one's own menu lead to
_HERE = Path(__file__).parent


def screens_for(user: User) -> list[tuple[str, str]]:
    """(file, title) of each screen this person may see."""
    return [(file, title) for file, title, needed in SCREENS if access.may(user, needed) and (_HERE / file).is_file()]


def main() -> None:
    st.set_page_config(page_title="Triage Desk", page_icon=theme.ICON, layout="wide", initial_sidebar_state="collapsed")
    theme.apply()
    with office.desk().database.snapshot():
        chosen = _frame()
    chosen.run()


def _frame() -> StreamlitPage:
    """What stands around every screen; gives the screen."""
    user = require(P.WORK_INBOX)
    pages = [st.Page(file, title=title, default=file == "inbox.py") for file, title in screens_for(user)]
    chosen = st.navigation(pages, position="hidden")
    keys(user, chosen == pages[0], lambda address: queue.show_in(address, None if chosen == pages[0] else pages[0]))
    top_bar(user, [page for page in pages if page.title not in BESIDE], chosen, office.desk().settings.demo)
    return chosen


main()
