"""The dashboard's statistics, as domain rules define them; one statement, never a cached zero for a failure."""

from payaid.catalogue import Block, Condition, Figure, Summary

OPEN = Condition("stage", "not in", ("won", "lost"))
PAID = Condition("status", "=", ("paid",))
UNPAID = Condition("status", "in", ("sent", "overdue"))
# Net of tax, which under reverse charge is not part of the total: what was charged less discounts.
DUE = Condition("status", "in", ("pending", "in_progress"))

SUMMARY = Summary(
    module="platform",
    name="dashboard/stats",
    title="dashboard statistics",
    blocks=(
        Block("contacts", "crm", "Contact", personal="assignedToId", figures=(
            Figure("total"),
            Figure("active", (Condition("status", "=", ("active",)),)),
            Figure("leads", (Condition("stage", "=", ("prospect",)),)),
        )),
        Block("deals", "crm", "Deal", personal="assignedToId", figures=(
            Figure("total"),
            Figure("open", (OPEN,)),
            Figure("won", (Condition("stage", "=", ("won",)),)),
            Figure("pipeline", (OPEN,), sum_of=("value",)),
            Figure("weightedPipeline", (OPEN,), sum_of=("value",), weighted_by_percent="probability"),
        )),
        Block("tasks", "crm", "Task", personal="assignedToId", figures=(
            Figure("total"),
            Figure("due", (DUE,)),
            Figure("overdue", (DUE, Condition("dueDate", "past"))),
        )),
        Block("orders", "crm", "Order", figures=(
            Figure("total"),
            Figure("pending", (Condition("status", "=", ("pending",)),)),
        )),
        Block("invoices", "finance", "Invoice", figures=(
            Figure("total"),
            Figure("unpaid", (UNPAID,)),
            Figure("overdue", (UNPAID, Condition("dueDate", "past"))),
            Figure("outstanding", (UNPAID,), sum_of=("total",)),
            Figure("revenue", (PAID,), sum_of=("subtotal",), minus=("discount",)),
            Figure("revenueThisMonth", (PAID, Condition("paidAt", "this month")),
                   sum_of=("subtotal",), minus=("discount",)),
            Figure("revenueThisYear", (PAID, Condition("paidAt", "this year")),
                   sum_of=("subtotal",), minus=("discount",)),
        )),
    ),
)  # fmt: skip
