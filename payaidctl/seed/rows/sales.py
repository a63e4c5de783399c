"""Products, orders and their lines, invoices, and the counters that their numbers leave behind."""

from collections.abc import Iterator

from payaid.rules.numbering import INVOICE, ORDER
from payaidctl.seed import pools
from payaidctl.seed.pools import HISTORY_DAYS, NULL, Numbers
from payaidctl.seed.rows.maker import Maker, older


def products(maker: Maker) -> str:
    """The first so many products of the tenant's trade."""
    p, bits, dawn = maker.plan, maker.bits("Product"), maker.calendar.dawn
    kind = "service" if p.trade.service else "goods"
    rows = []
    for n, (name, code, price, rate) in enumerate(pools.products(p.trade)[: p.products]):
        r = bits(32)
        rows.append(
            f"{p.id}-p{n:03}\t{name}\t{code}-{n:04}\t{kind}\t{price * 7 / 10:.2f}\t{price}\t{r % 500}"
            f"\t{10 + (r >> 9) % 40}\t{{{p.trade.name.lower()}}}\t{code}\t{NULL if rate is None else rate}"
            f"\t{'t' if rate is None else 'f'}\t{dawn}\t{dawn}\t{p.id}\n"
        )
    return "".join(rows)


def orders(maker: Maker) -> str:
    """Orders, numbered in the order of their days."""
    p, bits, cal, places = maker.plan, maker.bits("Order"), maker.calendar, maker.places
    tid, count, days, times = p.id, p.orders, cal.days, cal.times
    numbers, sold = Numbers(ORDER, cal), pools.carts(p.trade, maker.sold)
    contact_ids = maker.contact_ids
    rows = []
    for n in range(count):
        r = bits(62)
        contact = older(r, p.contacts)
        day, time = cal.day_of(n, count), times[(r >> 20) & 1023]
        status, reached = _order_status((r >> 30) & 31, HISTORY_DAYS - day)
        where = places[(maker.mix(contact) >> 30) & 63].columns
        created = f"{days[day]} {time}"
        shipped = f"{days[min(day + 2, HISTORY_DAYS)]} {time}" if reached > 1 else NULL
        delivered = f"{days[min(day + 6, HISTORY_DAYS)]} {time}" if reached > 2 else NULL
        touched = delivered if reached > 2 else shipped if reached > 1 else created
        rows.append(
            f"{tid}-o{n:06}\t{numbers.take(day)}\t{status}\t{sold[(r >> 35) & 127][0]}"
            f"\t{where}\t{created if reached else NULL}\t{shipped}\t{delivered}"
            f"\t{created}\t{touched}\t{contact_ids[contact]}\t{tid}\n"
        )
    return "".join(rows)


def order_items(maker: Maker) -> str:
    """The lines of the same orders: the same bits choose the same carts."""
    p, bits, cal = maker.plan, maker.bits("Order"), maker.calendar
    tid, count, days, times, sold = p.id, p.orders, cal.days, cal.times, pools.carts(p.trade, maker.sold)
    rows = []
    for n in range(count):
        r = bits(62)
        tail = f"{days[cal.day_of(n, count)]} {times[(r >> 20) & 1023]}\t{tid}-o{n:06}\t{tid}-p"
        for line, (columns, product) in enumerate(sold[(r >> 35) & 127][1]):
            rows.append(f"{tid}-i{n:06}{line}\t{columns}\t{tail}{product:03}\t{tid}\n")
    return "".join(rows)


def invoices(maker: Maker) -> str:
    """Invoices as the rules compute them, for the customer's own state; numbered by financial year, drafts not."""
    p, cal, names, companies = maker.plan, maker.calendar, pools.people(), pools.firms()
    tid, days, times = p.id, cal.days, cal.times
    numbers, places = Numbers(INVOICE, cal), [_billed_to(maker, at) for at in range(64)]
    contact_ids = maker.contact_ids
    rows = []
    for n, (r, day, due, status, paid) in enumerate(_invoice_lives(maker)):
        contact = older(r, p.contacts)
        m = maker.mix(contact)
        name, mail = names[(m >> 7) & 4095]
        bills, where, tax_numbers = places[(m >> 30) & 63]
        time = times[(r >> 20) & 1023]
        number = NULL if status == "draft" else numbers.take(day)
        amounts, items = bills[day >= cal.reform][(r >> 35) & 127]
        when = f"{days[day]} {time}"
        paid_at = f"{days[paid]} {time}" if paid else NULL
        rows.append(
            f"{tid}-n{n:06}\t{number}\t{status}\t{amounts}\t{items}\t{name}\t{mail}{contact}"
            f"@{companies[(m >> 19) & 1023][1]}\t+91555{m % 10_000_000:07}\t{where}"
            f"\t{tax_numbers[(m >> 24) & 63] if m & 3 == 0 else NULL}\t{when}\t{days[due]} {time}\t{paid_at}"
            f"\t{when}\t{paid_at if paid else when}\t{contact_ids[contact]}\t{tid}\n"
        )
    return "".join(rows)


Bills = tuple[list[tuple[str, str]], list[tuple[str, str]]]


def _billed_to(maker: Maker, at: int) -> tuple[Bills, str, list[str]]:
    """For one of the tenant's places: the bills before and since the reform, its columns, its GSTINs."""
    plan, place = maker.plan, maker.places[at]
    inter = place.code != plan.city[1]
    before, since = (pools.baskets(plan.trade, maker.sold, inter, reformed) for reformed in (False, True))
    return (before, since), f"{place.columns}\t{place.code}\t{plan.gstin}", pools.gstins(place.code)


def _invoice_lives(maker: Maker) -> Iterator[tuple[int, int, int, str, int]]:
    """(random bits, day, day it is due, status, day it was paid or 0) of each invoice, in the order of their days."""
    count, bits, calendar = maker.plan.invoices, maker.bits("Invoice"), maker.calendar
    for n in range(count):
        r, day = bits(62), calendar.day_of(n, count)
        due = day + (15, 30)[r & 1]
        yield (r, day, due, *_invoice_status((r >> 30) & 31, day, due))


def series(maker: Maker) -> str:
    """The counters after all of the above, so that the next invoice or order gets the next number."""
    plan, calendar = maker.plan, maker.calendar
    rows = []
    ordered = (calendar.day_of(n, plan.orders) for n in range(plan.orders))
    billed = (day for _, day, _, status, _ in _invoice_lives(maker) if status != "draft")
    for kind, numbered in ((ORDER, ordered), (INVOICE, billed)):
        numbers = Numbers(kind, calendar)
        for day in numbered:
            numbers.take(day)
        rows += [f"{kind.name}\t{year}\t{last}\t{plan.id}\n" for year, last in numbers.counts.items()]
    return "".join(rows)


def _order_status(chance: int, age: int) -> tuple[str, int]:
    """(status, how many of paid, shipped, delivered have happened)."""
    if chance < 2:
        return ("cancelled", 0) if chance else ("refunded", 1)
    if age > 10:
        return "delivered", 3
    return (("pending", 0), ("confirmed", 1), ("shipped", 2))[chance % 3]


def _invoice_status(chance: int, day: int, due: int) -> tuple[str, int]:
    """(status, the day it was paid or 0): most are paid around their due date, one in ten is late."""
    if chance == 0:
        return "cancelled", 0
    paid = day + 1 + (due - day) * chance // 24
    if chance < 29 and paid <= HISTORY_DAYS:
        return "paid", paid
    if due < HISTORY_DAYS:
        return "overdue", 0
    return ("draft" if chance < 6 else "sent"), 0
