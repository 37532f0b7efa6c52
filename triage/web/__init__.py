"""What stands around the screens: the gate in front of everything, sign-in, set-up, health, downloads.

`Site` holds the parts; app.py gives its routes and its gate to the ASGI application and starts it with `lifespan`.
"""

from .identity import current_session_id
from .site import Desk, Site, Start
from .start import lifespan

__all__ = ["Desk", "Site", "Start", "current_session_id", "lifespan"]
