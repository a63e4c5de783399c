"""Contacts, and the deals and tasks about them."""

from payaidctl.seed.pools import (
    HISTORY_DAYS,
    KINDS,
    NULL,
    SOURCE_POOL,
    STAGES,
    TAG_POOL,
    TASK_POOL,
    deal_values,
    firms,
    gstins,
    people,
)
from payaidctl.seed.rows.maker import MASK, SPREAD, Maker, older
from payaidctl.seed.words.trades import NOTES

PRIORITIES = ("low", "medium", "medium", "high")
LOST = ("Went with a competitor", "No budget")


def contacts(maker: Maker) -> str:
    """People and firms; one in four is registered for GST."""
    p, bits, cal, names, companies = maker.plan, maker.bits("Contact"), maker.calendar, people(), firms()
    tid, count, salt, days, times = p.id, p.contacts, maker.salt, cal.days, cal.times
    growth, user_ids, contact_ids = cal.growth, maker.user_ids, maker.contact_ids
    places = [(at.columns, gstins(at.code)) for at in maker.places]
    rows = []
    for n in range(count):
        m, r = (n * SPREAD + salt) & MASK, bits(62)
        name, mail = names[(m >> 7) & 4095]
        firm, domain = companies[(m >> 19) & 1023]
        where, tax_numbers = places[(m >> 30) & 63]
        day, time = growth[n * 1024 // count], times[(r >> 7) & 1023]
        touched = f"{days[min(day + (r & 127), HISTORY_DAYS)]} {time}"
        follow_up = f"{days[HISTORY_DAYS + 1 + ((r >> 40) & 31)]} {time}" if r & 12 == 0 else NULL
        rows.append(
            f"{contact_ids[n]}\t{name}\t{mail}{n}@{domain}\t+91555{m % 10_000_000:07}\t{firm}\t{KINDS[(r >> 17) & 31]}"
            f"\t{SOURCE_POOL[(r >> 22) & 15]}\t{where}\t{tax_numbers[(m >> 24) & 63] if m & 3 == 0 else NULL}"
            f"\t{(r >> 26) % 101}\t{TAG_POOL[(r >> 33) & 15]}\t{NOTES[(r >> 37) % 7] if r & 3 == 0 else NULL}"
            f"\t{touched}\t{follow_up}\t{days[day]} {time}\t{touched}\t{user_ids[(r >> 45) % p.users]}\t{tid}\n"
        )
    return "".join(rows)


def deals(maker: Maker) -> str:
    """A deal closes within nine weeks, or is still open with its expected day ahead."""
    p, bits, cal, names = maker.plan, maker.bits("Deal"), maker.calendar, maker.contact_names
    tid, count, days, times = p.id, p.deals, cal.days, cal.times
    growth, user_ids, contact_ids = cal.growth, maker.user_ids, maker.contact_ids
    things, values = p.trade.deals, deal_values(p.trade)
    rows = []
    for n in range(count):
        r = bits(62)
        contact = older(r, p.contacts)
        stage, probability, closed = STAGES[(r >> 20) & 31]
        day, time = growth[n * 1024 // count], times[(r >> 31) & 1023]
        touched = f"{days[min(day + ((r >> 25) & 63), HISTORY_DAYS)]} {time}"
        reasons = f"Price and delivery\t{NULL}" if closed == "won" else f"{NULL}\t{LOST[r & 1] if closed else NULL}"
        rows.append(
            f"{tid}-d{n:06}\t{things[(r >> 41) % len(things)]} for {names[contact]}"
            f"\t{values[(r >> 44) & 511]}\t{probability}\t{stage}"
            f"\t{days[min(day + 20 + ((r >> 25) & 63), HISTORY_DAYS + 80)]} {time}"
            f"\t{touched if closed else NULL}\t{reasons}\t{days[day]} {time}\t{touched}"
            f"\t{contact_ids[contact]}\t{user_ids[(r >> 53) % p.users]}\t{tid}\n"
        )
    return "".join(rows)


def tasks(maker: Maker) -> str:
    """Old ones are mostly done; open ones are due around the last days, some overdue."""
    p, bits, cal, names = maker.plan, maker.bits("Task"), maker.calendar, maker.contact_names
    tid, count, days, times = p.id, p.tasks, cal.days, cal.times
    growth, user_ids, contact_ids = cal.growth, maker.user_ids, maker.contact_ids
    rows = []
    for n in range(count):
        r = bits(62)
        contact = older(r, p.contacts)
        day, time = growth[n * 1024 // count], times[(r >> 20) & 1023]
        created = f"{days[day]} {time}"
        status, due, done = _task_status((r >> 34) & 31, day + 1 + ((r >> 30) & 15), (r >> 39) & 31)
        completed = f"{days[min(due, HISTORY_DAYS)]} {time}" if done else NULL
        rows.append(
            f"{tid}-k{n:06}\t{TASK_POOL[(r >> 44) & 15]} {names[contact]}\t{PRIORITIES[r & 3]}\t{status}"
            f"\t{days[due]} {time}\t{completed}\t{created}\t{completed if done else created}"
            f"\t{contact_ids[contact]}\t{user_ids[(r >> 48) % p.users]}\t{tid}\n"
        )
    return "".join(rows)


def _task_status(chance: int, due: int, spread: int) -> tuple[str, int, bool]:
    """(status, the day it is due, whether it is done)."""
    if chance >= 30:
        return "cancelled", due, False
    if due < HISTORY_DAYS - 10 and chance < 24:
        return "completed", due, True
    return "pending" if chance % 3 else "in_progress", max(due, HISTORY_DAYS - 15 + spread), False
