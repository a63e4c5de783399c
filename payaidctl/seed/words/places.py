"""Cities with the code of their state and the first three digits of their postal codes, largest first; streets."""

# (city, state code, postal prefix)
CITIES: tuple[tuple[str, str, str], ...] = (
    ("Mumbai", "27", "400"), ("Delhi", "07", "110"), ("Bengaluru", "29", "560"), ("Hyderabad", "36", "500"),
    ("Ahmedabad", "24", "380"), ("Chennai", "33", "600"), ("Kolkata", "19", "700"), ("Pune", "27", "411"),
    ("Jaipur", "08", "302"), ("Surat", "24", "395"), ("Lucknow", "09", "226"), ("Kanpur", "09", "208"),
    ("Nagpur", "27", "440"), ("Indore", "23", "452"), ("Coimbatore", "33", "641"), ("Kochi", "32", "682"),
    ("Visakhapatnam", "37", "530"), ("Bhopal", "23", "462"), ("Patna", "10", "800"), ("Vadodara", "24", "390"),
    ("Ghaziabad", "09", "201"), ("Ludhiana", "03", "141"), ("Agra", "09", "282"), ("Nashik", "27", "422"),
    ("Faridabad", "06", "121"), ("Gurugram", "06", "122"), ("Rajkot", "24", "360"), ("Varanasi", "09", "221"),
    ("Srinagar", "01", "190"), ("Amritsar", "03", "143"), ("Ranchi", "20", "834"), ("Guwahati", "18", "781"),
    ("Chandigarh", "04", "160"), ("Mysuru", "29", "570"), ("Hubballi", "29", "580"), ("Madurai", "33", "625"),
    ("Vijayawada", "37", "520"), ("Bhubaneswar", "21", "751"), ("Raipur", "22", "492"), ("Dehradun", "05", "248"),
    ("Thiruvananthapuram", "32", "695"), ("Kozhikode", "32", "673"), ("Jodhpur", "08", "342"),
    ("Udaipur", "08", "313"), ("Panaji", "30", "403"), ("Puducherry", "34", "605"), ("Shimla", "02", "171"),
    ("Siliguri", "19", "734"), ("Tiruppur", "33", "641"), ("Warangal", "36", "506"), ("Shillong", "17", "793"),
    ("Daman", "26", "396"),
)  # fmt: skip

STREETS = (
    "MG Road", "Station Road", "Gandhi Nagar", "Nehru Street", "Market Yard", "Industrial Estate, Phase II",
    "Civil Lines", "Ring Road", "Lake View Road", "Temple Street", "Sector 14", "Old Bus Stand Road",
    "Subhash Chowk", "Anna Salai", "Park Street", "Rajaji Street", "Sardar Patel Marg", "Tilak Road",
)  # fmt: skip
