"""What an edition's licence lets us show: every combination."""

from __future__ import annotations

import itertools

import pytest

from contracts.licensing import TEXT_WITHHELD, WITHHELD, may_show_text, may_show_value


@pytest.mark.parametrize(
    ("published", "may_see", "outward", "shown"),
    [
        (True, False, False, True),
        (True, False, True, True),
        (True, True, False, True),
        (True, True, True, True),
        (False, True, False, True),  # on a page, for a holder of the permission
        (False, True, True, False),  # never in an export or the API, whoever asks
        (False, False, False, False),
        (False, False, True, False),
    ],
)
def test_values(published: bool, may_see: bool, outward: bool, shown: bool) -> None:
    assert may_show_value(published, may_see_licensed=may_see, outward=outward) is shown


@pytest.mark.parametrize(
    ("published", "public", "outward", "shown"),
    [
        (True, True, True, True),
        (True, True, False, True),
        (False, False, False, True),  # a page for people who sign in
        (False, True, False, False),
        (False, False, True, False),
        (False, True, True, False),
    ],
)
def test_texts(published: bool, public: bool, outward: bool, shown: bool) -> None:
    assert may_show_text(published, is_public=public, outward=outward) is shown


def test_an_unpublished_value_never_goes_out() -> None:
    for may_see in (True, False):
        assert not may_show_value(False, may_see_licensed=may_see, outward=True)
    for public in (True, False):
        assert not may_show_text(False, is_public=public, outward=True)


def test_withheld_is_said_in_words() -> None:
    for one, other in itertools.permutations((WITHHELD, TEXT_WITHHELD)):
        assert one != other
        assert one.startswith("Withheld: the licence")
