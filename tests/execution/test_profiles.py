"""Several profiles that are one account: one API key under several names."""

from __future__ import annotations

from decimal import Decimal

import pytest
from journalling import ACCOUNT, BUY, NOW, sent, signed
from scripted import RULES, Free, Scripted, listed

from exchcli.errors import CredentialsError, OnceConflict, OutcomeUnknown, Rejected
from exchcli.execution.endings import Done
from exchcli.execution.intent import Intent, Withdrawal
from exchcli.execution.journal import Journal
from exchcli.execution.placement import Placement

ZZ = ACCOUNT._replace(profile="zz")
LOST = OutcomeUnknown("no complete answer within 30 s")
HASTY = RULES._replace(patience=0)
MONEY = Intent("withdrawal", (Withdrawal("BTC", Decimal(1)),))


def run(
    journal: Journal, venue: Scripted, profile: str, key: str | None = "weekly",
    intent: Intent = BUY, rules: object = RULES,
) -> Done:  # fmt: skip
    account = ACCOUNT._replace(profile=profile)
    return Placement(journal, Free(), venue, account, rules).run(intent, key)  # type: ignore[arg-type]


def test_a_key_is_used_once_whatever_the_profile_is_called(journal: Journal) -> None:
    first = run(journal, Scripted([["77"]]), "default")
    for profile in ("zz", "yy"):
        venue = Scripted([["78"]])
        assert run(journal, venue, profile) == first._replace(replayed=True)
        assert venue.done == []
    assert len(journal.entries()) == 1


def test_a_key_of_another_account_is_another_key(journal: Journal) -> None:
    run(journal, Scripted([["77"]]), "default")
    venue = Scripted([["78"]])
    venue.key = "another"
    assert run(journal, venue, "zz").ids == ("78",)
    assert run(journal, Scripted(), "default").ids == ("77",)


def test_a_key_that_is_unknown_under_another_profile_is_settled_under_that(
    journal: Journal,
) -> None:
    with pytest.raises(OutcomeUnknown):
        run(journal, Scripted([LOST]), "default", rules=HASTY)
    venue = Scripted(listings=[[listed("77")]])
    venue.now += 100
    assert run(journal, venue, "zz").ids == ("77",)
    (entry,) = journal.entries()
    assert (entry.account, entry.state) == (ACCOUNT, "placed")


def test_what_was_refused_under_another_profile_is_sent_as_the_same_intent(
    journal: Journal,
) -> None:
    with pytest.raises(Rejected):
        run(journal, Scripted([Rejected("no money")]), "default")
    assert run(journal, Scripted([["77"]]), "zz").ids == ("77",)
    (entry,) = journal.entries()
    assert (entry.account, len(entry.attempts)) == (ACCOUNT, 2)


def test_what_may_have_happened_counts_before_what_did_not(journal: Journal) -> None:
    """The profile's own key was another API key's then."""
    sent(journal, "weekly", attempt=signed(signer="older"))
    journal.settled(ACCOUNT, "weekly", "rejected", NOW)
    sent(journal, "weekly", account=ZZ)
    journal.settled(ZZ, "weekly", "placed", NOW, ids=["77"], evidence="reply")
    venue = Scripted([["78"]])
    assert run(journal, venue, "default").ids == ("77",)
    assert venue.done == []


@pytest.mark.parametrize("key", [None, "monday"])
def test_nothing_is_sent_while_what_looks_the_same_is_open_under_another_profile(
    journal: Journal, key: str | None
) -> None:
    with pytest.raises(OutcomeUnknown):
        run(journal, Scripted([LOST]), "default", "sunday", MONEY, HASTY)
    venue = Scripted([["78"]])
    with pytest.raises(OutcomeUnknown, match="what became of sunday, which looks the same"):
        run(journal, venue, "zz", key, MONEY, HASTY)
    assert venue.done == []


def test_what_looks_the_same_is_settled_under_its_own_profile(journal: Journal) -> None:
    with pytest.raises(OutcomeUnknown):
        run(journal, Scripted([LOST]), "default", "sunday", rules=HASTY)
    venue = Scripted([["78"]], [[listed("77")]])
    venue.now += 100
    assert run(journal, venue, "zz", "monday").ids == ("78",)
    found = {entry.key: (entry.account.profile, entry.ids) for entry in journal.entries()}
    assert found == {"sunday": ("default", ("77",)), "monday": ("zz", ("78",))}


def test_another_accounts_open_orders_do_not_matter(journal: Journal) -> None:
    sent(journal, "sunday", attempt=signed(signer="another"))
    venue = Scripted([["78"]])
    assert run(journal, venue, "zz", "monday").ids == ("78",)


def test_a_batch_under_one_profile_has_its_key_under_all(journal: Journal) -> None:
    run(journal, Scripted([["77"]]), "default", "d1")
    with pytest.raises(OnceConflict, match="stands for something else"):
        run(journal, Scripted([["78"]]), "zz", "d1#1")


def test_a_key_that_is_begun_is_7_though_the_api_key_cannot_be_had(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(_venue: Scripted) -> str:
        raise CredentialsError("The keyring is locked.")

    run(journal, Scripted([["77"]]), "default")
    monkeypatch.setattr(Scripted, "signer", locked)
    with pytest.raises(OutcomeUnknown, match="The keyring is locked"):
        run(journal, Scripted(), "default")
    with pytest.raises(CredentialsError):
        run(journal, Scripted(), "default", "another")
