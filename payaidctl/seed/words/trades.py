"""Trades: what companies of each sell (with HSN or SAC code and price range in rupees), and what they deal in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trade:
    """An industry. `products`: (name, HSN or SAC, lowest price, highest price); `variants` multiply them."""

    name: str
    suffix: str
    products: tuple[tuple[str, str, int, int], ...]
    variants: tuple[str, ...]
    deals: tuple[str, ...]
    deal_value: tuple[int, int]
    service: bool = False


SIZES = ("Small", "Medium", "Large", "Value Pack", "Premium", "Classic", "Pack of 6", "Pack of 12", "Bulk", "Gift Box")
TERMS = ("Basic", "Standard", "Plus", "Monthly", "Quarterly", "Annual", "Onsite", "Remote", "Express", "Enterprise")

TRADES = (
    Trade(
        "Textiles",
        "Textiles",
        (
            ("Cotton Saree", "5208", 650, 4500),
            ("Men's T-Shirt", "6109", 199, 899),
            ("Women's Kurti", "6204", 349, 1899),
            ("Bedsheet Set", "5208", 499, 2499),
            ("Dupatta", "6204", 149, 999),
            ("Shirting Fabric, metre", "5208", 120, 640),
        ),
        SIZES,
        ("Festival stock", "Uniform order", "Export sample lot", "Wholesale supply", "Season's collection"),
        (40_000, 900_000),
    ),
    Trade(
        "Electronics",
        "Electronics",
        (
            ("Smartphone", "8517", 7499, 64_999),
            ("Laptop", "8471", 28_999, 124_999),
            ("LED Television", "8528", 9_990, 89_990),
            ("Split Air Conditioner", "8415", 27_990, 58_990),
            ("Bluetooth Speaker", "8517", 899, 7_999),
            ("Wi-Fi Router", "8517", 1_099, 8_499),
        ),
        ("Black", "Silver", "Blue", "128 GB", "256 GB", "2024 model", "2025 model", "Pro", "Lite", "Max"),
        ("Office equipment", "Dealer stocking", "School lab setup", "Festive bulk order", "Annual supply contract"),
        (80_000, 2_500_000),
    ),
    Trade(
        "Pharmaceuticals",
        "Pharma",
        (
            ("Paracetamol 650 strip", "3004", 18, 45),
            ("Cough Syrup", "3004", 65, 180),
            ("Vitamin D3 sachet", "3004", 25, 90),
            ("Digital Thermometer", "9018", 149, 699),
            ("Blood Pressure Monitor", "9018", 999, 3_499),
            ("Antacid Gel", "3004", 75, 210),
        ),
        SIZES,
        ("Hospital supply", "Stockist order", "Clinic chain contract", "Tender supply"),
        (60_000, 1_800_000),
    ),
    Trade(
        "Food and grocery",
        "Foods",
        (
            ("Basmati Rice 25 kg", "1006", 1_450, 3_600),
            ("Assam Tea 1 kg", "0902", 320, 980),
            ("Turmeric Powder", "0910", 60, 340),
            ("Butter 500 g", "0405", 265, 310),
            ("Namkeen", "2106", 40, 320),
            ("Cola Crate", "2202", 480, 960),
            ("Biscuit Carton", "1905", 240, 880),
        ),
        SIZES,
        ("Kirana supply", "Hotel provisioning", "Canteen contract", "Festival hampers"),
        (25_000, 600_000),
    ),
    Trade(
        "Information technology",
        "Infotech",
        (
            ("Website Development", "9983", 25_000, 350_000),
            ("Cloud Migration", "9983", 60_000, 900_000),
            ("Software Support", "9987", 8_000, 90_000),
            ("Mobile App", "9983", 80_000, 1_200_000),
            ("Security Audit", "9983", 40_000, 400_000),
        ),
        TERMS,
        ("ERP rollout", "Website revamp", "Mobile app build", "Managed support", "Data migration", "Cloud move"),
        (100_000, 6_000_000),
        True,
    ),
    Trade(
        "Construction",
        "Infra",
        (
            ("Cement bag 50 kg", "2523", 340, 460),
            ("TMT Bar, tonne", "7214", 52_000, 68_000),
            ("Clay Bricks, 1000", "6901", 6_500, 9_800),
            ("Interior Paint 20 l", "3208", 2_400, 7_900),
            ("Bolts and Nuts, box", "7318", 180, 1_450),
        ),
        SIZES,
        ("Housing project", "Warehouse shed", "Road works", "Site supply", "Villa interiors"),
        (200_000, 9_000_000),
    ),
    Trade(
        "Automotive",
        "Motors",
        (
            ("Brake Pad Set", "8708", 650, 3_900),
            ("Clutch Plate", "8708", 1_250, 6_800),
            ("Bicycle", "8712", 3_900, 18_500),
            ("Tractor Implement", "8701", 24_000, 96_000),
            ("Vehicle Service", "9987", 1_800, 14_000),
        ),
        ("Front", "Rear", "Heavy Duty", "OEM", "Kit", "Sport", "Standard", "Economy", "City", "Pro"),
        ("Fleet maintenance", "Spares supply", "Dealer stocking", "Service contract"),
        (50_000, 1_500_000),
    ),
    Trade(
        "Professional services",
        "Associates",
        (
            ("Statutory Audit", "9982", 35_000, 400_000),
            ("GST Filing", "9982", 1_500, 12_000),
            ("Recruitment", "9983", 20_000, 180_000),
            ("Office Lease", "9972", 18_000, 240_000),
            ("Staff Training", "9992", 12_000, 150_000),
            ("Health Camp", "9993", 15_000, 90_000),
        ),
        TERMS,
        ("Audit engagement", "Payroll outsourcing", "Compliance retainer", "Training programme"),
        (40_000, 1_200_000),
        True,
    ),
    Trade(
        "Furniture",
        "Interiors",
        (
            ("Office Chair", "9403", 3_499, 18_999),
            ("Work Desk", "9403", 5_999, 32_999),
            ("Steel Almirah", "9403", 8_499, 24_999),
            ("Bookshelf", "9403", 2_999, 14_999),
            ("Storage Bin", "3923", 149, 1_299),
        ),
        ("Teak", "Walnut", "White", "Grey", "Compact", "Executive", "Modular", "Set of 2", "Set of 4", "Custom"),
        ("Office fit-out", "Hotel rooms", "School benches", "Showroom display"),
        (60_000, 2_200_000),
    ),
    Trade(
        "Personal care",
        "Care",
        (
            ("Hair Oil", "3305", 45, 420),
            ("Toothpaste", "3306", 35, 190),
            ("Bath Soap", "3401", 25, 140),
            ("Face Cream", "3304", 90, 890),
            ("Salon Visit", "9997", 250, 3_500),
            ("Notebook", "4820", 30, 180),
        ),
        SIZES,
        ("Retail listing", "Salon chain supply", "Hotel amenities", "Distributor appointment"),
        (20_000, 500_000),
    ),
)

FIRM_WORDS = (
    "Shree", "Sri Lakshmi", "Ganesh", "Kaveri", "Ganga", "Himalaya", "Deccan", "Malabar", "Konkan", "Narmada", "Surya",
    "Annapurna", "Vindhya", "Godavari", "Nilgiri", "Aravali", "Balaji", "Durga", "Bharat", "Navyug", "Pragati", "Jyoti",
    "Saraswati", "Meenakshi", "Krishna", "Triveni", "Sundarban", "Chenab", "Golconda", "Rajdhani",
)  # fmt: skip
FIRM_KINDS = (
    "Traders", "Enterprises", "Industries", "Agencies", "Stores", "Exports", "Solutions", "Distributors", "Works",
    "Ventures", "Logistics", "Foods", "Textiles", "Pharma", "Infotech", "Steels",
)  # fmt: skip
FIRM_FORMS = ("Pvt Ltd", "LLP", "& Sons", "& Co", "")
SOURCES = (
    "website",
    "referral",
    "indiamart",
    "justdial",
    "exhibition",
    "whatsapp",
    "cold call",
    "google ads",
    "walk-in",
)
TAGS = (
    "",
    "vip",
    "wholesale",
    "retail",
    "gst-registered",
    "credit",
    "festival",
    "vip,credit",
    "wholesale,gst-registered",
)
TASKS = (
    "Call", "Send quotation to", "Follow up payment with", "Visit", "Share catalogue with",
    "Collect GST certificate of", "Renew contract of", "Deliver samples to", "Send Diwali wishes to",
    "Resolve complaint of",
)  # fmt: skip
NOTES = (
    "Prefers WhatsApp.", "Call after 4 pm.", "Pays by NEFT within the month.", "Needs e-way bill with every dispatch.",
    "Speaks Hindi and English.", "Introduced by the local association.", "Asks for festival discount.",
)  # fmt: skip
