"""A session is told by its browser's name, and not by a line of products."""

import pytest

from webapp.account_pages.browser import browser_words

CHROME = "(KHTML, like Gecko) Chrome/140.0.0.0"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 {CHROME} Safari/537.36", "Chrome 140 on Linux"),
        (
            f"Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 {CHROME} Safari/537.36 Edg/141.0.0.0",
            "Edge 141 on Windows",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox 145 on Linux"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1 Version/19.0 Mobile Safari/604.1",
            "Safari 19 on iPhone",
        ),
        ("curl/8.5.0", "curl/8.5.0"),
        (None, "unknown"),
        ("", "unknown"),
    ],
)
def test_a_browser_is_told_by_name_and_system(agent: str | None, words: str) -> None:
    assert browser_words(agent) == words
