"""Postcodes are read, checked and never repaired silently."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trafford_sv.directory.postcodes import extract, normalise, outward, proposal, sector


@pytest.mark.parametrize(
    "text, expected",
    [
        ("m320th", "M32 0TH"),
        (" WA14  2SZ ", "WA14 2SZ"),
        ("BL4 0NN", "BL4 0NN"),
        ("EC1A\u00a01BB", "EC1A 1BB"),
        ("W1A 0AX", "W1A 0AX"),
        ("M1 1AE", "M1 1AE"),
        ("gir 0aa", "GIR 0AA"),
        ("M32 OTH", None),
        ("M32 0CI", None),
        ("QQ1 1AA", None),
        ("XY1 1AA", None),
        ("M32", None),
        ("", None),
        ("N/A", None),
    ],
)
def test_normalise(text, expected):
    assert normalise(text) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ("M32 OTH", "M32 0TH"),  # letter O where the inward code has a digit
        ("MI7 1AB", "M17 1AB"),  # letter I where the district has a digit
        ("0L1 2AB", "OL1 2AB"),  # digit 0 where the area has a letter
        ("1G1 1AA", "IG1 1AA"),
        ("MI0 OAA", "M10 0AA"),  # two at once
        ("Woking", None),  # a town, not W0K 1NG
        ("M32 0TH", None),  # nothing to repair
        ("M32 0T0", None),  # no postcode ends in the letter O
        ("HELLO", None),
        ("", None),
    ],
)
def test_repairs_are_proposed_by_position(text, expected):
    assert proposal(text) == expected


@pytest.mark.parametrize(
    "address, postcode, repair, rest",
    [
        ("1 High Street, Sale, m33 4qj", "M33 4QJ", "", "1 High Street, Sale"),
        ("Plodder Lane, Bolton BL4 0NN, United Kingdom", "BL4 0NN", "", "Plodder Lane, Bolton"),
        ("Unit 2\nTrafford Park\nM171AB\n", "M17 1AB", "", "Unit 2\nTrafford Park"),
        ("Town Hall, Stretford, M32 OTH", "", "M32 0TH", "Town Hall, Stretford"),
        ("Flat 2, WA14 2SZ. England", "WA14 2SZ", "", "Flat 2"),
    ],
)
def test_a_postcode_is_found_at_the_end_of_an_address(address, postcode, repair, rest):
    found = extract(address)
    assert found is not None
    assert (found.postcode, found.proposal, found.rest) == (postcode, repair, rest)


@pytest.mark.parametrize(
    "address", ["", "M33 4QJ is where we were; now Paris 75001", "Rome", "4 Road, Woking"]
)
def test_an_address_without_a_postcode_at_its_end_gives_none(address):
    assert extract(address) is None


AREAS = st.sampled_from(["M", "WA", "BL", "OL", "SK", "WN", "IG", "OX"])
POSTCODES = st.builds(
    lambda area, district, digit, a, b: f"{area}{district} {digit}{a}{b}",
    AREAS,
    st.integers(0, 99),
    st.integers(0, 9),
    st.sampled_from("ABDEFGHJLNPQRSTUWXYZ"),
    st.sampled_from("ABDEFGHJLNPQRSTUWXYZ"),
)


@given(POSTCODES)
def test_a_valid_postcode_is_kept_and_found(postcode):
    assert normalise(postcode.lower().replace(" ", "")) == postcode
    assert proposal(postcode) is None
    assert sector(postcode) == postcode[:-2]
    assert outward(postcode) == postcode.split()[0]
    found = extract(f"1 Some Road, Town, {postcode}")
    assert found is not None and found.postcode == postcode


@given(POSTCODES)
def test_letters_typed_for_digits_lead_back_to_the_postcode(postcode):
    dirty = postcode.replace("0", "O").replace("1", "I")
    if dirty != postcode and not dirty.replace(" ", "").isalpha():
        assert proposal(dirty) == postcode


@given(st.text(max_size=12))
def test_what_is_proposed_is_valid_and_what_is_valid_is_stable(text):
    proposed = proposal(text)
    assert proposed is None or normalise(proposed) == proposed
    found = normalise(text)
    assert found is None or normalise(found) == found


@given(st.text(max_size=80))
def test_any_text_can_be_searched(text):
    found = extract(text)
    assert found is None or text.startswith(found.rest)
