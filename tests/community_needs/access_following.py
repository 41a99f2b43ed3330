"""What opens the bulletin, and who may follow it: anyone."""

from __future__ import annotations

from typing import Any

PUBLIC = "public"
TABLE: dict[str, str | tuple[str, ...]] = {
    "needs-feed": PUBLIC,
    "bulletin-pdf": PUBLIC,
    "bulletin-follow": PUBLIC,
    "bulletin-asked": PUBLIC,
    "bulletin-confirm": PUBLIC,
    "bulletin-leave": PUBLIC,
    "bulletin-list": "run_bulletin",
    "bulletin-make": "run_bulletin",
    "bulletin-addresses": "run_bulletin",
    "follower-mail-settle": "run_bulletin",
}
OBJECTS: dict[str, Any] = {}
EVERYONES: dict[str, str] = {}


def extend(side: dict[str, Any]) -> None:
    """Nobody with a limited reach opens these."""
