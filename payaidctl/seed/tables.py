"""The tables that are seeded, in the order in which they are loaded, with the columns that COPY names."""

from collections.abc import Callable
from dataclasses import dataclass

from payaidctl.seed.rows import crm, maker, sales
from payaidctl.seed.rows.maker import Maker


@dataclass(frozen=True, slots=True)
class Table:
    """One table, its columns in the order that its rows have them (parted by blanks), and who makes the rows."""

    name: str
    columns: str
    rows: Callable[[Maker], str]

    @property
    def copy(self) -> str:
        """The COPY statement, without FREEZE."""
        columns = ", ".join(f'"{column}"' for column in self.columns.split())
        return f'COPY public."{self.name}" ({columns}) FROM STDIN'


TABLES = (
    Table(
        "Tenant",
        "id name slug status subscriptionTier licensedModules industry gstin address city state postalCode phone "
        "email onboardingCompleted createdAt updatedAt",
        maker.tenant,
    ),
    Table("User", "id email name password role phone emailVerified createdAt updatedAt tenantId", maker.users),
    Table(
        "Contact",
        "id name email phone company type stage status source address city state postalCode gstin leadScore tags "
        "notes lastContactedAt nextFollowUp createdAt updatedAt assignedToId tenantId",
        crm.contacts,
    ),
    Table(
        "Product",
        "id name sku itemType costPrice salePrice quantity reorderLevel categories hsnCode gstRate gstExempt "
        "createdAt updatedAt tenantId",
        sales.products,
    ),
    Table(
        "Deal",
        "id name value probability stage expectedCloseDate actualCloseDate wonReason lostReason createdAt updatedAt "
        "contactId assignedToId tenantId",
        crm.deals,
    ),
    Table(
        "Task",
        "id title priority status dueDate completedAt createdAt updatedAt contactId assignedToId tenantId",
        crm.tasks,
    ),
    Table(
        "Order",
        "id orderNumber status subtotal tax shipping total shippingAddress shippingCity shippingState "
        "shippingPostal paidAt shippedAt deliveredAt createdAt updatedAt customerId tenantId",
        sales.orders,
    ),
    Table(
        "OrderItem",
        "id productName quantity price total hsnCode gstRate createdAt orderId productId tenantId",
        sales.order_items,
    ),
    Table(
        "Invoice",
        "id invoiceNumber status subtotal discount cgst sgst igst tax roundOff total isInterState reverseCharge "
        "items customerName customerEmail customerPhone customerAddress customerCity customerState "
        "customerPostalCode placeOfSupply supplierGSTIN customerGSTIN invoiceDate dueDate paidAt createdAt "
        "updatedAt customerId tenantId",
        sales.invoices,
    ),
    Table("NumberSeries", "series financialYear last tenantId", sales.series),
)
BY_NAME = {table.name: table for table in TABLES}
