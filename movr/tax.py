"""The value-added tax that the fares of a city include.

Short rides on rented vehicles are taxed at the standard rate of their country. In the United States
sales tax differs by state and city, so that receipts say only that the price includes taxes.
"""

from typing import Final

# Per cent, on 2026-01-01. European Commission, Taxes in Europe Database:
# https://ec.europa.eu/taxation_customs/tedb/ ; by country:
# Netherlands, Wet op de omzetbelasting 1968, art. 9; France, Code général des impôts, art. 278;
# Italy, D.P.R. 633/1972, art. 16.
VAT_PERCENT: Final = {"amsterdam": 21, "paris": 20, "rome": 22}


def included_tax(amount: int, percent: int) -> int:
    """Return the tax in an amount that includes it, in the same minor unit, rounded half up."""
    return (2 * amount * percent + 100 + percent) // (2 * (100 + percent))
