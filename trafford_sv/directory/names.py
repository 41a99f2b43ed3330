"""One spelling for comparing organisations' names. Pure, and quick enough for every line of a file.

`name_key` says that two spellings are the same name: case, spaces, punctuation, accents,
"&" and "and", "Limited" and "Ltd". `name_core` goes further and leaves out the legal form
and a leading "the"; it is for proposing, because "Acme Ltd" and "Acme LLP" are two bodies.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import lru_cache

LEGAL_FORMS = frozenset({"ltd", "plc", "llp", "lp", "cic", "cio", "inc", "llc"})
_WORDS = {
    "limited": "ltd",
    "limted": "ltd",
    "lmited": "ltd",
    "ltd": "ltd",
    "incorporated": "inc",
    "company": "co",
    "cyf": "ltd",
    "cyfyngedig": "ltd",
}
_PHRASES = (
    (("public", "ltd", "co"), "plc"),
    (("ltd", "liability", "partnership"), "llp"),
    (("community", "interest", "co"), "cic"),
    (("charitable", "incorporated", "organisation"), "cio"),
    (("ltd", "liability", "co"), "llc"),
)
_PHRASES_LAST_WORDS = frozenset(words[-1] for words, _ in _PHRASES)
# Punctuation of ASCII becomes a space, except what vanishes without one.
_ASCII = {code: " " for code in range(128) if not chr(code).isalnum()}
_ASCII.update({ord("'"): "", ord("`"): "", ord("&"): " and ", ord("+"): " and "})
_APOSTROPHES = re.compile("[\u2018\u2019\u201a\u201b\u2032\u02bc\u00b4'`]")
_NOT_WORD = re.compile(r"[\W_]+")
_INITIALS = re.compile(r"(?<![^\W_])([^\W\d_])\.(?=[^\W\d_](?:\.|\s|$))")


@lru_cache(maxsize=65536)
def name_key(text: str) -> str:
    """The name as it is compared: lower case words with single spaces; "" where there are none.

    The same for "Smith & Sons LIMITED ", "SMITH AND SONS LTD." and "Smith and Sons Ltd".
    """
    if "." in text:
        text = _INITIALS.sub(r"\1", text)
    if text.isascii():
        words = text.lower().translate(_ASCII).split()
    else:
        words = _fold(text).split()
    words = [_WORDS.get(word, word) for word in words]
    if not _PHRASES_LAST_WORDS.isdisjoint(words):
        words = _shorten(words)
    return sys.intern(" ".join(words))


def _fold(text: str) -> str:
    """Compatibility forms, case and accents removed, until nothing changes any more."""
    before = None
    text = _APOSTROPHES.sub("", unicodedata.normalize("NFKC", text))
    while text != before:
        before = text
        decomposed = unicodedata.normalize("NFKD", text.casefold())
        text = "".join(c for c in decomposed if not unicodedata.combining(c))
        text = _APOSTROPHES.sub("", unicodedata.normalize("NFKC", text))
    text = text.replace("&", " and ").replace("+", " and ")
    return _NOT_WORD.sub(" ", text)


def _shorten(words: list[str]) -> list[str]:
    for phrase, short in _PHRASES:
        size = len(phrase)
        at = 0
        while at + size <= len(words):
            if tuple(words[at : at + size]) == phrase:
                words[at : at + size] = [short]
            at += 1
    return words


def name_core(text: str) -> str:
    """The key without a leading "the" and without legal forms at the end; never empty unless
    the key is."""
    words = name_key(text).split()
    while len(words) > 1 and words[-1] in LEGAL_FORMS:
        words.pop()
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    return " ".join(words)


def legal_form(text: str) -> str:
    """ "ltd", "plc", "llp", "cic" ... where the name ends in one, else ""."""
    words = name_key(text).split()
    return words[-1] if len(words) > 1 and words[-1] in LEGAL_FORMS else ""
