"""Model servers that were found on this machine and are not used: offered, until something real is in use."""

from webapp.discovery import found, offer_words
from webapp.fitting import CurrentWorkshop
from webapp.settings import Settings


class Offers:
    """What was found, in words."""

    def __init__(self) -> None:
        self.words: tuple[str, ...] = ()

    async def look(self, settings: Settings, workshop: CurrentWorkshop) -> None:
        """Look once, where every expert is still a stand-in and no pool file was named."""
        if settings.pool is None and all(entry.simulated for entry in workshop.now.pool.entries):
            words = offer_words(await found(own_port=settings.port))
            self.words = (words,) if words else ()
