"""What a person does on each page while it is watched: an address, what shows that it is drawn, and keys or clicks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from playwright.sync_api import Page

PAUSE_MS: Final = 120
"""Between two inputs, so that each is an interaction of its own."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One page as it is used."""

    name: str
    address: str
    """Below the server's; `{run}`, `{study}`, `{trajectory}`, `{other}` and `{code}` are filled in."""
    drawn: str
    """Selector of what must be visible before anything is pressed."""
    use: Callable[[Page], int]
    """Presses keys and clicks, and gives how many."""


def _keys(*keys: str) -> Callable[[Page], int]:
    def use(page: Page) -> int:
        for key in keys:
            page.keyboard.press(key)
            page.wait_for_timeout(PAUSE_MS)
        return len(keys)

    return use


def _sliders(page: Page) -> int:
    """Ten steps of each of the first three sliders."""
    sliders = page.locator("input[type=range]")
    pressed = 0
    for at in range(3):
        sliders.nth(at).focus()
        pressed += _keys(*["ArrowLeft"] * 10)(page)
    return pressed


def _steps(page: Page) -> int:
    """The first three steps of a trajectory, each opened and closed."""
    pressed = 0
    for at in range(3):
        page.locator(".runs-steps > li summary, .runs-steps > li [aria-expanded]").nth(at).focus()
        pressed += _keys("Enter", "Enter")(page)
    return pressed


def _fingers(page: Page) -> int:
    """A phone: three alternatives placed, one taken back, placed again."""
    places = page.locator(".cards .place")
    for at in (0, 1, 2, 1, 1):
        places.nth(at).click()
        page.wait_for_timeout(PAUSE_MS)
    return 5


def _tabs(page: Page) -> int:
    """The tabs of the desk, and back."""
    names = ("Compare and rank", "What rankings reveal", "History", "Run")
    for name in names:
        page.get_by_role("tab", name=name, exact=True).click()
        page.wait_for_timeout(3 * PAUSE_MS)
    return len(names)


VISITS: Final = (
    Visit("Run", "/ui/?run={run}", "#trace .pd-query", _tabs),
    Visit(
        "Rank", "/rank?study={study}", ".pd-card", _keys("1", "2", "ArrowUp", "3", "=", "4", "-", "ArrowDown", "u", "4")
    ),
    Visit(
        "Stage", "/stage?run={run}", ".st-plot", _keys("ArrowRight", "ArrowRight", "ArrowLeft", "End", "Home", "2", "1")
    ),
    Visit("Tune", "/tune", "input[type=range]", _sliders),
    Visit("Rank, studies", "/rank", ".pd-r-study", _keys(*["Tab"] * 8)),
    Visit("Stage, talks", "/stage", ".st-landing a", _keys(*["Tab"] * 8)),
    Visit("Runs: a trajectory", "/runs?trajectory={trajectory}", ".runs-steps", _steps),
    Visit("Runs: compared", "/runs?compare={trajectory},{other}", ".runs-totals", _keys(*["Tab"] * 8)),
    Visit("Runs: figures", "/runs?view=figures", ".runs-tile", _keys(*["Tab"] * 8)),
    Visit("A phone's page", "/join/{code}", ".cards .place", _fingers),
    Visit("Runs", "/runs", ".runs-rows .runs-query", _keys("j", "j", "j", "x", "k", "x", "j")),
)
