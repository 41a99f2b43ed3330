"""Links that give somebody without an account the right to answer once.

A link is made from a stored seed and the site's secret key, so neither the database nor the queue
holds it, and the same e-mail can be built again. Only a digest of it is looked up.
"""

from __future__ import annotations

import base64
import hashlib
import secrets

from django.utils.crypto import salted_hmac


def new_seed() -> str:
    return secrets.token_urlsafe(32)


def token_of(seed: str, *, salt: str) -> str:
    """The part of the address that is secret. `salt` names the use: one's token fits no other."""
    digest = salted_hmac(salt, seed, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
