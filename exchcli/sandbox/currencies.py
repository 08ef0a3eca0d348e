"""DigiFinex's currencies: how they are deposited and withdrawn, and what is lent."""

from __future__ import annotations

from typing import NamedTuple


class Chain(NamedTuple):
    """A currency on one chain, as in /currencies; the names of the fields are the document's."""

    currency: str
    chain: str
    min_deposit_amount: str
    min_withdraw_amount: str
    withdraw_fee_currency: str
    min_withdraw_fee: str
    withdraw_fee_rate: str


# /currencies: the first row is the document's sample, figure by figure.
CHAINS = (
    Chain("xrp", "", "0.01", "0.02", "eth", "0.006", "0.02"),
    Chain("btc", "", "0.001", "0.005", "btc", "0.0005", "0"),
    Chain("eth", "", "0.01", "0.05", "eth", "0.006", "0"),
    Chain("ltc", "", "0.01", "0.1", "ltc", "0.01", "0"),
    Chain("trx", "", "1", "50", "trx", "1", "0"),
    Chain("eos", "", "0.1", "2", "eos", "0.1", "0"),
    Chain("usdt", "ERC20", "1", "10", "usdt", "2", "0"),
    Chain("usdt", "OMNI", "10", "100", "usdt", "5", "0"),
)


class Withdrawal(NamedTuple):
    """What a withdrawal of Dgtmarket is at least, and what it costs."""

    least: str
    fee: str


# Dgtmarket's document says nothing of them: both figures are this project's own choice.
DGT_WITHDRAWALS = {
    "BTC": Withdrawal("0.001", "0.0005"),
    "LTC": Withdrawal("0.01", "0.01"),
    "PLN": Withdrawal("10", "0"),
}

# /margin/currencies: the first four and the fee row of USDT are the document's sample. LTC
# joins them because the sample of /margin/symbols lends it.
MARGIN_CURRENCIES = ("BTC", "USDT", "ETH", "XRP", "LTC")
FUNDING_TIME = "GMT+8 10:00:00"
MARGIN_FEE = (2, "[8-14]", "0.001")
