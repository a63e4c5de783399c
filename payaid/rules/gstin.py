"""GST identification numbers and the state codes in them.

A GSTIN is two digits of state, a PAN, the entity's number within state and PAN, `Z`, and a check character.
"""

import re
from dataclasses import dataclass

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SHAPE = re.compile(r"(?P<state>\d{2})(?P<pan>[A-Z]{5}\d{4}[A-Z])(?P<entity>[1-9A-Z])Z(?P<check>[0-9A-Z])")
FOREIGN, OTHER_TERRITORY = "96", "97"

STATES = {
    "01": "Jammu and Kashmir", "02": "Himachal Pradesh", "03": "Punjab", "04": "Chandigarh", "05": "Uttarakhand",
    "06": "Haryana", "07": "Delhi", "08": "Rajasthan", "09": "Uttar Pradesh", "10": "Bihar", "11": "Sikkim",
    "12": "Arunachal Pradesh", "13": "Nagaland", "14": "Manipur", "15": "Mizoram", "16": "Tripura",
    "17": "Meghalaya", "18": "Assam", "19": "West Bengal", "20": "Jharkhand", "21": "Odisha", "22": "Chhattisgarh",
    "23": "Madhya Pradesh", "24": "Gujarat", "26": "Dadra and Nagar Haveli and Daman and Diu", "27": "Maharashtra",
    "29": "Karnataka", "30": "Goa", "31": "Lakshadweep", "32": "Kerala", "33": "Tamil Nadu", "34": "Puducherry",
    "35": "Andaman and Nicobar Islands", "36": "Telangana", "37": "Andhra Pradesh", "38": "Ladakh",
    FOREIGN: "Foreign country", OTHER_TERRITORY: "Other territory",
}  # fmt: skip
# Daman and Diu joined 26 in January 2020; 28 was Andhra Pradesh before the division of 2014.
MERGED = {"25": "26", "28": "37"}
ALIASES = {
    "andaman and nicobar": "35", "dadra and nagar haveli": "26", "daman and diu": "26", "j and k": "01",
    "national capital territory of delhi": "07", "nct of delhi": "07", "new delhi": "07", "orissa": "21",
    "pondicherry": "34", "tamilnadu": "33", "uttaranchal": "05", "chattisgarh": "22",
}  # fmt: skip
BY_NAME = {name.lower(): code for code, name in STATES.items()} | ALIASES


@dataclass(frozen=True, slots=True)
class Gstin:
    """A valid number, taken apart. `state` is today's code, also for a number issued under an older one."""

    text: str
    state: str
    pan: str
    entity: str

    def __str__(self) -> str:
        return self.text


def check_character(first_14: str) -> str:
    """The last character: mod 36 over the digits of each value, every second one doubled."""
    total = 0
    for place, character in enumerate(first_14):
        quotient, remainder = divmod(ALPHABET.index(character) * (1 + place % 2), 36)
        total += quotient + remainder
    return ALPHABET[-total % 36]


def parse(text: str) -> Gstin:
    """Take a GSTIN apart; surrounding white space and small letters are forgiven.

    Raises:
        ValueError: saying which part of it is wrong.
    """
    number = text.strip().upper()
    if len(number) != 15:
        raise ValueError(f"a GSTIN has 15 characters, not {len(number)}")
    match = SHAPE.fullmatch(number)
    if not match:
        raise ValueError("a GSTIN is a state code, a PAN, an entity, Z and a check character")
    state = MERGED.get(match["state"], match["state"])
    if state not in STATES:
        raise ValueError(f"{match['state']} is no state code")
    if (wanted := check_character(number[:14])) != match["check"]:
        raise ValueError(f"the check character is {match['check']} and should be {wanted}: a digit is mistyped")
    return Gstin(number, state, match["pan"], match["entity"])


def make(state: str, pan: str, entity: str = "1") -> str:
    """The GSTIN of a PAN's entity in a state, with its check character."""
    first = f"{state}{pan}{entity}Z"
    return parse(first + check_character(first)).text


def state_code(text: str | None) -> str:
    """The two-digit code of a state, given as code, name, or `27-Maharashtra`.

    Raises:
        ValueError: nothing was given, or no state is called so. A missing state is never guessed.
    """
    given = " ".join((text or "").replace("&", " and ").lower().split())
    if not given:
        raise ValueError("the state is missing")
    code = given[:2] if re.fullmatch(r"\d{2}( ?-.*)?", given) else BY_NAME.get(given, "")
    code = MERGED.get(code, code)
    if code not in STATES:
        raise ValueError(f"{text!r} is no state of India")
    return code
