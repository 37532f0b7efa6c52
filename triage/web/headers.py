"""Headers of every answer: nothing is loaded from outside, nothing is framed, nothing is guessed."""

from starlette.datastructures import MutableHeaders

# The screens' own runtime compiles chart expressions (unsafe-eval) and writes styles in place (unsafe-inline).
# What matters holds all the same: no script, picture, font or connection of another host.
SCREENS = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:; "
    "worker-src 'self' blob:; frame-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors {ancestors}"
)
FORMS = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
COMPONENTS = "/component/"  # shown in frames by our own screens


def secure(headers: MutableHeaders, path: str, *, https: bool) -> None:
    """Add what a route did not set itself."""
    ancestors = "'self'" if path.startswith(COMPONENTS) else "'none'"
    headers.setdefault("Content-Security-Policy", SCREENS.format(ancestors=ancestors))
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("X-Frame-Options", "SAMEORIGIN" if path.startswith(COMPONENTS) else "DENY")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    if https:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
