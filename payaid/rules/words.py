"""Amounts in words, as Indian documents say them: crore, lakh, thousand, and paise."""

from decimal import Decimal

from payaid.rules.money import paise

SMALL = (
    "Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve",
    "Thirteen", "Fourteen", "Fifteen", "Sixteen", "Seventeen", "Eighteen", "Nineteen",
)  # fmt: skip
TENS = ("", "", "Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy", "Eighty", "Ninety")
UNITS = ((10**7, "Crore"), (10**5, "Lakh"), (1000, "Thousand"), (100, "Hundred"))


def rupees_in_words(amount: Decimal) -> str:
    """Rupees One Lakh Eighteen Thousand and Fifty Paise Only.

    Raises:
        ValueError: nothing below zero is written on a document.
    """
    exact = paise(amount)
    if exact < 0:
        raise ValueError(f"{exact} is negative")
    whole = int(exact)
    fraction = int((exact - whole) * 100)
    said = f"Rupees {number_in_words(whole)}"
    if fraction:
        said += f" and {number_in_words(fraction)} Paise"
    return said + " Only"


def number_in_words(number: int) -> str:
    """A whole number from zero up; a crore of crores is said as such."""
    if number < 20:
        return SMALL[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return TENS[tens] + (f" {SMALL[ones]}" if ones else "")
    size, name = next(unit for unit in UNITS if number >= unit[0])
    many, rest = divmod(number, size)
    return f"{number_in_words(many)} {name}" + (f" {number_in_words(rest)}" if rest else "")
