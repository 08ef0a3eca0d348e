"""The options of the commands that change something."""

# Typer reads the annotations at run time, so they are not postponed here.
from typing import Annotated, Literal

import typer

from exchcli.cli.registry import Alone, Only
from exchcli.errors import UsageError

OnAbsentPolicy = Literal["stop", "resend"]

Amount = Annotated[
    str | None,
    typer.Argument(metavar="[AMOUNT]", help="How much, in base currency (0.05 of BTC_USDT: BTC)."),
]
Price = Annotated[
    str | None,
    typer.Option(
        "--price", metavar="P", help="It trades at this price in quote currency, or a better one."
    ),
]
AtMarket = Annotated[
    bool, typer.Option("--market", help="At whatever price the order book has, at once.")
]
Spend = Annotated[
    str | None,
    typer.Option("--spend", metavar="QUOTE", help="With --market: how much money to spend."),
]
PostOnly = Annotated[
    bool,
    typer.Option("--post-only", help="Canceled rather than traded at once: it only makes."),
    Only(("dfx",)),
]
Stop = Annotated[
    str | None,
    typer.Option("--stop", metavar="P", help="Not active before the price reaches P."),
    Only(("dgt",)),
]
OnMargin = Annotated[bool, typer.Option("--margin", help="In the margin account."), Only(("dfx",))]
Round = Annotated[
    bool,
    typer.Option("--round", help="Too many decimals: amounts down, a price never to a worse one."),
]
Once = Annotated[
    str | None,
    typer.Option("--once", metavar="KEY", help="Never do this twice under this key."),
]
Money = Annotated[str, typer.Argument(metavar="AMOUNT", help="How much of the currency.")]
OnAbsent = Annotated[
    OnAbsentPolicy,
    typer.Option("--on-absent", help="If an earlier try provably did nothing."),
]
Wait = Annotated[
    str | None,
    typer.Option(
        "--wait",
        metavar="[SECONDS]",
        help="Wait until it is filled or canceled, so long at most [60].",
    ),
    Alone("60"),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print the request that would be sent; send none.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def once_key(text: str | None, on_absent: OnAbsentPolicy) -> str | None:
    """The key of --once. Raises UsageError for what can be none."""
    from exchcli.execution.intent import checked_key

    if text is None:
        if on_absent != "stop":
            raise UsageError(
                "--on-absent says what to do under a key, and there is none.", "Add --once KEY."
            )
        return None
    if "#" in text:
        raise UsageError(
            f"--once {text!r} can be no key: a batch counts its calls behind a #.",
            "Write another sign, like weekly-2024-05-06.",
        )
    return checked_key(text)
