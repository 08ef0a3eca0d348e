"""DigiFinex's table of codes, as its document lists it."""

from __future__ import annotations

TABLE = {
    0, 10001, 10002, 10003, 10004, 10005, 10006, 10007, 10008, 10009, 10011, 20002, 20007, 20008,
    20009, 20010, 20011, 20012, 20013, 20014, 20015, 20018, 20019, 20020, 20021, 20022, 20023,
    20024, 20025, 20026, 20027, 20028, 20029, 20030, 20032, 20033, 20034, 20035, 20036, 20037,
    20038, 20039, 20040, 20041, 20042, 50000,
}  # fmt: skip

# Codes that the sandbox never gives, and why.
NEVER = {
    20014: "no endpoint of the document takes a date like 2018-07-25",
    20036: "a withdrawal that cannot be canceled is told by its state, 20039",
    50000: "an exception of the server's own, which there is none of",
}
