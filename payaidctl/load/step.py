"""What a scenario declares of each kind of request that it sends."""

from payaidctl.load import check

CHECKS: dict[str, check.Check] = {
    "list": check.page, "search": check.page, "detail": check.row, "stats": check.stats, "batch": check.batch,
    "write": check.row, "login": check.login, "export": check.anything, "delete": check.anything,
    "noisy": check.anything,
}  # fmt: skip
# Reported beside the verdict, not in it: a login is meant to cost (argon2), an export is meant to be long.
APART = frozenset({"login", "export", "noisy"})


class Step:
    """One kind of request, by the name that reports and thresholds know it by.

    `kind` says what a right answer looks like, and is the class that it is counted in; `units` is what the rate
    limiter charges for it; `collection` names whose rows an answer shows, so that details can be asked for. The
    answer is decoded only when its bytes are new, unless it is `read` every time.
    """

    def __init__(self, name: str, kind: str, *, collection: str = "", units: int = 1, read: bool = False) -> None:
        if kind not in CHECKS:
            raise ValueError(f"step `{name}`: `{kind}` is no class; there are {', '.join(sorted(CHECKS))}")
        self.name = name
        self.kind = kind
        self.collection = collection
        self.units = units
        self.read = read
        self.index = -1
