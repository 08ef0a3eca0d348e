"""Why the engine refuses something, without the words or codes of any exchange."""

from __future__ import annotations

from enum import StrEnum, auto


class Reason(StrEnum):
    """One for each thing that can be wrong; the wire adapters have the codes."""

    NO_SYMBOL = auto()
    SUSPENDED = auto()
    NO_API_TRADING = auto()
    NO_MARGIN = auto()
    PRICE_PRECISION = auto()
    AMOUNT_PRECISION = auto()
    BAD_PRICE = auto()
    BAD_AMOUNT = auto()
    TOO_SMALL = auto()  # less than the pair's least amount
    VALUE_TOO_SMALL = auto()  # worth less than its least value
    NO_FUNDS = auto()
    NO_ORDER = auto()
    NOT_CANCELABLE = auto()
    BANNED = auto()  # from placing orders, for 30 minutes
    BANNED_FOR_LONG = auto()  # for 24 hours
    NO_POSITION = auto()
    # Payments and transfers.
    NO_CURRENCY = auto()
    NOT_TRANSFERABLE = auto()  # this currency, into this wallet
    BAD_WALLETS = auto()  # no such wallets, or nothing goes from one to the other
    WITHDRAWALS_CLOSED = auto()
    WITHDRAWAL_TOO_SMALL = auto()
    NO_ADDRESS = auto()  # none is configured, or none was told
    NOT_WHITELISTED = auto()
    NO_CHAIN = auto()  # the currency is not on this chain, or on several and none was told
    TOO_FREQUENT = auto()
    DAILY_LIMIT = auto()
    NO_WITHDRAWAL = auto()


class Refusal(Exception):
    """Something is not done, and nothing has happened. `detail` is a sentence for people."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
