"""What can go wrong between a client and a server."""

from enum import StrEnum
from typing import Final


class Fault(StrEnum):
    """What goes wrong with one request."""

    NONE = "none"
    RESET_AT_ONCE = "connection reset before the first byte"
    RESET_IN_HEADERS = "connection reset in the headers"
    RESET_IN_BODY = "connection reset in the body"
    STALL = "never answers"
    STALL_IN_BODY = "falls silent in the body"
    DRIP = "a byte now and then"
    RATE_LIMIT = "429"
    RATE_LIMIT_SECONDS = "429 that says how many seconds to wait"
    RATE_LIMIT_DATE = "429 that says until when to wait"
    TIMEOUT_408 = "408"
    CONFLICT_409 = "409"
    ERROR_500 = "500"
    BAD_GATEWAY_502 = "502 in HTML"
    UNAVAILABLE_503 = "503 without a body"
    SHORT_BODY = "less than Content-Length says"
    LONG_BODY = "more than Content-Length says"
    CUT_CHUNKS = "chunks without an end"
    HTML = "200 with a page"
    ERROR_IN_200 = "200 with an error body"
    INVALID_UTF8 = "bytes that are no UTF-8"
    GARBAGE = "no HTTP"
    HUGE_BODY = "a body of megabytes"
    BOMB = "a small body that unpacks to megabytes"
    ENDLESS = "a reply without an end"
    ENDLESS_LINE = "a line without an end"
    ENDLESS_HEADERS = "headers without an end"


HEAVY: Final = (Fault.HUGE_BODY, Fault.BOMB, Fault.ENDLESS, Fault.ENDLESS_LINE, Fault.ENDLESS_HEADERS)
LIGHT: Final = tuple(fault for fault in Fault if fault not in (Fault.NONE, *HEAVY))
