"""Redis, one node or a cluster, as the cache and the limiter need it. What it loses costs hits, never truth.

protocol  what is asked of it, and the one error
link      one connection: whatever is asked in one turn of the loop travels together
node      one server: its link, opened again when it breaks, behind a breaker
cluster   which node has a key: the slot map, learned anew when nodes say that it changed
client    the protocol over either
connect   from settings to a client
"""

from payaid.kv.client import RedisKeyValue
from payaid.kv.connect import connect
from payaid.kv.protocol import Away, KeyValue, Script

__all__ = ["Away", "KeyValue", "RedisKeyValue", "Script", "connect"]
