"""A file that is made when somebody asks for it, and is there until their browser has fetched it."""

from collections.abc import Callable
from threading import Thread
from typing import Any

import streamlit as st
from streamlit.runtime import get_instance
from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx


def download(label: str, make: Callable[[], str | bytes], file_name: str, mime: str, *, key: str, **look: Any) -> None:
    """A button that makes the file and hands it to the browser; `look` goes to `st.download_button`.

    Streamlit counts a file made on demand as nobody's: it is gone once two pages, anybody's, were drawn to their end, which
    on a busy desk may be before the browser asks for it. So the page that offers the file holds on to it.
    """
    page = get_script_run_ctx(suppress_warning=True)

    def made() -> bytes:
        content = make()
        data = content.encode() if isinstance(content, str) else content
        holder = Thread(target=_hold, args=(data, file_name, mime, key), name="download")
        add_script_run_ctx(holder, page)  # files are held by the page in whose name a thread runs
        holder.start()
        holder.join()
        return data

    st.download_button(label, made, file_name, mime, key=key, on_click="ignore", **look)


def _hold(data: bytes, file_name: str, mime: str, key: str) -> None:
    """Until the page is drawn anew or left, or the same button makes another file."""
    get_instance().media_file_mgr.add(data, mime, f"download_{key}", file_name, is_for_static_download=True)
