"""One server for all tests from outside."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.safety.site import FaultyDesk, Site, site
from webapp.settings import Settings

HERE = Path(__file__).parent


@pytest.fixture(scope="package")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("webapp.front_desk.FrontDesk", FaultyDesk)
        with site(Settings(data_dir=tmp_path_factory.mktemp("safety"), pace=0.0, policy="random")) as found:
            yield found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Gradio sums up its queue , which makes pandas warn."""
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning"))
