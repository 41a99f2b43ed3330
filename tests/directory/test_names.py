"""Names compare equal when only their spelling differs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trafford_sv.directory.names import legal_form, name_core, name_key


@pytest.mark.parametrize(
    "one, other",
    [
        ("Smith & Sons Limited", "SMITH AND SONS LTD"),
        ("Smith & Sons Ltd.", "Smith  and\u00a0Sons limited "),
        ("Acme P.L.C.", "ACME PLC"),
        ("Acme Public Limited Company", "Acme plc"),
        ("Acme (UK) Ltd", "ACME UK LIMITED"),
        ("O'Brien's Café CIC", "OBriens Cafe Community Interest Company"),
        ("O\u2019Brien Ltd", "O'BRIEN LIMITED"),
        ("Brown L.L.P.", "Brown Limited Liability Partnership"),
        ("A.B.C. Care Ltd", "ABC Care Ltd"),
        ("\uff21cme Ltd", "Acme Ltd"),
        ("The Paper Company Ltd", "THE PAPER CO LTD"),
    ],
)
def test_spellings_of_one_name_have_one_key(one, other):
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    "one, other",
    [
        ("Acme Ltd", "Acme LLP"),
        ("Acme Ltd", "Acme"),
        ("Acme North Ltd", "Acme South Ltd"),
        ("Unit 1 Ltd", "Unit 11 Ltd"),
    ],
)
def test_different_names_stay_different(one, other):
    assert name_key(one) != name_key(other)


@given(st.text(max_size=60))
def test_a_key_of_a_key_is_itself(text):
    assert name_key(name_key(text)) == name_key(text)


@given(st.text(alphabet=st.characters(codec="latin-1"), max_size=40))
def test_limited_and_ltd_are_one(text):
    assert (
        name_key(f"{text} Ltd")
        == name_key(f"{text} LIMITED")
        == name_key(f" {text} Limited.\u00a0")
    )


@given(st.text(max_size=60))
def test_the_core_is_found_inside_the_key(text):
    assert name_core(text) in name_key(text)
    assert bool(name_core(text)) == bool(name_key(text))


def test_the_core_leaves_out_the_legal_form():
    assert name_core("The Acme Group Ltd") == name_core("Acme Group plc") == "acme group"
    assert legal_form("Acme Group Limited") == "ltd"
    assert legal_form("Limited") == ""
    assert name_core("The Limited") == "the"
