"""United Kingdom postcodes as text: reading, checking, proposing repairs. Pure.

A postcode is kept in one spelling, "M32 0TH". `compact` is the same without the space.
A repair is proposed and never applied: a person decides.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

AREAS = frozenset(
    """AB AL B BA BB BD BF BH BL BN BR BS BT BX CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT
    DY E EC EH EN EX FK FY G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE
    LL LN LS LU M ME MK ML N NE NG NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM
    SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD WF WN WR WS WV YO ZE""".split()
)
OUTSIDE_GREAT_BRITAIN = {
    "BT": "Northern Ireland",
    "GY": "Guernsey",
    "IM": "the Isle of Man",
    "JE": "Jersey",
}
_INWARD = r"[0-9][ABD-HJLNP-UW-Z]{2}"
_OUTWARD = (
    r"(?P<area>[A-PR-UWYZ][A-HK-Y]?)"
    r"(?:[0-9][0-9]?|(?<=^[A-Z])[0-9][A-HJKPSTUW]|(?<=^[A-Z]{2})[0-9][ABEHMNPRVWXY])"
)
_WHOLE = re.compile(rf"^{_OUTWARD}{_INWARD}$")
# Where a postcode might stand at the end of an address, dirty letters and digits included.
_AT_END = re.compile(
    r"(?<![A-Z0-9])([A-Z0-9]{2,4})[ \t\u00a0.-]{0,3}([0-9OI][A-Z0-9]{2})(?![A-Z0-9])"
)
_AFTER_IT = re.compile(
    r"^[\s,.;)]*(?:(?:UNITED\s+KINGDOM|GREAT\s+BRITAIN|ENGLAND|WALES|SCOTLAND|UK|U\.K\.|GB|GBR)[\s,.;)]*)*$"
)
_AS_DIGIT = {"O": "0", "I": "1"}
_AS_LETTER = {"0": "O", "1": "I"}
_SHAPES = ("L9", "L99", "L9L", "LL9", "LL99", "LL9L")


@dataclass(frozen=True)
class Found:
    """What stood at the end of an address: a valid `postcode`, or only a `proposal` for one.

    `raw` is the text as it stood there; `rest` is the address before it.
    """

    postcode: str
    proposal: str
    raw: str
    rest: str


def compact(text: str) -> str:
    """Upper case without spaces or stray punctuation; not checked."""
    return re.sub(r"[\s.\-]+", "", text).upper()


def _spaced(code: str) -> str:
    return f"{code[:-3]} {code[-3:]}"


def _valid(code: str) -> bool:
    if code == "GIR0AA":
        return True
    match = _WHOLE.match(code)
    return match is not None and _area(code) in AREAS


def _area(code: str) -> str:
    return code[:2] if len(code) > 1 and code[1].isalpha() else code[:1]


def normalise(text: str) -> str | None:
    """ "m320th " -> "M32 0TH"; None where the text is not a postcode."""
    code = compact(text)
    return _spaced(code) if _valid(code) else None


def proposal(text: str) -> str | None:
    """A repair of O for 0, I for 1 or the reverse, by position; None where none is needed,
    none helps, or several would do equally well."""
    code = compact(text)
    if not 5 <= len(code) <= 7 or not code.isalnum() or _valid(code):
        return None
    if code.isalpha():
        return None  # a town: "Woking" would read as W0K 1NG
    best: set[str] = set()
    fewest = len(code) + 1
    for shape in _SHAPES:
        if len(shape) != len(code) - 3:
            continue
        repaired, changes = "", 0
        for character, wanted in zip(code, shape + "9LL", strict=True):
            swap = _AS_DIGIT if wanted == "9" else _AS_LETTER
            right = character.isdigit() if wanted == "9" else character.isalpha()
            if not right:
                changes += 1
                character = swap.get(character, character)
            repaired += character
        if not _valid(repaired):
            continue
        if changes < fewest:
            best, fewest = {repaired}, changes
        elif changes == fewest:
            best.add(repaired)
    return _spaced(best.pop()) if len(best) == 1 else None


def extract(address: str) -> Found | None:
    """The postcode at the end of an address, in any case, with or without a country after it.

    None where the address does not end in anything like one.
    """
    text = address.upper()
    if len(text) != len(address):  # a letter whose capital is two letters would shift positions
        text = "".join(c.upper() if len(c.upper()) == 1 else c for c in address)
    for match in itertools.islice(reversed(list(_AT_END.finditer(text))), 3):
        if not _AFTER_IT.match(text[match.end() :]):
            continue
        raw = address[match.start() : match.end()]
        code = match[1] + match[2]
        found = normalise(code) or ""
        repair = "" if found else proposal(code) or ""
        if found or repair:
            return Found(found, repair, raw, address[: match.start()].rstrip(" ,;.\t\r\n\u00a0"))
    return None


def sector(postcode: str) -> str:
    """ "M32 0TH" -> "M32 0". Raises ValueError for what is not a postcode."""
    found = normalise(postcode)
    if found is None:
        raise ValueError(f"{postcode!r} is not a postcode")
    return found[:-2]


def outward(postcode: str) -> str:
    """ "M32 0TH" -> "M32". Raises ValueError for what is not a postcode."""
    return sector(postcode)[:-2]


def area(postcode: str) -> str:
    """ "M32 0TH" -> "M", "WA14 1AA" -> "WA". Raises ValueError for what is not a postcode."""
    return _area(outward(postcode))
