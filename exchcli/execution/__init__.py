"""What stands between an intention and the exchange: money that is moved once, or not at all.

    intent.py        what is meant, as text that two runs agree on
    lock.py          one run at a time for an exchange: the kernel's lock
    journal_file.py  the SQLite file: made, migrated, found damaged
    entry.py         an intent and its attempts, and every state that they are in
    journal.py       all of them, written down and found again
    venue.py         the exchange as the protocol sees it, so that a simulation can stand in
    settling.py      what became of a call without an answer: the fence, two listings, claims
    placement.py     `--once`: the protocol from the key to the answer
    endings.py       how that can end, and what it says then
    underway.py      what this run has begun and done, for who is interrupted
    calls.py         what takes no lock and no fence, such as a call of any endpoint
    others.py        withdrawals, transfers, closes and cancels, each by its own rule
    resolving.py     a person's decision
    advice.py        an intent in words, and what to do where nobody knows
    guard.py         what is refused here: caps, the halt switch, what an exchange bans for
    audit.py         late ghosts, and orders that no journal knows

Knows exchanges and what is below them; nothing of the command line.
"""
