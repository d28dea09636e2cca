"""Words of the pages on which people log in, and keep their accounts."""

from collections.abc import Mapping
from typing import Final

LOGIN: Final = "Log in"
LOGIN_HINT: Final = "With the name and the password of your account."
INVITATION: Final = "You are invited"
INVITATION_HINT: Final = "Choose a password, and a name if you have none yet."
ACCOUNT: Final = "Account"
ACCOUNT_HINT: Final = "Who you are here, and what may act in your name."
ACCOUNTS: Final = "Accounts"
ACCOUNTS_HINT: Final = "Who may do what, and what was done."
REFUSED: Final = "Not for you"
REFUSED_HINT: Final = "Your role does not open this page."
SINGLE: Final = "single user, no login"
SINGLE_TITLE: Final = (
    "There is no account, so whoever can reach this server may do everything. Make the first one on the server: "
    "podium user add NAME --role admin"
)
WRONG: Final = "The name or the password is wrong."
WAIT: Final = "That were too many attempts. Try again in {minutes}."
UNLIKE: Final = "The two new passwords differ."
NO_INVITATION: Final = "This invitation was used, taken back or is too old. Ask whoever sent it for a new one."
NOBODY_YET: Final = (
    "Nobody has an account here yet. Make the first one on the server: podium user add NAME --role admin"
)
NO_PROVIDER: Final = "Nobody logs in here by OpenID Connect: use your name and password."
PROVIDER_AWAY: Final = "Your organisation's login does not answer as it should. Try again, or tell an admin."
STALE: Final = "This way of logging in was used already, is too old, or began in another browser. Begin again."
NOT_FINISHED: Final = "You were not logged in there. Begin again, or use your name and password."
NOT_PROVEN: Final = "Your organisation's login did not prove who you are. Begin again; if it stays so, tell an admin."
DISABLED: Final = "Your account is disabled. An admin can enable it."
FORGOTTEN: Final = "You are forgotten here, and logged out everywhere."
UNENDED: Final = (
    "This browser is logged out, but the database could not be told: to whoever copied its cookie the session is still "
    "open. Log in again later, and log out everywhere."
)
NOT_YOUR_NAME: Final = "Nothing was done: type your own name, exactly as it stands at the top of this page."
WRONG_PASSWORD: Final = "Nothing was done: this is not your password."  # noqa: S105 - words
TOO_MANY: Final = "Nothing was done: too many wrong passwords. Try again in a quarter of an hour."
PASSWORD_CHANGED: Final = "Your password is changed. You are logged out everywhere else."  # noqa: S105 - words
ROLES: Final[Mapping[str, str]] = {
    "viewer": "looks at runs, talks and figures; changes nothing",
    "annotator": "ranks the ballots of studies, and sees nothing else",
    "author": "asks, spends, makes studies and audiences, exports",
    "admin": "everything, and the accounts of others",
}
SCOPES: Final[Mapping[str, str]] = {
    "read": "look",
    "rank": "rank",
    "run": "ask and spend",
    "study": "make studies, audiences and profiles",
    "export": "export",
    "metrics": "read metrics",
    "admin": "keep accounts",
}


def waiting(seconds: float) -> str:
    """How long to wait, in words."""
    minutes = max(1, round(seconds / 60))
    return WAIT.format(minutes="a minute" if minutes == 1 else f"{minutes} minutes")
