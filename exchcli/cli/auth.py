"""The API key: storing, showing, testing, moving and replacing it."""

# Typer reads the annotations at run time, so they are not postponed here.
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal, NamedTuple

import typer

from exchcli.cli.asking import ask_pair, ask_password, ask_username
from exchcli.cli.confirm import confirm
from exchcli.cli.keys import pin, scope_of, shadowed, tell_unfinished, unpin
from exchcli.cli.registry import Group, Only
from exchcli.cli.session import Session, session
from exchcli.core.credentials import Credentials
from exchcli.core.credentials.lookup import find, owned, refuse_pending
from exchcli.core.credentials.pending import PendingSource, forget_intent
from exchcli.core.credentials.rotation import Hands, alone, recovered, rotated
from exchcli.core.credentials.stores import CommandSource, Scope, Store, store_of
from exchcli.errors import (
    CredentialsError,
    ExchError,
    NoAnswer,
    RateLimited,
    Rejected,
    UsageError,
    hinted,
)

group = Group("auth", "The API key: log in, test it, move it, replace it, log out.")

StoreOption = Annotated[
    Literal["keyring", "file", "command"] | None,
    typer.Option(help="Where it is kept: in the system's keyring, a file, or by a helper."),
]
SecretStdin = Annotated[
    bool, typer.Option("--secret-stdin", help="Read its secret from stdin, do not ask.")
]
Username = Annotated[
    str | None,
    typer.Option("--username", metavar="USER", help="Your user name, to fetch a new key with."),
]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from stdin.")
]
NoTest = Annotated[bool, typer.Option("--no-test", help="Do not try it with a signed read.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


class KeyStatus(NamedTuple):
    """Which key is used and where it comes from; of the key itself only the beginning."""

    exchange: str
    profile: str
    source: str
    place: str
    key: str


class New(NamedTuple):
    """A pair that a login brought into use.

    `instead` says in words what it replaced, `untried` why the exchange could not be asked.
    """

    pair: Credentials
    instead: str = ""
    untried: ExchError | None = None


@group.command()
def login(
    ctx: typer.Context,
    store: StoreOption = None,
    key: Annotated[str | None, typer.Option("--key", metavar="KEY", help="The API key.")] = None,
    secret_stdin: SecretStdin = False,
    username: Annotated[Username, Only(("dgt",))] = None,
    password_stdin: Annotated[PasswordStdin, Only(("dgt",))] = False,
    yes: Yes = False,
    no_test: NoTest = False,
) -> None:
    """Try an API key and its secret with one signed read, and store them.

    The secret is asked for without being shown, or read from stdin; as an argument, other users
    of this machine could see it. What the exchange refuses is not stored, and a terminal is
    asked before another key is replaced. With --store command, the helper that argv of the
    profile names in the configuration is tried and used from now on.
    """
    here = session(ctx)
    scope = _real(here)
    kind = store or scope.kept.store or "keyring"
    if username is not None:
        if key is not None or secret_stdin:
            raise UsageError("--username fetches a key, and --key brings one.", "Give one of them.")
        new = _first_pair(here, scope, kind, username, password_stdin, yes, no_test)
    elif kind == "command":
        typed = key is not None or secret_stdin
        new = _of_helper(here, scope, typed=typed, no_test=no_test)
    else:
        new = _typed_pair(here, scope, kind, ask_pair(key, secret_stdin), yes, no_test)
    _tell_leftovers(here, scope, kind)
    where = f"the key {new.pair.key[:4]}... is in {new.pair.source}{new.instead}"
    if new.untried is not None:
        hint = f"T{where[1:]} all the same, untried; {scope.command('auth test')} tries it."
        raise hinted(new.untried, hint)
    accepted = ", untried" if no_test else ", and was accepted"
    here.say(f"{_whose(here, scope)}: {where}{accepted}.")


@group.command(returns=KeyStatus)
def status(ctx: typer.Context) -> None:
    """Where the key comes from and how it begins; nothing is sent."""
    here = session(ctx)
    here.begin()
    here.show(_status(here))


@group.command(returns=KeyStatus)
def test(ctx: typer.Context) -> None:
    """Try the key with one signed read, which changes nothing."""
    here = session(ctx)
    here.begin()
    found = _status(here)
    here.ask(here.exchange.balances())
    here.show(found)
    here.say(f"{here.exchange.title} accepted the key.")


@group.command()
def move(
    ctx: typer.Context,
    store: Annotated[
        Literal["keyring", "file"] | None,
        typer.Option(help="Where it goes: the keyring, or a file."),
    ] = None,
) -> None:
    """Move the stored key, such as from the keyring to a file that cron can read."""
    here = session(ctx)
    scope = _real(here)
    if store is None:
        raise UsageError(
            "Where the key goes is missing.", "Name it: --store keyring or --store file."
        )
    with _changing(scope):
        source = _stored(scope, "moved")
        if source.kind == store:
            raise UsageError(f"The key is in {source.words} already.", "There is nothing to move.")
        target = store_of(scope, store)
        target.write(source.read())
        pin(here, scope, store)
        left = _removed(scope, source)
    here.say(f"{_whose(here, scope)}: the key is in {target.words} now, and {left}.")


@group.command()
def logout(ctx: typer.Context, yes: Yes = False) -> None:
    """Remove the stored key from this machine; at the exchange it stays valid."""
    here = session(ctx)
    scope = _real(here)
    with _changing(scope):
        source = _stored(scope, "removed")
        confirm(f"{_whose(here, scope)}: forget the key in {source.words}?", yes)
        left = _removed(scope, source)
        unpin(here, scope)
    here.say(f"{_whose(here, scope)}: logged out. The key is {left}; at the exchange it is valid.")


@group.command(on=("dgt",))
def rotate(
    ctx: typer.Context,
    username: Username = None,
    password_stdin: PasswordStdin = False,
    yes: Yes = False,
) -> None:
    """Replace the stored key by a new one from Dgtmarket, which revokes the old one.

    The new pair is on the disk before anything else is done with it. If this is interrupted,
    `auth recover` goes on from there.
    """
    here = session(ctx)
    scope = _real(here)
    with alone(scope):
        refuse_pending(scope, even_broken=False)
        store = owned(scope, "rotated")
        question = f"fetch a new key into {store.words}? The old one is revoked at once."
        fault = PendingSource(scope).fault()
        if fault is not None:
            question = (
                f"a rotation was not finished, and its key is given up. {fault} So {question}"
            )
        pair = _fetched(here, scope, store, question, username, password_stdin, yes)
    _try(here, pair)
    here.say(f"{_whose(here, scope)}: the new key is in {pair.source}, and was accepted.")


@group.command(on=("dgt",))
def recover(ctx: typer.Context) -> None:
    """Finish a rotation that was interrupted, or say what is lost and what to do."""
    here = session(ctx)
    scope = _real(here)
    with alone(scope):
        here.say(recovered(scope, _hands(here, scope)))


def _first_pair(
    here: Session, scope: Scope, kind: str, username: str, password_stdin: bool, yes: bool,
    no_test: bool,
) -> New:  # fmt: skip
    """The pair that Dgtmarket makes for a user, where the profile has none yet.

    It is stored before it is tried: the one before is revoked, so nothing is worse than losing it.
    """
    with _changing(scope):
        if scope.kept.store is not None:
            raise UsageError(
                f"{_whose(here, scope)} has a key already.",
                f"{scope.command('auth rotate')} replaces it.",
            )
        store = store_of(scope, kind)
        question = f"fetch a key into {store.words}? One that was fetched before is revoked."
        pair = _fetched(here, scope, store, question, username, password_stdin, yes)
    if not no_test:
        _try(here, pair)
    return New(pair)


def _typed_pair(
    here: Session, scope: Scope, kind: str, typed: Credentials, yes: bool, no_test: bool
) -> New:
    """The pair that a user has, in the store; it is tried first, so a refused one costs nothing."""
    typed = typed._replace(source="this login")
    with _changing(scope):
        target = store_of(scope, kind)
        before = target.holds()
        untried = None if no_test else _tried(here, typed)
        instead = ""
        if before is not None and before[:2] != typed[:2]:
            same = before.key == typed.key
            instead = " with another secret" if same else f" in place of {before.key[:4]}..."
            _agree(here, scope, f"{before.key[:4]}... in {target.words}", typed, untried, yes)
        target.write(typed)
        pin(here, scope, kind)
        if not no_test and untried is None:
            forget_intent(scope)  # whatever became of that rotation, this key holds
    return New(typed._replace(source=target.words), instead, untried)


def _agree(
    here: Session, scope: Scope, old: str, typed: Credentials, untried: ExchError | None, yes: bool
) -> None:
    """Somebody at a terminal is asked before another pair is replaced.

    A script replaces it by one that was accepted, or that it does not want to be tried.
    """
    if scope.interactive:
        doubt = "" if untried is None else f" {untried.message} It could not be tried."
        question = f"replace the key {old} by {typed.key[:4]}...?{doubt}"
        confirm(f"{_whose(here, scope)}: {question}", yes)
    elif untried is not None and not yes:
        short = old.split(" ", 1)[0]
        why = f"Nothing was stored: untried, it replaces the key {short} only with --yes."
        raise hinted(untried, why)


def _tried(here: Session, pair: Credentials) -> ExchError | None:
    """Tries a pair that is not stored yet: None if it was accepted, else why that is not known.

    Raises what refuses it.
    """
    try:
        _try(here, pair)
    except (RateLimited, NoAnswer) as error:
        return error
    except ExchError as error:
        raise hinted(error, "Nothing was stored.") from None
    return None


def _fetched(
    here: Session, scope: Scope, store: Store, question: str, username: str | None,
    password_stdin: bool, yes: bool,
) -> Credentials:  # fmt: skip
    """A new pair from Dgtmarket, safely in the store.

    What it says to a refusal is not repeated: it may quote the form, with the password.
    """
    here.connected()  # what keeps that from being made shows before there is an intent
    confirm(f"{_whose(here, scope)}: {question}", yes)
    user = ask_username(username)
    password = ask_password(password_stdin)

    def fetch() -> Credentials:
        try:
            return here.ask(here.exchange.new_key(user, password), quietly=True)
        except CredentialsError as error:
            raise CredentialsError(
                f"{here.exchange.title} refused the user name or the password (HTTP {error.code}).",
                "Check both, and that its API is enabled for the account.",
                exchange=error.exchange,
                code=error.code,
            ) from None
        except Rejected as error:
            raise Rejected(
                f"{here.exchange.title} refused to make a key (HTTP {error.code}).",
                "Nothing was changed. Check the user name and the password.",
                exchange=error.exchange,
                code=error.code,
            ) from None

    return rotated(scope, store, _hands(here, scope)._replace(fetch=fetch))


def _hands(here: Session, scope: Scope) -> Hands:
    return Hands(pin=lambda kind: pin(here, scope, kind), accepted=lambda pair: _try(here, pair))


def _of_helper(here: Session, scope: Scope, *, typed: bool, no_test: bool) -> New:
    """What the helper command prints; it is the profile's store from now on."""
    if typed:
        store_of(scope, "command")
    if not scope.kept.argv:
        key = f"{scope.exchange}.profiles.{scope.profile}.argv"
        raise UsageError(
            "No helper command is configured.", f"Name one first: exch config set {key} PROGRAM,ARG"
        )
    pair = CommandSource(scope.kept.argv, scope.interactive).read()
    with _changing(scope):
        untried = None if no_test else _tried(here, pair)
        pin(here, scope, "command")
    return New(pair, untried=untried)


@contextmanager
def _changing(scope: Scope) -> Iterator[None]:
    """Nobody else changes this profile's key meanwhile, and no rotation is unfinished."""
    with alone(scope):
        refuse_pending(scope)
        yield


def _stored(scope: Scope, doing: str) -> Store | CommandSource:
    """What the profile's key is in; refused when it comes from elsewhere."""
    found = find(scope)
    return found if isinstance(found, CommandSource) else owned(scope, doing)


def _removed(scope: Scope, source: Store | CommandSource) -> str:
    """Removes the pair where exch may; what is to be said of it."""
    if isinstance(source, CommandSource):
        return f"still where {source.words} has it"
    source.delete()
    return f"no longer in {source.words}"


def _try(here: Session, pair: Credentials) -> None:
    """One signed read with this pair. Raises what refuses it."""
    here.pair = pair
    here.ask(here.exchange.balances(), quietly=True)


def _status(here: Session) -> KeyStatus:
    scope = scope_of(here)
    pair = here.credentials()
    if here.sandboxed:
        kind, place = "sandbox", str(here.places.sandbox)
    else:
        source = find(scope)
        kind, place = source.kind, source.place
        if kind != "pending":  # of that one, looking for the pair has told
            tell_unfinished(here, scope)
    return KeyStatus(scope.exchange, scope.profile, kind, place, f"{pair.key[:4]}...")


def _tell_leftovers(here: Session, scope: Scope, kind: str) -> None:
    """What keeps the new key from being used, and where an older one was left."""
    above = shadowed(scope, kind)
    if above:
        here.say(f"exch: {above}.")
    before = scope.kept.store
    if before in ("keyring", "file") and before != kind:
        here.say(f"exch: the key that was in {store_of(scope, before).words} is still there.")


def _whose(here: Session, scope: Scope) -> str:
    return f"{here.exchange.title}, profile {scope.profile}"


def _real(here: Session) -> Scope:
    """The profile; the sandbox has keys of its own, which nobody stores."""
    if here.sandboxed:
        raise UsageError(
            "The sandbox signs with a key of its own; there is none to store.",
            "Leave --sandbox and EXCH_SANDBOX out.",
        )
    return scope_of(here)
