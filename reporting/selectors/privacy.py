"""What the site keeps of people who write to it without an account: the privacy page's table."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

DAYS_A_YEAR = 365.25


@dataclass(frozen=True)
class Kept:
    """`when` somebody writes, `what` is kept and why, `how_long`."""

    when: str
    what: str
    how_long: str


def kept_of_visitors() -> tuple[Kept, ...]:
    """The times are the settings that the tasks delete by."""
    files = time_words(settings.EVIDENCE_FILE_DAYS)
    pictures = time_words(settings.EVIDENCE_PICTURE_DAYS)
    return (
        Kept(
            "Following by e-mail, or getting reports",
            "Your address, to send what you asked for",
            "If you do not click the link within a week, your address is deleted. When you leave, it "
            "is deleted at once; a code made from it stays, so that no list can bring it back",
        ),
        Kept(
            "Adopting the Charter",
            "The name and role of who signs, and an address, for our answer and the question once a "
            "year",
            "The role is public. The address is deleted when a request is declined or an adoption "
            "withdrawn; the name of a request that is declined too",
        ),
        Kept(
            "Being asked what reached you",
            "An address, to send one link",
            f"Until you answer, or {time_words(settings.CONFIRMATION_DAYS)} at most",
        ),
        Kept(
            "Leading an action of the plan",
            "Your name and work address, to ask how it goes",
            "As long as you lead it; the address of each link until it is used or over",
        ),
        Kept(
            "Answering a consultation for a hub",
            "The hub’s address; what you write",
            "The address while the hub is on record. Answers are kept; groups of fewer than five "
            "people are not shown to the public",
        ),
        Kept(
            "Evidence for a promise",
            "Files that a supplier sends. We ask for no names, and look for what reads like one and "
            "warn",
            f"{files}, pictures {pictures}, after the last time a file is used; each deletion is "
            "logged",
        ),
    )


def time_words(days: int) -> str:
    """Whole years as years: 2,192 days are 6 years, with their leap days."""
    years = round(days / DAYS_A_YEAR)
    if years and abs(days - years * DAYS_A_YEAR) < 1:
        return f"{years} year{'s' if years > 1 else ''}"
    return f"{days:,} day{'s' if days != 1 else ''}"
