"""Valkey: six nodes of the cache's cluster, and the queue's own server."""

import shutil

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from payaidctl.stack import render
from payaidctl.stack.component import Component, NotReady, Program
from payaidctl.stack.ports import LOOPBACK

MEBIBYTE = 2**20


class Valkey(Component):
    """One Valkey (or Redis) server."""

    secret: str

    def program(self) -> Program:
        """The server; its title shows neither folder nor password."""
        if not self.site.binaries.valkey:
            self.site.binaries.require()
            raise AssertionError("require() accepts no missing Valkey")
        config = self.site.layout.conf / f"{self.name}.conf"
        return Program((self.site.binaries.valkey, config), directory=self.folder)

    def configure(self) -> bool:
        """Its configuration; it holds the password."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = render.render(
            "valkey.conf.j2",
            name=self.name,
            port=self.port,
            folder=self.folder,
            password=self.site.secrets[self.secret],
            cluster=self.clustered,
        )
        return render.write(self.site.layout.conf / f"{self.name}.conf", text, mode=0o600)

    def client(self) -> "redis.Redis":
        """A connection to this very node."""
        return redis.Redis(
            LOOPBACK,
            self.port or 0,
            password=self.site.secrets[self.secret],
            socket_timeout=5,
            socket_connect_timeout=2,
            decode_responses=True,
            protocol=2,
            # Whoever asks does so again by himself; the default tries for seconds.
            retry=Retry(NoBackoff(), 0),
        )

    def info(self) -> dict[str, object]:
        """What INFO says."""
        try:
            with self.client() as client:
                client.ping()
                facts: dict[str, object] = client.info()
        except redis.RedisError as error:
            raise NotReady(str(error)) from None
        return facts


class CacheNode(Valkey):
    """One node of the cluster. That it works alone says little: see cluster.py for the whole."""

    group = "cache"
    secret = "cache"  # noqa: S105 -- the name of a secret
    clustered = True

    def look(self) -> str:
        """It answers, and a replica's link to its primary is up."""
        facts = self.info()
        if facts["role"] == "master":
            return f"master, {_used(facts)}"
        link = facts.get("master_link_status")
        if link != "up":
            raise NotReady(f"replica whose link to its master is {link}")
        return f"replica of port {facts.get('master_port')}, {_used(facts)}"

    def forget(self) -> None:
        """Drop what the node knows of the cluster, before it starts with other ports."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(mode=0o700)


class Queue(Valkey):
    """The queue's server: never evicts, keeps its data."""

    group = "queue"
    secret = "queue"  # noqa: S105 -- the name of a secret

    def look(self) -> str:
        """It answers, and its last write to disk went well."""
        facts = self.info()
        if facts.get("aof_last_write_status") != "ok":
            raise NotReady(f"its append-only file cannot be written: {facts.get('aof_last_write_status')}")
        return f"append-only, noeviction, {_used(facts)}"


def _used(facts: dict[str, object]) -> str:
    used = facts["used_memory"]
    return f"{(used if isinstance(used, int) else 0) / MEBIBYTE:.0f} MiB"
