"""Which texts are bank account numbers: a wrong one would say that a vendor changed its bank."""

import pytest

from counterfoil.capture.identifiers import is_iban


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("DE89 3704 0044 0532 0130 00", id="German, in groups"),
        pytest.param("GB29NWBK60161331926819", id="British"),
        pytest.param("NL91ABNA0417164300", id="Dutch"),
        pytest.param("FR14 2004 1010 0505 0001 3M02 606", id="French, with a letter"),
    ],
)
def test_ibans_of_the_registry_are_recognised(text):
    assert is_iban(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("DE89 3704 0044 0532 0130 01", id="check digits do not hold"),
        pytest.param("LP-6060-36 LED panel 60 x", id="an item code and words, the check digits hold by chance"),
        pytest.param("IE29 FAKE 9999 9900", id="cut off where the check digits hold by chance"),
        pytest.param("0532 0130 00", id="a domestic account number"),
    ],
)
def test_what_only_looks_like_an_iban_is_none(text):
    assert not is_iban(text)
