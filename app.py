"""The desk in one process: screens, sign-in, API and health; worker and clock run in its lifespan.

Start it with `triage serve`, `make run` or `streamlit run app.py`.
"""

import triage.quiet  # noqa: F401  (first, so that no library calls home)

import streamlit as st  # isort: skip
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg  # isort: skip

from triage.running import start
from triage.settings import settings
from triage.web import Site, lifespan


def farewell() -> bytes:
    """What an open page is told when its session has ended: ask for its own address again, which leads over the sign-in page back."""
    message = ForwardMsg()
    message.auth_redirect.url = ""
    message.auth_redirect.SetInParent()
    return bytes(message.SerializeToString())


site = Site(settings(), address=st.get_option("server.address"), port=st.get_option("server.port"), farewell=farewell())
app = st.App("pages/navigation.py", lifespan=lifespan(site, start), routes=site.routes(), middleware=site.middleware())
