"""What TAB offers where the name of a symbol or a currency is to be typed.

    exch __complete symbols|currencies dgt|dfx|sandbox [--sandbox] [PREFIX]

The completion scripts run this, and show one line of it as one choice. It runs at every TAB,
so it imports no more than `exchcli.names` does; it asks no exchange, but reads the list of
symbols that the last command has cached; and it has nothing to say about what is wrong.
"""

from __future__ import annotations

import os

from exchcli import names

# typing costs more than all that this module does, so it is imported for the type checker only.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Pair = tuple[str, str, str]  # base, separator and quote, as the exchange writes them

# Dgtmarket's document lists its pairs, so they need no cache.
FIXED: dict[str, list[Pair]] = {
    "dgt": [("BTC", "", "PLN"), ("LTC", "", "PLN"), ("LTC", "", "BTC")],
}
# Written down here once more: where they belong, much else would be imported.
URLS = {"dfx": "https://openapi.digifinex.com/v3"}
SANDBOX_URLS = {"dfx": "https://sandbox.invalid/v3"}
YES = ("1", "true", "yes", "on")
SEPARATORS = "_-/:"


def offers(arguments: Sequence[str], env: Mapping[str, str]) -> list[str]:
    """The lines that answer a completion script. Never raises."""
    try:
        return _offers(arguments, env)
    except Exception:
        return []


def _offers(arguments: Sequence[str], env: Mapping[str, str]) -> list[str]:
    sandbox = "--sandbox" in arguments or env.get("EXCH_SANDBOX", "").lower() in YES
    what, exchange, *rest = [word for word in arguments if word != "--sandbox"]
    prefix = rest[0] if rest else ""
    if not prefix.isascii():
        return []
    # The exchange inside exch has the pairs of both.
    pairs = (
        _pairs("dgt", True, env) + _pairs("dfx", True, env)
        if exchange == "sandbox"
        else _pairs(exchange, sandbox, env)
    )
    if what == "symbols":
        found = [_symbol(pair, prefix) for pair in pairs]
    elif what == "currencies":
        codes = sorted({code for base, _, quote in pairs for code in (base, quote)})
        found = [_continued(prefix, code) for code in codes]
    else:
        return []
    return [name for name in found if name]


def _pairs(exchange: str, sandbox: bool, env: Mapping[str, str]) -> list[Pair]:
    if exchange in FIXED:
        return FIXED[exchange]
    config, state, _ = names.folders(env)
    url = SANDBOX_URLS[exchange] if sandbox else _url(exchange, config, env)
    listed = [_parted(name) for name in names.symbol_names(state, exchange, url)]
    return [pair for pair in listed if _is_code(pair[0]) and _is_code(pair[2])]


def _is_code(text: str) -> bool:
    return text.isascii() and text.isalnum() and len(text) <= 20


def _parted(text: str) -> Pair:
    for character in text:
        if character in SEPARATORS:
            return text.partition(character)
    return text, "", ""


def _symbol(pair: Pair, typed: str) -> str | None:
    """The pair as the user began to write it, with any separator or none; None if it is not."""
    base, separator, quote = pair
    begun, parted, _ = _parted(typed)
    if parted or len(begun) > len(base):
        separator = parted
    return _continued(typed, base + separator + quote)


def _continued(typed: str, name: str) -> str | None:
    """What was typed and the rest of the name, in the case of what was typed."""
    if not name.upper().startswith(typed.upper()):
        return None
    rest = name[len(typed) :]
    return typed + (rest.lower() if typed == typed.lower() else rest.upper())


def _url(exchange: str, config: str, env: Mapping[str, str]) -> str:
    """The base URL as `exchcli.config` would have it: from the environment, else the file."""
    given = env.get(f"EXCH_{exchange.upper()}_URL", "") or _configured(exchange, config)
    scheme, mark, rest = (given or URLS[exchange]).partition("://")
    host, slash, path = rest.partition("/")
    return (scheme.lower() + mark + host.lower() + slash + path).rstrip("/")


def _configured(exchange: str, config: str) -> str | None:
    # Many keep a link here to a file elsewhere, which read_plain_file would not follow.
    file = os.path.realpath(os.path.join(config, "config.toml"))  # noqa: PTH118
    content = names.read_plain_file(file) or b""
    # A file that speaks of no URL need not be understood, which takes 10 ms.
    if b"url" not in content:
        return None
    import tomllib

    url = tomllib.loads(content.decode("utf-8-sig")).get(exchange, {}).get("url")
    return url if isinstance(url, str) else None
