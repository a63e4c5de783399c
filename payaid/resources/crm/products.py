"""Products: goods (HSN) and services (SAC) that a tenant sells."""

from payaid.catalogue import Field, Kind, Resource

RESOURCE = Resource(
    module="crm",
    name="products",
    title="product",
    table="Product",
    tagged=False,
    fields=(
        Field("name", required=True, nullable=False, sort=True, max_length=200),
        Field("description", listed=False, max_length=10_000),
        Field("sku", required=True, nullable=False, filter=True, max_length=64),
        Field("costPrice", Kind.MONEY, required=True, nullable=False, minimum=0),
        Field("salePrice", Kind.MONEY, required=True, nullable=False, filter=True, sort=True, minimum=0),
        Field("quantity", Kind.INTEGER, nullable=False, filter=True, sort=True, minimum=0, maximum=2**31 - 1),
        Field("reorderLevel", Kind.INTEGER, nullable=False, minimum=0, maximum=2**31 - 1),
        Field("categories", Kind.TAGS, nullable=False),
        Field("hsnCode", filter=True, max_length=8),
        Field("gstRate", Kind.NUMBER, minimum=0, maximum=100, about="Percent; 0 and null (not given) differ."),
    ),
)
