"""Dgtmarket's keys: the one endpoint that takes a user name and a password."""

from __future__ import annotations

from exchcli.core.credentials import Credentials, Secret
from exchcli.core.credentials.pair import checked
from exchcli.core.request import Steps
from exchcli.errors import CredentialsError, Unreadable
from exchcli.exchanges.base import Exchange
from exchcli.exchanges.endpoint import post_form


class Keys(Exchange):
    """Key pairs from Dgtmarket itself."""

    @post_form("/public/token/")
    def new_key(self, username: str, password: Secret) -> Steps[Credentials]:
        """Get API keys: a new pair. The one before it is revoked as this answers.

        The heading says GET, the sample POST with a form. Nothing of the reply is repeated in
        an error.
        """
        reply = yield {"username": username, "password": password.reveal()}
        try:
            return checked(reply["key"].text(), reply["secret"].text(), "Dgtmarket's answer")
        except Unreadable:
            raise Unreadable("a reply without a key and a secret") from None
        except CredentialsError as error:
            words = error.message.removesuffix(".")
            raise Unreadable(f"{words[:1].lower()}{words[1:]}") from None
