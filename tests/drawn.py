"""A PDF of a page as a person gets it: asked for, then read."""

from __future__ import annotations

from typing import Any


def drawn(client: Any, address: str) -> bytes:
    """The file, after a first look that starts nothing and the button that has it made."""
    assert "text/html" in client.get(address)["Content-Type"]
    client.post(address)
    body = stored(client, address)
    assert body is not None, client.get(address).text
    return body


def stored(client: Any, address: str) -> bytes | None:
    """The file where it is made, None where a page says where it stands."""
    answer = client.get(address)
    if answer["Content-Type"] != "application/pdf":
        return None
    body = b"".join(answer.streaming_content)
    return body
