"""Words of the stage's panel about the audience."""

from collections.abc import Mapping
from typing import Final

WORDS: Final[Mapping[str, str]] = {
    "audience_title": "Your turn: rank these on your phone",
    "audience_invite": "Let the room rank",
    "audience_about": "A QR code opens these alternatives on phones. People put them in order; what their orders weigh "
    "appears here while they do it. Each phone counts once. No account, no app.",
    "audience_minutes": "Open for",
    "audience_minutes_n": "{n} min",
    "audience_hide": "Hide cost and seconds on phones",
    "audience_open": "Open to the audience",
    "audience_here_only": "Phones cannot reach this: Podium listens on this machine alone. To open only this page to "
    "the room's network, stop it and start it so:",
    "audience_scan": "QR code that opens {url}",
    "audience_left": "open, {left} left",
    "audience_over": "over",
    "audience_more": "+ 10 min",
    "audience_close": "End now",
    "audience_reopen": "Open again",
    "audience_wide": "Whole screen",
    "audience_beside": "Beside the talk",
    "audience_fresh": "New audience",
    "audience_ended": "The audience is closed. What was ranked stays.",
    "audience_ranked": "ranked",
    "audience_joined": "phones here",
    "audience_lost": "No connection to the server; trying again…",
    "audience_first": "First choice",
    "audience_first_note": "share of phones; ties share",
    "audience_first_place": " · mean place {place}",
    "audience_first_none": "nobody yet",
    "audience_weights": "What these orders weigh",
    "audience_weights_note": "learned weights P, the greatest is 1; 95 % intervals, by phones that ranked",
    "audience_table": "All figures as a table",
    "audience_weight": "Weight",
    "audience_estimate": "Estimate and 95 % interval",
    "audience_alternative": "Alternative",
    "audience_share": "First choice",
    "audience_place": "Mean place",
}
