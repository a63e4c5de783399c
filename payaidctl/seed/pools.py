"""Pools: what a million rows are put together from, made once, so that a row costs a few picks and one f-string.

COPY's text format: columns parted by tabs, `\\N` for null. No word in `words` needs escaping; a test holds that.
"""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from random import Random

from payaid.rules.gst import Bill, Line, Supply, Treatment, bill
from payaid.rules.gst_rates import REFORM, usual
from payaid.rules.gstin import make
from payaid.rules.numbering import Series
from payaid.rules.periods import FinancialYear
from payaidctl.seed.words.people import NAMES
from payaidctl.seed.words.trades import FIRM_FORMS, FIRM_KINDS, FIRM_WORDS, SOURCES, TAGS, TASKS, Trade

NULL = "\\N"
PEOPLE, FIRMS, TIMES, BASKETS, VALUES = 4096, 1024, 1024, 128, 512
HISTORY_DAYS = 540
Product = tuple[str, str, Decimal, Decimal | None]


@cache
def people() -> list[tuple[str, str]]:
    """4,096 persons: (name, mail name). Given and family name are from one region."""
    random = Random("people")
    found = []
    for _ in range(PEOPLE):
        given, family = (random.choice(words.split()) for words in random.choice(list(NAMES.values())))
        found.append((f"{given} {family}", f"{given}.{family}".lower()))
    return found


@cache
def firms() -> list[tuple[str, str]]:
    """1,024 companies: (name, mail domain)."""
    random = Random("firms")
    families = [family for _, words in NAMES.values() for family in words.split()]
    found = []
    for _ in range(FIRMS):
        head, kind = random.choice((random.choice(FIRM_WORDS), random.choice(families))), random.choice(FIRM_KINDS)
        name = f"{head} {kind} {random.choice(FIRM_FORMS)}".strip()
        found.append((name, f"{head}{kind}".lower().replace(" ", "") + ".example"))
    return found


@cache
def gstins(state: str) -> list[str]:
    """64 valid numbers of a state, for customers who are registered."""
    random = Random(f"gstins:{state}")
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
    return [
        make(state, f"{''.join(random.choices(letters, k=3))}P{random.choice(letters)}{random.randrange(10_000):04}K")
        for _ in range(64)
    ]


class Calendar:
    """Days and times as text. Day 0 is the oldest; the business grows, so that newer days have more rows.

    The newest is the day before `as_of`: nothing may have been created later today.
    """

    def __init__(self, as_of: date) -> None:
        self.last = HISTORY_DAYS
        self.first = as_of - timedelta(days=HISTORY_DAYS + 1)
        self.reform = max(0, (REFORM - self.first).days)
        # Due dates look forward.
        self.days = [f"{self.first + timedelta(days=day)}" for day in range(HISTORY_DAYS + 91)]
        random = Random("times")
        self.times = [
            f"{random.choices(range(8, 21), (2, 6, 9, 9, 8, 5, 6, 8, 9, 8, 6, 4, 2))[0]:02}"
            f":{random.randrange(60):02}:{random.randrange(60):02}+05:30"
            for _ in range(TIMES)
        ]
        # From how far a row is in its table (in 1,024ths) to its day: twice as many at the end as at the start.
        self.growth = [int(HISTORY_DAYS * ((1 + 3 * part / 1023) ** 0.5 - 1)) for part in range(1024)]
        self.dawn = f"{self.first}T08:00:00+05:30"

    def day_of(self, number: int, count: int) -> int:
        """The day of the number-th of `count` rows."""
        return self.growth[number * 1024 // count]

    def year_of(self, day: int) -> FinancialYear:
        """The financial year of a day."""
        return FinancialYear.of(self.first + timedelta(days=day))

    def at_noon(self, day: int) -> datetime:
        """For rules that want an instant."""
        return datetime.fromisoformat(f"{self.days[day]}T12:00:00+05:30")


class Numbers:
    """Consecutive document numbers of one tenant, restarting with each financial year."""

    def __init__(self, series: Series, calendar: Calendar) -> None:
        self.series = series
        self.calendar = calendar
        self.counts: dict[str, int] = {}
        self._turns_on = -1
        self._head, self._tail, self._year, self._count = "", "", "", 0

    def take(self, day: int) -> str:
        """The next number; days must not go back."""
        if day >= self._turns_on:
            self._turn(day)
        self._count += 1
        self.counts[self._year] = self._count
        return f"{self._head}{self._count:0{self.series.digits}}"

    def _turn(self, day: int) -> None:
        year = self.calendar.year_of(day)
        self._turns_on = (year.after - self.calendar.first).days
        self._year, self._count = str(year), 0
        # The rule makes the first of the year; the others differ from it in the count alone.
        self._head = self.series.number(1, year.first_day).removesuffix(f"{1:0{self.series.digits}}")


@cache
def products(trade: Trade) -> list[Product]:
    """200 products of a trade: (name, code, price, rate since the reform). A tenant sells the first so many."""
    found = []
    for at in range(200):
        name, code, low, high = trade.products[at % len(trade.products)]
        rank, grade = divmod(at // len(trade.products), len(trade.variants))[::-1]
        price = Decimal(low + (high - low) * (at * 37 % 101) // 100)
        label = f"{name} {trade.variants[rank]}" + (f" {'ABC'[grade - 1]}" if grade else "")
        found.append((label, code, price, usual(code, REFORM)))
    return found


@cache
def baskets(trade: Trade, sold: int, inter: bool, reformed: bool) -> list[tuple[str, str]]:
    """128 bills of a trade, computed by the rules: (amounts as COPY columns, items as JSON)."""
    random = Random(f"baskets:{trade.name}:{sold}:{inter}:{reformed}")
    day = REFORM if reformed else REFORM - timedelta(days=1)
    supply = Supply("27", "29" if inter else "27", day)
    found = []
    for _ in range(BASKETS):
        lines = [_line(random, trade, sold, day) for _ in range(random.choice((1, 1, 1, 2, 2, 3)))]
        found.append(_columns(bill(lines, replace(supply, reverse_charge=random.random() < 0.02))))
    return found


def _line(random: Random, trade: Trade, sold: int, day: date) -> Line:
    name, code, price, _ = products(trade)[random.randrange(sold)]
    quantity = Decimal(1 if price > 20_000 else random.choice((1, 1, 2, 3, 5, 10, 25)))
    discount = (price * quantity * random.choice((0, 0, 0, 5, 10)) / 100).quantize(Decimal("0.01"))
    rate = usual(code, day)
    treatment = Treatment.EXEMPT if rate is None else Treatment.TAXABLE
    return Line(quantity, price, rate, discount, treatment, name, code)


def _columns(made: Bill) -> tuple[str, str]:
    columns = made.columns()
    names = ("subtotal", "discount", "cgst", "sgst", "igst", "tax", "roundOff", "total")
    amounts = "\t".join(str(columns[name]) for name in names)
    flags = f"{'t' if made.inter_state else 'f'}\t{'t' if made.reverse_charge else 'f'}"
    return f"{amounts}\t{flags}", json.dumps(columns["items"], ensure_ascii=False)


@cache
def carts(trade: Trade, sold: int) -> list[tuple[str, list[tuple[str, int]]]]:
    """128 orders of a trade: (subtotal to total as columns, [(line as columns, product's number)])."""
    random = Random(f"carts:{trade.name}:{sold}")
    found = []
    for _ in range(BASKETS):
        lines, billed = [], []
        for _ in range(random.choice((1, 1, 2, 2, 3, 4))):
            at = random.randrange(sold)
            name, code, price, rate = products(trade)[at]
            quantity = 1 if price > 20_000 else random.choice((1, 1, 2, 3, 5, 10))
            lines.append(
                (f"{name}\t{quantity}\t{price}\t{price * quantity}\t{code}\t{NULL if rate is None else rate}", at)
            )
            treatment = Treatment.EXEMPT if rate is None else Treatment.TAXABLE
            billed.append(Line(Decimal(quantity), price, rate, treatment=treatment, hsn=code))
        made = bill(billed, Supply("27", "27", REFORM))
        shipping = Decimal(0 if trade.service or made.subtotal > 5000 else 99)
        found.append((f"{made.subtotal}\t{made.tax}\t{shipping}\t{made.taxable + made.tax + shipping}", lines))
    return found


@cache
def deal_values(trade: Trade) -> list[str]:
    """512 amounts of a trade's deals, most of them small."""
    random = Random(f"values:{trade.name}")
    low, high = trade.deal_value
    return [f"{round(low * (high / low) ** (random.random() ** 1.5), -3)}" for _ in range(VALUES)]


# The stages with their probabilities, as often as they occur among 32 deals of a tenant; then whether it is closed.
STAGES = tuple(
    stage
    for stage, often in (
        (("lead", 10, ""), 7), (("qualified", 25, ""), 6), (("proposal", 50, ""), 5), (("negotiation", 75, ""), 4),
        (("won", 100, "won"), 6), (("lost", 0, "lost"), 4),
    )
    for _ in range(often)
)  # fmt: skip
# type, stage, status of 32 contacts.
KINDS = tuple(
    kind
    for kind, often in (
        ("lead\tprospect\tactive", 10), ("lead\tprospect\tinactive", 2), ("lead\tcontact\tactive", 5),
        ("customer\tcustomer\tactive", 10), ("customer\tcustomer\tinactive", 1), ("lead\tprospect\tlost", 2),
        ("vendor\tcontact\tactive", 1), ("customer\tcustomer\tarchived", 1),
    )
    for _ in range(often)
)  # fmt: skip
SOURCE_POOL = tuple(SOURCES[at % len(SOURCES)] for at in range(16))
TAG_POOL = tuple("{" + TAGS[at % len(TAGS)] + "}" for at in range(16))
TASK_POOL = tuple(TASKS[at % len(TASKS)] for at in range(16))
