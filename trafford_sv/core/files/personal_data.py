"""What in a text looks like data about people, as warnings for whoever sent it. Pure.

A warning says what it looks like and how often, never what it was.
"""

from __future__ import annotations

import re

_NATIONAL_INSURANCE = re.compile(
    r"(?<![A-Z0-9])(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]"
    r"[ -]?\d{2}[ -]?\d{2}[ -]?\d{2}[ -]?[A-D](?![A-Z0-9])",
    re.IGNORECASE,
)
_POSTCODE = re.compile(
    r"(?<![A-Za-z0-9])[A-Za-z]{1,2}\d[A-Za-z\d]?[ \u00a0]?\d[ABD-HJLNP-UW-Zabd-hjlnp-uw-z]{2}(?![A-Za-z0-9])"
)
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}")
_PHONE = re.compile(r"(?<![\d.])(?:\+44[ -]?(?:\(0\))?|0)[1-37]\d(?:[ -]?\d){7,8}(?![\d.])")
_NAME = re.compile(
    r"(?:(?:Mr|Mrs|Ms|Miss|Mx|Dr)\.? )?[A-Z][a-z'’-]{1,20}(?: [A-Z]\.?)?(?: [A-Z][a-z'’-]{1,24}){1,2}"
)
_HEADING = re.compile(
    r"(?:first|last|full|family|given|sur|fore|participant|attendee|employee|learner|pupil|staff)"
    r"[ _-]?names?|surnames?|forenames?|date of birth|d\.?o\.?b\.?",
    re.IGNORECASE,
)
LEAST_NAMES = 5
_ADVICE = "Send counts and the first half of postcodes instead, such as “M33”, and leave names out."


def warnings_about(text: str) -> tuple[str, ...]:
    """Sentences, the gravest first; none where nothing looks like people's data."""
    found = []
    insurance = len(set(map(_plain, _NATIONAL_INSURANCE.findall(text))))
    if insurance:
        found.append(f"{_many(insurance, 'National Insurance number')}")
    names = _list_of_names(text)
    if names:
        found.append(names)
    postcodes = len(set(map(_plain, _POSTCODE.findall(text))))
    if postcodes:
        found.append(_many(postcodes, "full postcode"))
    emails = len({each.lower() for each in _EMAIL.findall(text)})
    if emails:
        found.append(_many(emails, "e-mail address", "e-mail addresses"))
    phones = len(set(map(_plain, _PHONE.findall(text))))
    if phones:
        found.append(_many(phones, "telephone number"))
    return tuple(f"This looks like it holds {each}. {_ADVICE}" for each in found)


def _plain(text: str) -> str:
    return re.sub(r"[ \u00a0()-]", "", text).upper()


def _many(number: int, one: str, many: str = "") -> str:
    if number == 1:
        return f"{'an' if one[0] in 'aeiou' else 'a'} {one}"
    return f"{number:,} {many or one + 's'}"


def _list_of_names(text: str) -> str:
    """A heading that asks for names, or a run of cells or lines that are names."""
    heading, names = False, set()
    for line in text.splitlines():
        for cell in re.split(r"[,;\t|]", line):
            cell = cell.strip().strip('"')
            if len(cell) > 60:
                continue
            heading = heading or bool(_HEADING.fullmatch(cell))
            if _NAME.fullmatch(cell):
                names.add(cell)
    if heading:
        return "a list with people’s names or dates of birth"
    if len(names) >= LEAST_NAMES:
        return "a list of people’s names"
    return ""
