import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.model_call import ChargeStatus, Usage
from orchestrator.pool import TOOL_OF, Endpoint, Pool, PoolEntry, Price
from orchestrator.pool_file import read_pool
from orchestrator.prices import BadPriceBook, PriceBook, charge, priced, quote
from orchestrator.vendor_prices import vendor_price

NOW = datetime(2026, 7, 1, tzinfo=UTC)
OPENAI = Endpoint("https://api.openai.com/v1")
LOCAL = Endpoint("http://127.0.0.1:8001/v1")
PRICE = Price("a table", date(2026, 1, 2), Decimal("1.25"), Decimal(10), Decimal("0.125"))
BOOK = """
[[price]]
model = "m"
from = 2026-01-01
input_usd_per_mtok = 1
output_usd_per_mtok = 2
hosts = ["api.example.com"]
source = "s"
as_of = 2026-01-01

[[price]]
model = "m"
from = 2026-06-01
input_usd_per_mtok = 0.5
output_usd_per_mtok = 1.5
source = "s"
as_of = 2026-06-01
"""


def book(tmp_path: Path, text: str = BOOK) -> PriceBook:
    path = tmp_path / "prices.toml"
    path.write_text(text)
    return PriceBook.read(path)


def test_every_number_of_the_bundled_book_has_a_source_and_a_date() -> None:
    entries = PriceBook.read().entries
    assert len(entries) >= 10
    for entry in entries:
        assert entry.price.source
        assert entry.price.as_of is not None


def test_the_bundled_book_prices_every_model_of_the_paper() -> None:
    paper = read_pool(Path(__file__).parents[2] / "pools" / "paper-evaluation.toml")
    bundled = PriceBook.read()
    assert {entry.alias for entry in paper.entries} == set(TOOL_OF)
    for entry in paper.entries:
        assert bundled.price(entry.model, NOW) is not None, entry.model


def test_the_price_valid_at_the_time_of_the_call_wins(tmp_path: Path) -> None:
    prices = book(tmp_path)
    may, june = datetime(2026, 5, 31, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
    assert prices.price("m", may).input_usd_per_mtok == 1
    assert prices.price("m", june).input_usd_per_mtok == Decimal("0.5")
    assert prices.price("m", datetime(2025, 12, 31, tzinfo=UTC)) is None
    assert prices.price("other", june) is None


def test_a_host_is_charged_only_by_entries_that_name_it(tmp_path: Path) -> None:
    prices = book(tmp_path)
    assert prices.price("m", NOW, host="api.example.com").input_usd_per_mtok == 1
    assert prices.price("m", NOW, host="127.0.0.1") is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("from = 2026-01-01", "since = 2026-01-01"), "number 1: unknown key 'since'"),
        (('source = "s"\nas_of = 2026-06-01', "as_of = 2026-06-01"), "number 2: 'source' is missing"),
        (("from = 2026-06-01", "from = 2026-06-01T00:00:00Z"), "number 2: 'from' is missing or not a date"),
        (("0.5", "-0.5"), "must be zero or more dollars"),
        (("0.5", "nan"), "must be zero or more dollars"),
        (("0.5", "x"), "prices.toml"),
        (("[[price]]\nmodel", "[[cost]]\nmodel"), "[[price]] tables only"),
    ],
)
def test_a_faulty_price_book_is_refused_with_its_place(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    with pytest.raises(BadPriceBook) as refused:
        book(tmp_path, BOOK.replace(*change))
    assert said in str(refused.value)


def test_cached_tokens_are_priced_apart_and_exactly() -> None:
    charged = charge(Usage(1_000, 100, 400), PRICE, at=NOW)
    assert charged.usd == Decimal("0.0018")
    assert charged.status is ChargeStatus.PRICED
    assert (charged.source, charged.as_of) == ("a table", date(2026, 1, 2))
    assert charged.cached_usd_per_mtok == Decimal("0.125")


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.data())
def test_a_charge_is_exact_to_the_last_digit(tokens_in: int, tokens_out: int, data: st.DataObject) -> None:
    cached = data.draw(st.integers(0, tokens_in))
    charged = charge(Usage(tokens_in, tokens_out, cached), PRICE, at=NOW)
    assert charged.usd is not None
    assert charged.usd * 10**9 == (tokens_in - cached) * 1250 + cached * 125 + tokens_out * 10_000


@pytest.mark.parametrize(
    ("usage", "price", "said"),
    [
        (None, PRICE, "did not report"),
        (Usage(None, 5), PRICE, "did not report"),
        (Usage(5, None), PRICE, "did not report"),
        (Usage(5, 5), None, "no price is known"),
        (Usage(5, 5), Price("s", None, Decimal(1)), "lacks the price of output tokens"),
        (Usage(5, 5), Price("s", usd_per_gpu_hour=Decimal(1)), "duration is unknown"),
    ],
)
def test_what_cannot_be_known_is_unpriced_with_the_reason(usage: Usage | None, price: Price | None, said: str) -> None:
    charged = charge(usage, price, at=NOW)
    assert charged.usd is None
    assert charged.status is ChargeStatus.UNPRICED
    assert said in charged.source


def test_a_price_of_zero_is_free_even_when_no_usage_is_known() -> None:
    charged = charge(None, Price("own machine", None, Decimal(0), Decimal(0)), at=NOW)
    assert (charged.usd, charged.status, charged.as_of) == (0, ChargeStatus.FREE, NOW.date())


def test_gpu_hours_are_shared_by_the_calls_in_flight_and_estimated() -> None:
    price = Price("own machine", None, usd_per_gpu_hour=Decimal("3.60"))
    charged = charge(None, price, at=NOW, latency_s=2.5, in_flight=2)
    assert (charged.usd, charged.status) == (Decimal("0.00125"), ChargeStatus.ESTIMATED)
    third = charge(None, price, at=NOW, latency_s=1.0, in_flight=3)
    assert third.usd == Decimal("0.000333333")


def test_an_estimate_says_so() -> None:
    assert charge(Usage(1, 1), PRICE, at=NOW, estimated=True).status is ChargeStatus.ESTIMATED


def test_the_pools_own_price_comes_first_then_the_book_then_the_vendor(tmp_path: Path) -> None:
    bundled = PriceBook.read()
    assert quote("gpt-5", OPENAI, NOW, own=PRICE, book=bundled).price is PRICE
    assert "tools.json" in quote("gpt-5", OPENAI, NOW, book=bundled).price.source
    listed = quote("gpt-5", OPENAI, NOW).price
    assert listed.source.startswith("genai-prices")
    assert (listed.input_usd_per_mtok, listed.output_usd_per_mtok) == (Decimal("1.25"), 10)
    assert listed.as_of == NOW.date()


@pytest.mark.parametrize("model", ["gpt-5", "Qwen/Qwen3-32B", "gpt-4o"])
def test_a_model_elsewhere_is_never_priced_by_its_name(model: str) -> None:
    bundled = PriceBook.read()
    for url in ("http://127.0.0.1:8001/v1", "http://localhost/v1", "https://api.openai.com.example.org/v1"):
        found = quote(model, Endpoint(url), NOW, book=bundled)
        assert found.price is None
        assert "is no known vendor" in found.missing
    hosted = quote(model, OPENAI, NOW, self_hosted=True, book=bundled)
    assert hosted.price is None
    assert "self-hosted" in hosted.missing


def test_an_unknown_model_of_a_vendor_has_no_price() -> None:
    found = quote("no-such-model", OPENAI, NOW)
    assert found.price is None
    assert "no-such-model at api.openai.com" in found.missing


def test_vendor_prices_follow_the_date_of_the_call() -> None:
    before = vendor_price("o3", OPENAI.base_url, datetime(2025, 5, 1, tzinfo=UTC))
    after = vendor_price("o3", OPENAI.base_url, datetime(2025, 7, 1, tzinfo=UTC))
    assert (before.input_usd_per_mtok, after.input_usd_per_mtok) == (10, 2)


def test_long_inputs_pay_the_vendors_higher_tier() -> None:
    url = "https://generativelanguage.googleapis.com/v1beta/openai"
    short, long = (vendor_price("gemini-2.5-pro", url, NOW, input_tokens=count) for count in (200_000, 200_001))
    assert (short.input_usd_per_mtok, long.input_usd_per_mtok) == (Decimal("1.25"), Decimal("2.5"))


def test_a_pool_is_filled_in_with_the_prices_that_can_be_found() -> None:
    entries = (
        PoolEntry("answer-1", "gpt-5", "d", 1.0, endpoint=OPENAI),
        PoolEntry("answer-2", "mine", "d", 1.0, endpoint=LOCAL),
    )
    filled = priced(Pool("p", entries), PriceBook.read(), NOW)
    assert filled["answer-1"].price is not None
    assert filled["answer-2"].price is None


def test_prices_of_ones_own_cost_no_import_of_the_vendors_tables() -> None:
    code = "import sys, orchestrator.prices as p; p.PriceBook.read(); sys.exit('genai_prices' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
