"""The tax that an amount includes."""

from decimal import ROUND_HALF_UP, Decimal

import pytest

from movr.cities import CITIES, EUROPE_WEST
from movr.tax import VAT_PERCENT, included_tax


@pytest.mark.parametrize("percent", sorted(set(VAT_PERCENT.values())))
def test_the_included_tax_is_rounded_half_up_and_never_more_than_the_amount(percent: int) -> None:
    for amount in (*range(3_000), 10**12 + 1):
        exact = Decimal(amount) * percent / (100 + percent)
        tax = included_tax(amount, percent)

        assert tax == exact.quantize(Decimal(1), ROUND_HALF_UP)
        assert 0 <= tax <= amount


def test_every_city_in_europe_has_a_rate() -> None:
    assert VAT_PERCENT.keys() == {city.name for city in CITIES if city.region == EUROPE_WEST}
