"""Who is in front of the screen: looked up again on every rerun, because sessions end and roles change."""

import streamlit as st

from pages.parts import office
from triage.accounts import access, sessions
from triage.accounts.access import Permission
from triage.accounts.cookies import SESSION_COOKIE
from triage.errors import AccessError, SignedOut
from triage.models import User

_STAND_IN = "stand_in_user"  # set by tests only; a browser cannot write to the session state


def current_user() -> User:
    """The signed-in person; raises SignedOut when the session ended."""
    stand_in = st.session_state.get(_STAND_IN)
    desk = office.desk()
    with desk.database.read() as session:
        if stand_in is not None:
            user = session.get(User, stand_in)
            if user is None or user.disabled_at:
                raise SignedOut("Your session ended; sign in again.")
            return user
        return sessions.load(session, st.context.cookies.get(SESSION_COOKIE, ""), desk.settings)


def require(permission: Permission) -> User:
    """The signed-in person, when they may; otherwise the page says so and stops here."""
    try:
        user = current_user()
        access.require(user, permission)
    except SignedOut as error:
        st.warning(str(error))
        st.link_button("Sign in", "/login")
        st.stop()
    except AccessError as error:
        st.warning(str(error))
        st.stop()
    return user
