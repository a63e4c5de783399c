"""A cluster: each key has a slot, each slot a node. The map is learned from the nodes, and again when it changed."""

import asyncio
import random
import re
import time
from binascii import crc_hqx
from typing import Any

from hiredis import ReplyError

from payaid import observe
from payaid.kv.link import pack
from payaid.kv.node import Access, Node
from payaid.kv.protocol import Away

SLOTS = 16384
# Between two looks at the map; a cluster in the middle of a failover answers with the old one for a while.
LEARN_EVERY_S = 0.2
# A node that the map does not name any more answers what it was asked before: longer than anybody waits for that.
GRACE_S = 5.0
MAP, ASKING = pack("CLUSTER", "SLOTS"), pack("ASKING")
REDIRECT = re.compile(r"(MOVED|ASK) \d+ (.*):(\d+)")
Address = tuple[str, int]


def slot(key: str) -> int:
    """The key's slot; only what is between the first braces counts, where there is something."""
    start = key.find("{")
    if start >= 0 and (end := key.find("}", start + 1)) > start + 1:
        key = key[start + 1 : end]
    return crc_hqx(key.encode(), 0) % SLOTS


class Cluster:
    """The masters of a cluster, asked for the keys that they have."""

    def __init__(self, seeds: list[Address], access: Access) -> None:
        self._seeds = seeds
        self._access = access
        self._nodes: dict[Address, Node] = {}
        self._leaving: set[Node] = set()
        # All that the last map named, replicas too: when masters die these know who took over.
        self._known: list[Address] = []
        self._masters: list[Node | None] = [None] * SLOTS
        self._learning: asyncio.Task[None] | None = None
        self._learned_at = float("-inf")

    async def open(self) -> None:
        """Learn the map."""
        await self._learn()
        if not any(self._masters):
            raise Away("no node of the cluster tells which of them has which keys")

    async def ask(self, key: str, command: bytes, timeout_s: float) -> Any:
        """The reply of the key's node, redirects followed.

        Raises:
            Away: no answer, or no node has the key's slot.
        """
        node = self._masters[slot(key)]
        if node is None:
            await self._learn_soon(timeout_s)
            node = self._masters[slot(key)]
        if node is None:
            raise Away("no node has this key's slot")
        try:
            reply = await node.ask(key, command, timeout_s)
        except Away:
            self._outdated()
            raise
        if type(reply) is ReplyError and (redirect := REDIRECT.match(str(reply))):
            return await self._redirected(node, redirect, key, command, timeout_s)
        return reply

    def close(self) -> None:
        """Close every connection."""
        if self._learning:
            self._learning.cancel()
        for node in (*self._nodes.values(), *self._leaving):
            node.close()

    async def _redirected(self, asked: Node, to: re.Match[str], key: str, command: bytes, timeout_s: float) -> Any:
        node = self._node((to[2] or asked.host, int(to[3])))
        if to[1] == "ASK":
            return await node.ask(key, command, timeout_s, before=ASKING)
        self._outdated()
        return await node.ask(key, command, timeout_s)

    def _node(self, address: Address) -> Node:
        if address not in self._nodes:
            self._nodes[address] = Node(*address, self._access)
        return self._nodes[address]

    # -- the map ------------------------------------------------------------------------------------------------

    def _outdated(self) -> None:
        """Learn the map again, in the background, and not more often than it can have changed."""
        if self._learning is None or self._learning.done():
            wait = max(0.0, self._learned_at + LEARN_EVERY_S - time.monotonic())
            self._learning = asyncio.create_task(self._learn(wait))

    async def _learn_soon(self, timeout_s: float) -> None:
        self._outdated()
        if self._learning:
            await asyncio.wait([self._learning], timeout=timeout_s)

    async def _learn(self, wait_s: float = 0.0) -> None:
        await asyncio.sleep(wait_s)
        known = [*self._known, *self._seeds]
        for address in random.sample(known, len(known)):
            self._learned_at = time.monotonic()
            node = self._node(address)
            try:
                reply = await node.ask("", MAP, 1.0)
            except Away:
                continue
            if isinstance(reply, list) and reply:
                self._take(reply, node)
                return
        observe.emit(observe.Degraded("redis", "no node tells the map"))

    def _take(self, ranges: list[Any], teller: Node) -> None:
        """Each range is [first slot, last slot, master, replica ...]; a node is [host, port, ...]."""
        masters: list[Node | None] = [None] * SLOTS
        known: dict[Address, None] = {}
        for first, last, *nodes in ranges:
            addresses = [((host or b"").decode() or teller.host, port) for host, port, *_ in nodes]
            known.update(dict.fromkeys(addresses))
            masters[first : last + 1] = [self._node(addresses[0])] * (last - first + 1)
        self._masters, self._known = masters, list(known)
        for address in [*self._nodes]:
            if address not in known:
                node = self._nodes.pop(address)
                self._leaving.add(node)
                asyncio.get_running_loop().call_later(GRACE_S, self._gone, node)

    def _gone(self, node: Node) -> None:
        self._leaving.discard(node)
        node.close()
