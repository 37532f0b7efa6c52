"""Words that a picture carries beside its image: comments, captions and other metadata that no viewer shows."""

import io
import re
import warnings
from collections.abc import Iterator
from typing import Any

_LIMIT = 4_000
_MOST_FIELDS = 60
# EXIF: description, document name, artist, copyright, Windows' title, comment, author, keywords, subject
_EXIF = (0x010E, 0x010D, 0x013B, 0x8298, 0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F)
_USER_COMMENT, _EXIF_FOLDER = 0x9286, 0x8769
_SAYING = ("comment", "description", "title", "caption", "author", "copyright", "subject", "keywords", "warning", "disclaimer", "text", "parameters", "prompt")  # fmt: skip
_XMP_FIELD = re.compile(r"<(?:dc:(?:description|title|subject|rights)|photoshop:(?:Headline|Instructions)|exif:UserComment)\b[^>]*>(.{1,6000}?)</", re.DOTALL)  # fmt: skip
_MARKUP = re.compile(r"<[^<>]*>")


def picture_words(data: bytes) -> str:
    """The written metadata of an image, a field a line; "" when there are no words or it cannot be read.

    Only headers and metadata are read: the image itself is never decoded.
    """
    from PIL import Image  # costs a plain mail nothing

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a picture of absurd size is not opened
            with Image.open(io.BytesIO(data)) as picture:
                said = [_readable(value) for _, value in zip(range(_MOST_FIELDS), _values(picture), strict=False)]
    except Exception:  # Pillow raises whatever a hostile file provokes; there is no text then
        return ""
    return "\n".join(dict.fromkeys(text for text in said if text))[:_LIMIT]


def _values(picture: Any) -> Iterator[object]:
    exif = picture.getexif()
    yield from (exif.get(tag) for tag in _EXIF)
    yield exif.get_ifd(_EXIF_FOLDER).get(_USER_COMMENT)
    for name, value in {**picture.info, **getattr(picture, "text", {})}.items():
        if "xmp" in str(name).lower():
            text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
            yield from _XMP_FIELD.findall(text)
        elif any(word in str(name).lower() for word in _SAYING):
            yield value


def _readable(value: object) -> str:
    """A field as one line of text; "" when it is no sentence (numbers, names of cameras, binary)."""
    if isinstance(value, bytes):
        code = value[:8].rstrip(b"\0 ")
        value = value[8:] if code in (b"ASCII", b"UNICODE", b"JIS") else value
        value = value.decode("utf-16-le" if b"\0" in value[:40] else "utf-8", "replace")
    text = " ".join(_MARKUP.sub(" ", str(value or "")).replace("\0", "").split())
    return text if len(re.findall(r"[^\W\d_]{2,}", text)) >= 2 else ""
