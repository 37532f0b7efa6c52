"""Small mails for the tests, written as mail programs write them."""


def mail(
    body: str = "Hello, where is my order 4411?\n", *, charset: str = "utf-8", kind: str = "text/plain", **headers: str
) -> bytes:
    """A mail with sensible headers; keyword names stand for header names (In_Reply_To is In-Reply-To); "" drops one."""
    given = {
        "From": "Ada Quill <ada@quill.example>",
        "To": "support@larkfield.example",
        "Subject": "Order",
        "Message-ID": "<one@quill.example>",
        "Date": "Fri, 20 Nov 2026 09:00:00 +0100",
        **{name.replace("_", "-"): value for name, value in headers.items()},
        "Content-Type": f'{kind}; charset="{charset}"',
    }
    head = "".join(f"{name}: {value}\n" for name, value in given.items() if value)
    return head.encode() + b"\n" + body.encode(charset, "replace")


def multipart(*parts: str, kind: str = "mixed", **headers: str) -> bytes:
    """A multipart mail of parts that each hold their own headers, a blank line and a body."""
    raw = mail("".join(f"--cut\n{part}\n" for part in parts) + "--cut--\n", **headers)
    return raw.replace(b'Content-Type: text/plain; charset="utf-8"', f'Content-Type: multipart/{kind}; boundary="cut"'.encode())


def plain(text: str) -> str:
    return f"Content-Type: text/plain; charset=utf-8\n\n{text}"


def html(text: str) -> str:
    return f"Content-Type: text/html; charset=utf-8\n\n{text}"


def attachment(name: str, kind: str, data: bytes) -> str:
    from base64 import encodebytes

    return (
        f'Content-Type: {kind}; name="{name}"\nContent-Disposition: attachment; filename="{name}"\n'
        f"Content-Transfer-Encoding: base64\n\n{encodebytes(data).decode()}"
    )
