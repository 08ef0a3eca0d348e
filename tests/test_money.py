"""Exact decimals: what a person may type, what a reply may hold, and how they are shown."""

from __future__ import annotations

import re
from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchcli.errors import UsageError
from exchcli.money import MAX_DIGITS, plain, typed_decimal, wire_decimal

# As CONTRACT has it: digits, and a point with digits behind it, matched whole.
CONTRACT = re.compile(r"[0-9]+(\.[0-9]+)?")
digits = st.text("0123456789", min_size=1, max_size=40)
typed = st.builds("{}.{}".format, digits, digits) | digits
exact = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**40), max_value=10**40)


@pytest.mark.parametrize("text", ["0", "12", "0.05", "007", "1200.00", "0.00000001", "9" * 100])
def test_plain_numbers_are_taken_as_typed(text: str) -> None:
    assert plain(typed_decimal(text)) == (text.lstrip("0") if text == "007" else text)


@pytest.mark.parametrize(
    "text",
    [
        *["", " ", ".", "1.", ".5", "-1", "+1", "1e5", "1E5", "1_000", "1,5", "1.2.3", "0x10"],
        *["NaN", "nan", "sNaN", "Infinity", "-inf", "１２", "١٢", "1\n", " 1", "1 ", "1\x00", "½"],
    ],
)
def test_all_else_is_refused_and_named(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        typed_decimal(text, "amount")
    assert refused.value.message.startswith(f"amount {text!r} ")
    assert "0.05" in (refused.value.hint or "")


@given(typed | st.text("0123456789.eE+-_ ,naifNIF１٣\n", max_size=20))
def test_exactly_the_pattern_of_the_contract_is_taken(text: str) -> None:
    if CONTRACT.fullmatch(text):
        assert typed_decimal(text) == Decimal(text)
    else:
        with pytest.raises(UsageError):
            typed_decimal(text)


@given(typed)
def test_no_digit_that_was_typed_is_lost(text: str) -> None:
    shown = plain(typed_decimal(text))
    assert shown == (re.sub(r"^0+(?=[0-9])", "", text))


@pytest.mark.parametrize("letter", ["1", "x", "\n"])
def test_what_is_too_long_is_refused_without_repeating_it(letter: str) -> None:
    with pytest.raises(UsageError) as refused:
        typed_decimal(letter * (MAX_DIGITS + 1), "price")
    assert refused.value.message == "price has 101 characters; 100 is the most."


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", "0"),
        ("-12.50", "-12.50"),
        ("1e3", "1000"),
        ("1E-8", "0.00000001"),
        ("2.5e+2", "250"),
        ("1e100", "1" + "0" * 100),
    ],
)
def test_a_reply_may_use_exponents_and_signs(text: str, number: str) -> None:
    assert plain(wire_decimal(text)) == number


@pytest.mark.parametrize(
    "text",
    [
        *[
            "",
            "NaN",
            "Infinity",
            "-Infinity",
            "+1",
            "1_0",
            ".5",
            "1.",
            "1e",
            "e5",
            "１",
            "1 ",
            "\n",
        ],
        *["0x1F", "--1", "1e101", "1e-101", "1e999999999", "1" * 101, "0." + "1" * 100],
    ],
)
def test_a_reply_with_anything_else_is_not_trusted(text: str) -> None:
    with pytest.raises(ValueError, match=r"number|exponent"):
        wire_decimal(text)


@given(exact)
def test_a_number_on_the_wire_is_read_exactly(number: Decimal) -> None:
    text = str(number)
    try:
        read = wire_decimal(text)
    except ValueError:
        assert len(number.as_tuple().digits) > MAX_DIGITS or abs(number.adjusted()) > 100
    else:
        assert read.as_tuple() == number.as_tuple()


@given(st.text(max_size=20) | st.from_regex(r"[0-9eE.+-]{1,20}", fullmatch=True))
def test_any_text_is_a_bounded_number_or_a_value_error(text: str) -> None:
    try:
        number = wire_decimal(text)
    except ValueError:
        return
    assert number.is_finite()
    assert len(plain(number)) <= 2 * MAX_DIGITS + 10


@given(exact)
def test_plain_is_exact_and_has_no_exponent(number: Decimal) -> None:
    text = plain(number)
    assert "E" not in text
    assert Decimal(text) == number


def test_exactness_does_not_hang_on_the_decimal_context() -> None:
    digits = "1234567890.1234567890123456789012345678901234567890"
    with localcontext() as context:
        context.prec = 5
        assert plain(typed_decimal(digits)) == digits
        assert plain(wire_decimal(digits)) == digits
