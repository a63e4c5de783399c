"""The body of a summary's statement: one scan a table, every figure a filtered aggregate of it."""

from psycopg import sql

from payaid.catalogue import Block, Condition, Figure
from payaid.resources import catalogue

# Business days are Indian days; the financial year starts on the first of April.
NOW = "(now() AT TIME ZONE 'Asia/Kolkata')"
# Each a SELECT of its own, so that it is worked out once: an expression would be, in a time zone, for every row.
DAY = f"(SELECT date_trunc('day', {NOW}) AT TIME ZONE 'Asia/Kolkata')"
MONTH = f"(SELECT date_trunc('month', {NOW}) AT TIME ZONE 'Asia/Kolkata')"
YEAR = f"(SELECT (date_trunc('year', {NOW} - interval '3 months') + interval '3 months') AT TIME ZONE 'Asia/Kolkata')"
PERIODS = {
    "past": f"{{}} < {DAY}",
    "this month": f"{{}} >= {MONTH}",
    "last month": f"{{0}} >= {MONTH} - interval '1 month' AND {{0}} < {MONTH}",
    "this year": f"{{}} >= {YEAR}",
    "is null": "{} IS NULL",
    "is not null": "{} IS NOT NULL",
}


def summary_body(path: str, blocks: tuple[str, ...], personal: bool) -> sql.Composable:
    """The scalar subquery that answers `{block: {figure: number}}` as JSON text."""
    summary = next(one for one in catalogue().summaries if one.path == path)
    chosen = [block for block in summary.blocks if block.name in blocks]
    parts = [sql.SQL("{}, {}").format(sql.Literal(block.name), _block(block, personal)) for block in chosen]
    return sql.SQL("SELECT json_build_object({})::text").format(sql.SQL(", ").join(parts))


def _block(block: Block, personal: bool) -> sql.Composable:
    figures = [sql.SQL("{}, {}").format(sql.Literal(one.name), _figure(one)) for one in block.figures]
    own = sql.SQL(" AND t.{} = %(user)s").format(sql.Identifier(block.personal)) if personal else sql.SQL("")
    return sql.SQL('(SELECT json_build_object({}) FROM {} t WHERE t."tenantId" = tenant.id{})').format(
        sql.SQL(", ").join(figures), sql.Identifier(block.table), own
    )


def _figure(figure: Figure) -> sql.Composable:
    measure: sql.Composable = sql.SQL("count(*)")
    if figure.sum_of:
        plus = [sql.Identifier("t", name) for name in figure.sum_of]
        amount = sql.SQL(" + ").join(plus)
        for name in figure.minus:
            amount = sql.SQL("{} - {}").format(amount, sql.Identifier("t", name))
        if figure.weighted_by_percent:
            weight = sql.Identifier("t", figure.weighted_by_percent)
            amount = sql.SQL("({}) * {}::numeric / 100").format(amount, weight)
        measure = sql.SQL("sum({})").format(amount)
    if figure.where:
        conditions = sql.SQL(" AND ").join(map(_condition, figure.where))
        measure = sql.SQL("{} FILTER (WHERE {})").format(measure, conditions)
    return sql.SQL("round(coalesce({}, 0), 2)").format(measure) if figure.sum_of else measure


def _condition(condition: Condition) -> sql.Composable:
    name = sql.Identifier("t", condition.column)
    values = sql.SQL(", ").join(map(sql.Literal, condition.values))
    match condition.operator:
        case "=":
            return sql.SQL("{} = {}").format(name, values)
        case "in":
            return sql.SQL("{} IN ({})").format(name, values)
        case "not in":
            return sql.SQL("{} NOT IN ({})").format(name, values)
        case other:
            return sql.SQL(PERIODS[other]).format(name)
