"""DigiFinex's table of codes, each with words of our own.

An error is HTTP 200 with a `code`. Codes that this sandbox never gives: 20014 (no endpoint
takes a date as a day), 20036 (a withdrawal that cannot be cancelled has 20039) and 50000
(an error of the server's own, which there is none of).
"""

from __future__ import annotations

from exchcli.sandbox.wire import WireReply, json_reply

WRONG_METHOD = 10001
UNKNOWN_KEY = 10002
BAD_SIGNATURE = 10003
ILLEGAL = 10004
TOO_OFTEN = 10005
NO_PERMISSION = 10006
IP_NOT_ALLOWED = 10007
BAD_TIMESTAMP = 10008
NO_ENDPOINT = 10009  # and the code of a request without ACCESS-KEY
EXPIRED_KEY = 10011
SUSPENDED = 20002
PRICE_PRECISION = 20007
AMOUNT_PRECISION = 20008
TOO_SMALL = 20009
VALUE_TOO_SMALL = 20010
NO_FUNDS = 20011
BAD_TYPE = 20012
NO_ORDER = 20013
TOO_LONG = 20015
BANNED_FOR_LONG = 20018
NO_SYMBOL = 20019
BANNED = 20020
NO_CURRENCY = 20021
BAD_TIMES = 20022
BAD_WALLETS = 20023
BAD_AMOUNT = 20024
NOT_TRANSFERABLE = 20025
TOO_MUCH = 20026
ABNORMAL = 20027
NO_TRANSFERS = 20028
TRANSFERS_TODAY = 20029
NO_POSITION = 20030
NO_WITHDRAWALS = 20032
NO_WITHDRAWAL = 20033
WITHDRAWALS_CLOSED = 20034
WITHDRAWAL_LIMIT = 20035
NO_ADDRESS = 20037
NOT_WHITELISTED = 20038
NOT_CANCELABLE = 20039
TOO_FREQUENT = 20040
WITHDRAWN_TODAY = 20041
NO_API_TRADING = 20042

MESSAGES = {
    WRONG_METHOD: "Wrong request method",
    UNKNOWN_KEY: "Invalid ApiKey",
    BAD_SIGNATURE: "Sign doesn't match",
    ILLEGAL: "Illegal request parameters",
    TOO_OFTEN: "Too many requests",
    NO_PERMISSION: "The ApiKey lacks the permission",
    IP_NOT_ALLOWED: "IP address not allowed",
    BAD_TIMESTAMP: "Invalid timestamp",
    NO_ENDPOINT: "No such endpoint, or no ACCESS-KEY",
    EXPIRED_KEY: "The ApiKey has expired",
    SUSPENDED: "Trading of this pair is suspended",
    PRICE_PRECISION: "The price has too many decimals",
    AMOUNT_PRECISION: "The amount has too many decimals",
    TOO_SMALL: "The amount is below the pair's minimum",
    VALUE_TOO_SMALL: "The order is worth less than the pair's minimum",
    NO_FUNDS: "The balance is too small",
    BAD_TYPE: "The type is buy, sell, buy_market or sell_market",
    NO_ORDER: "No such order",
    TOO_LONG: "Too long a time",
    BANNED_FOR_LONG: "Banned from API trading for 24 hours",
    NO_SYMBOL: "Wrong trading pair symbol",
    BANNED: "Banned from API trading for 30 minutes by the trading rules",
    NO_CURRENCY: "Invalid currency",
    BAD_TIMES: "The end must be after the start",
    BAD_WALLETS: "Nothing can be transferred from this account to that one",
    BAD_AMOUNT: "Invalid amount",
    NOT_TRANSFERABLE: "This currency cannot be transferred there",
    TOO_MUCH: "The transfer is larger than the balance",
    ABNORMAL: "The account is not in a normal state",
    NO_TRANSFERS: "The account is barred from transfers",
    TRANSFERS_TODAY: "The transfer is beyond the daily limit",
    NO_POSITION: "There is no position on this pair",
    NO_WITHDRAWALS: "The account's withdrawals are restricted",
    NO_WITHDRAWAL: "No such withdrawal",
    WITHDRAWALS_CLOSED: "Withdrawals of this currency are closed",
    WITHDRAWAL_LIMIT: "The amount is below the least withdrawal",
    NO_ADDRESS: "No such address, tag or chain among the withdrawal addresses",
    NOT_WHITELISTED: "The address is not on the white list",
    NOT_CANCELABLE: "It can no longer be cancelled",
    TOO_FREQUENT: "Too many withdrawals: 3 a minute, 100 a day",
    WITHDRAWN_TODAY: "The withdrawal is beyond the daily limit",
    NO_API_TRADING: "This pair cannot be traded by API",
}


class Refused(Exception):
    """A request that gets a `code` of the table instead of data."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def refusal(code: int) -> WireReply:
    """A `code` of the table, with words."""
    return json_reply({"code": code, "msg": MESSAGES[code]})
