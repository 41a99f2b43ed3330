"""What an edition's licence lets us show, and to whom. Pure; every page, export and API asks here.

A total over a contract may always be shown: the licence is about values per unit and about the
pounds of one line, from which a value per unit could be worked out.
"""

from __future__ import annotations

WITHHELD = "Withheld: the licence of this edition does not allow its values to be published."
TEXT_WITHHELD = "Withheld: the licence of this edition does not allow its text to be published."


def may_show_value(values_may_be_published: bool, *, may_see_licensed: bool, outward: bool) -> bool:
    """Whether a value per unit, or the pounds of one line, may be shown.

    `may_see_licensed`: the reader holds `see_licensed_values`. `outward`: it leaves the product
    as an export or an API answer; then the licence decides alone.
    """
    return values_may_be_published or (may_see_licensed and not outward)


def may_show_text(text_may_be_published: bool, *, is_public: bool, outward: bool = False) -> bool:
    """Whether a measure's title and description may be shown.

    `is_public`: anyone can open it. `outward`: an export or an API answer. People who sign in
    need the words of their own commitments, so a page for them shows the text.
    """
    return text_may_be_published or not (is_public or outward)
