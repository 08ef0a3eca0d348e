"""DigiFinex's table of error codes: what each means for a user, and what to do next."""

from __future__ import annotations

from exchcli.errors import (
    BadReply,
    CredentialsError,
    ExchError,
    RateLimited,
    Rejected,
    UnknownCurrency,
    UnknownSymbol,
)

_ANOTHER = "It was deleted or mistyped: `exch dfx auth login` stores another."
_MISMATCH = "The secret is another key's, or mistyped: `exch dfx auth login` stores both anew."
_PERMISSION = "Give the key that permission in the API settings of the account, or use another key."
_ADDRESS = (
    "Add this machine's public address in the API settings of the account, "
    "or run this from an address that is listed there."
)
_EXPIRED = "Create a new one in the account's API settings, then run `exch dfx auth login`."
_LATER = "Wait half an hour, then run it again."
_FUNDS = "`exch dfx balances` shows what there is, with --margin in the margin account."
_RULES = "`exch dfx symbols` lists the precision and the minimum of each pair."
_STRETCH = "Ask for a shorter or a later stretch with --start and --end."
_METHOD = "DigiFinex takes GET and POST: `exch dfx api POST PATH` sends the other one."
_PARAMETER = "Check the names and values of the parameters; -v shows what is sent."
_ENDPOINT = (
    "Check the path, like /spot/assets; `exch dfx auth status` shows whether there is a key."
)
_ORDERS = "`exch dfx order list --history` lists them; --margin looks in the margin account."
_DATE = "Give --start and --end as epoch seconds, ISO 8601 or ago (3d)."
_LATER_END = "Give an --end that is later than --start."
_WHITELIST = "Add it to the withdrawal addresses in the account's settings at DigiFinex."

_SYMBOLS = "`exch dfx symbols` shows the status of each pair; try it later."
_SIDES = "`exch dfx buy` and `exch dfx sell` send the right one."
_PATHS = "Move it by way of the spot account: margin and otc have no transfer between them."
_AMOUNT = "Write an amount above 0, as fine as the currency allows; the balance bounds it."
_CURRENCIES = "`exch dfx currencies` shows which are open; try it later, or take another."
_TOMORROW = "Move less, or the rest tomorrow."
_POSITIONS = "`exch dfx margin positions` lists those that there are."
_SUPPORT = "The account's settings at DigiFinex say why, or its support does."
_WITHDRAWALS = "`exch dfx withdraw list` lists them with their ids."
_SMALLER = "Withdraw less: `exch dfx currencies` shows the least, DigiFinex's site the most."
_GONE = "`exch dfx withdraw list` shows what became of it."

# code: (kind of error, what happened, what to do next)
_CODES: dict[int, tuple[type[ExchError], str, str | None]] = {
    10001: (Rejected, "wrong request method", _METHOD),
    10002: (CredentialsError, "the API key is not known", _ANOTHER),
    10003: (CredentialsError, "the signature does not match the secret", _MISMATCH),
    10004: (Rejected, "a parameter is not allowed", _PARAMETER),
    10005: (RateLimited, "it was asked too often", "Wait two minutes, then run it again."),
    10006: (CredentialsError, "the API key lacks the permission for this", _PERMISSION),
    10007: (CredentialsError, "this IP address is not allowed for the API key", _ADDRESS),
    10008: (Rejected, "the request's timestamp was not accepted", "Check this machine's clock."),
    10009: (Rejected, "there is no such endpoint, or the API key is missing", _ENDPOINT),
    10011: (CredentialsError, "the API key has expired", _EXPIRED),
    20002: (Rejected, "trading of this pair is suspended", _SYMBOLS),
    20007: (Rejected, "the price has too many decimals", _RULES),
    20008: (Rejected, "the amount has too many decimals", _RULES),
    20009: (Rejected, "the amount is below the minimum", _RULES),
    20010: (Rejected, "the order's value is below the minimum", _RULES),
    20011: (Rejected, "the balance is too small", _FUNDS),
    20012: (Rejected, "the side is neither buy nor sell", _SIDES),
    20013: (Rejected, "there is no such order", _ORDERS),
    20014: (Rejected, "the date is not valid", _DATE),
    20015: (Rejected, "the date is out of range", _STRETCH),
    20018: (RateLimited, "the account is banned from trading by API", _LATER),
    20019: (UnknownSymbol, "there is no such pair", "`exch dfx symbols` lists them."),
    20020: (RateLimited, "trading is suspended for breaking the trading rules", _LATER),
    20021: (UnknownCurrency, "there is no such currency", "`exch dfx currencies` lists them."),
    20022: (Rejected, "the end is not later than the start", _LATER_END),
    20023: (Rejected, "these accounts have no transfer between them", _PATHS),
    20024: (Rejected, "the amount is not valid", _AMOUNT),
    20025: (Rejected, "this currency cannot be transferred at the moment", _CURRENCIES),
    20026: (Rejected, "the transfer is larger than the balance", _FUNDS),
    20027: (Rejected, "the account is not in a normal state", "Ask DigiFinex's support."),
    20028: (Rejected, "the account is barred from transfers", "Ask DigiFinex's support."),
    20029: (Rejected, "the transfer is beyond the daily limit", _TOMORROW),
    20030: (Rejected, "there is no position on this pair", _POSITIONS),
    20032: (Rejected, "withdrawals are restricted", _SUPPORT),
    20033: (Rejected, "there is no such withdrawal", _WITHDRAWALS),
    20034: (Rejected, "withdrawals of this currency are closed", _CURRENCIES),
    20035: (Rejected, "the withdrawal is beyond a limit", _SMALLER),
    20036: (Rejected, "the withdrawal was not cancelled", _GONE),
    20037: (
        Rejected,
        "the address, memo or chain is not among the withdrawal addresses",
        _WHITELIST,
    ),
    20038: (Rejected, "the address is not on the white list", _WHITELIST),
    20039: (Rejected, "it can no longer be cancelled", _GONE),
    20040: (
        RateLimited,
        "too many withdrawals (3 a minute, 100 a day)",
        "Wait, then run it again.",
    ),
    20041: (Rejected, "the withdrawal is beyond the daily limit", _TOMORROW),
    20042: (
        Rejected,
        "this pair cannot be traded by API",
        "`exch dfx symbols --source api` says which can.",
    ),
}


def error_of(code: int, said: str | None, status: int) -> ExchError:
    """The error that a code stands for; `said` is the exchange's own message, if any.

    50000, codes that the table does not have, and a success with a failing HTTP status
    tell nothing that can be relied on: BadReply.
    """
    words = f" ({said})" if said else ""
    if code not in _CODES:
        bad = BadReply(f"error {code}{words}, HTTP {status}")
        bad.code = str(code)
        return bad
    kind, message, hint = _CODES[code]
    if kind is RateLimited:
        return RateLimited(f"{message} [{code}]", hint, code=str(code))
    return kind(f"DigiFinex refused: {message}{words} [{code}].", hint, code=str(code))
