"""Files that are small and unpack to something huge are refused before they do."""

import io
import zipfile

from knowledge_base.reading import LARGEST_FILE, read_bytes
from triage.errors import InputError


def test_front_matter_that_grows_by_references_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12))]
    [item] = read_bytes(("---\n" + "\n".join(lines) + "\nlabels: *a11\n---\n\nText.\n").encode(), "lol.md")
    assert isinstance(item, InputError) and "write them out" in str(item)


def test_a_document_that_unpacks_to_too_much_is_refused_unread() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("word/document.xml", "w") as file:
        for _ in range(LARGEST_FILE // 1_000_000 + 1):
            file.write(b" " * 1_000_000)
    [item] = read_bytes(packed.getvalue(), "bomb.docx")
    assert isinstance(item, InputError) and "zip bomb" in str(item)
