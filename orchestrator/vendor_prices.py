"""List prices of named vendors, from the bundled tables of the genai-prices package. Nothing here uses the network.

A vendor is named by the exact host of its endpoint, never by the name of a model: a model called `gpt-5` on another
server costs what that server's owner says.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit

from orchestrator.pool import Price

VENDOR_OF_HOST: Final[Mapping[str, str]] = {
    "api.anthropic.com": "anthropic",
    "api.cerebras.ai": "cerebras",
    "api.cohere.ai": "cohere",
    "api.cohere.com": "cohere",
    "api.deepseek.com": "deepseek",
    "api.fireworks.ai": "fireworks",
    "api.groq.com": "groq",
    "api.mistral.ai": "mistral",
    "api.moonshot.ai": "moonshotai",
    "api.novita.ai": "novita",
    "api.openai.com": "openai",
    "api.perplexity.ai": "perplexity",
    "api.together.xyz": "together",
    "api.x.ai": "x-ai",
    "api.z.ai": "zai",
    "generativelanguage.googleapis.com": "google",
    "openrouter.ai": "openrouter",
}
"""Host of an endpoint to the vendor's name in genai-prices."""


def host_of(base_url: str) -> str:
    """The host that an address names, in lower case; empty where it names none."""
    try:
        return (urlsplit(base_url).hostname or "").lower()
    except ValueError:
        return ""


def vendor_price(model: str, base_url: str, at: datetime, *, input_tokens: int = 0) -> Price | None:
    """What the vendor behind that endpoint asked for the model at that moment; `None` where nobody knows.

    Some vendors ask more per token for long inputs, so `input_tokens` picks the price.
    """
    vendor = VENDOR_OF_HOST.get(host_of(base_url))
    if vendor is None:
        return None
    # Imported here: it takes 150 ms, which a pool without vendors should not pay.
    from genai_prices import Usage, __version__, calc_price  # noqa: PLC0415

    try:
        found = calc_price(Usage(), model, provider_id=vendor, genai_request_timestamp=at)
    except (LookupError, ValueError):
        return None
    return Price(
        source=f"genai-prices {__version__}, {vendor} {found.model.id}",
        as_of=at.date(),
        input_usd_per_mtok=_per_mtok(found.model_price.input_mtok, input_tokens),
        output_usd_per_mtok=_per_mtok(found.model_price.output_mtok, input_tokens),
        cached_usd_per_mtok=_per_mtok(found.model_price.cache_read_mtok, input_tokens),
    )


def _per_mtok(price: Any, input_tokens: int) -> Decimal | None:
    """A flat price, or the tier that an input of this length falls into. Above a threshold all tokens pay its price."""
    if price is None or isinstance(price, Decimal):
        return price
    reached = [tier.price for tier in price.tiers if input_tokens > tier.start]
    chosen = reached[-1] if reached else price.base
    return chosen if isinstance(chosen, Decimal) else None
