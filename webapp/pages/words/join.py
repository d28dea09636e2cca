"""Words of the page that a phone in the audience sees."""

from collections.abc import Mapping
from typing import Final

TITLE: Final = "Rank the answers"
NO_SCRIPT: Final = "This page is drawn by a script; please allow scripts here and load it again."
WORDS: Final[Mapping[str, str]] = {
    "loading": "Loading…",
    "hint": "Tap the answers in your order, best first. Tap again to take one back.",
    "simulated": "simulated",
    "all": "Show all",
    "less": "Show less",
    "answers": "Answers",
    "places": "1st 2nd 3rd 4th 5th 6th 7th 8th 9th 10th 11th 12th 13th 14th 15th 16th 17th 18th 19th 20th 21st 22nd "
    "23rd 24th 25th 26th",
    "shared": "last, shared",
    "open": "{label}, not placed. Place it {place}.",
    "placed": "{label}, {place}. Take it back.",
    "left": "{label}, {place}. Place it {next}.",
    "fixed": "{label}, {place}.",
    "nothing": "Nothing is placed yet.",
    "then": ", then ",
    "and": " and ",
    "together": "{labels} together",
    "send": "Send my order",
    "send_again": "Send the new order",
    "sending": "Sending…",
    "counted": "Counted: you are number {number}.",
    "change": "Change my mind",
    "offline": "No connection. Your order is kept, and goes out as soon as there is one.",
    "waiting": "Trying again by itself…",
    "joining_again": "No connection. This page tries again by itself.",
    "cookies": "This browser refuses the cookie that counts each phone once. Allow cookies for this page, then load it "
    "again.",
    "over_counted": "Your order was counted. You were number {number}.",
    "retype": "Code on the screen",
    "go": "Go",
}
