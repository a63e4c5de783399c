"""Everything that is decided before anything runs: one value that the components are made from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from payaidctl.stack import credentials, ports
from payaidctl.stack.account import Account
from payaidctl.stack.binaries import Binaries
from payaidctl.stack.choices import Choices
from payaidctl.stack.layout import Layout
from payaidctl.stack.ports import LOOPBACK

DATABASE = "payaid"
CACHE_NODES = tuple(f"cache-{number}" for number in range(1, 7))
PORTS = ("primary", "replica", "pooler", *CACHE_NODES, "queue", "api", "supervisor")


@dataclass(frozen=True, slots=True)
class Site:
    """Where, as whom, with what, on which ports, with which secrets, and as chosen."""

    layout: Layout
    account: Account
    binaries: Binaries
    ports: Mapping[str, int]
    secrets: Mapping[str, str]
    choices: Choices

    @classmethod
    def prepare(cls, layout: Layout, account: Account, choices: Choices) -> "Site":
        """Make the folders; read ports and secrets, or choose them."""
        layout.create()
        return cls(
            layout,
            account,
            Binaries.find(),
            ports.load(layout.state / "ports.json", PORTS, CACHE_NODES),
            credentials.load(layout.state / "credentials.json"),
            choices,
        )

    @property
    def pooled(self) -> bool:
        """Whether there is a PgBouncer to put in front."""
        return self.binaries.pgbouncer is not None

    def postgres(self, role: str, server: str, database: str = DATABASE) -> str:
        """The URL of one server (primary, replica, pooler) for one role."""
        return f"postgresql://{role}:{self.secrets[role]}@{LOOPBACK}:{self.ports[server]}/{database}"

    def folder(self, component: str) -> Path:
        """Where one component keeps its data."""
        return self.layout.home / component
