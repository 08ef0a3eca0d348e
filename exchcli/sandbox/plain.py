"""Decimals as DigiFinex writes them: JSON numbers without idle zeros."""

from __future__ import annotations

from decimal import Decimal

from exchcli.sandbox.wire import Number


def plain(value: Decimal) -> Number:
    """In plain notation: 0.1, not 1E-1 nor 0.10."""
    text = format(value, "f")
    return Number(text.rstrip("0").rstrip(".") if "." in text else text)
