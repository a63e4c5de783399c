"""Recorded facts: for each check a state that passes it, and changes to that state each of which fails it.

As the probes told them, shortened to what is judged and shown. Every expectation of a check is broken by one change
at least; test_table.py holds this table to the catalogue.
"""

from typing import Any

Facts = dict[str, Any]
A, B = "10.0.0.1:7000", "10.0.0.2:7000"
LIST, DASHBOARD = "/api/v1/crm/contacts", "/api/v1/dashboard/stats"


def load(**changed: Any) -> Facts:
    metrics = {
        "p95": 6.7, "p95-cached": 5.1, "p95-uncached": 31.0, "errors": 0.0, "requests": 181_000.0, "hit-rate": 84.0,
        "primary-reads": 1.2,
    }  # fmt: skip
    facts = {"verdict": "pass", "run": "r1", "usersWanted": 10_000, "origin": "taken here", "taken_at": "22 November",
             "failed": [], "in_doubt": []}  # fmt: skip
    return facts | changed.pop("run", {}) | {"metrics": metrics | changed}


def metric(name: str, value: float) -> Facts:
    return {"metrics": load(**{name: value})["metrics"]}


def endpoint(*, hit: bool) -> Facts:
    return {"endpoints": {LIST: {"hit": True}, DASHBOARD: {"hit": hit}}, "not_cached": [] if hit else [DASHBOARD]}


CLUSTER: Facts = {
    "mode": "cluster", "state": "ok", "slots_ok": 16384, "unreachable": [], "policies": ["allkeys-lfu"], "walked": [],
    "unbounded": [], "masters_without_replica": [], "broken_links": [], "worst_p99_ms": 0.4, "overcommitted": [],
    "promised_percent": {"10.0.0.1": 30.0},
}  # fmt: skip
QUEUE: Facts = {
    "policy": "noeviction", "aof": True, "shared_with_cache": False, "workers": 1, "waiting": 3,
    "maxmemory_bytes": 100, "used_bytes": 10, "used_share": 0.1,
}  # fmt: skip
POOLER: Facts = {
    "console": True, "pooled": True, "modes": ["transaction"], "worst_wait_s": 0.0, "paused": [],
    "max_client_conn": 10_000, "default_pool_size": 25,
}  # fmt: skip
API: Facts = {"live": 200, "ready": 200, "health": 200, "without_token": 401, "instances": ["a-1", "a-2"]}
LIMITER: Facts = {
    "first": 200, "refused": 10, "within_limit": True, "other": [], "recovered": True, "retry_after_s": 31,
    "problem": True, "limit": 60, "admitted": 60,
}  # fmt: skip
EXPOSURE: Facts = {"exposed": False, "default_secrets": [], "no_password": [], "short_passwords": [], "in_clear": []}
REPLICAS: Facts = {
    "replicas": [{"in_recovery": True, "feedback": True}], "other_cluster": [], "unreachable": [], "stalled": [],
    "worst_behind_bytes": 800,
}  # fmt: skip
SETTINGS: Facts = {"configures_a_service": True, "cache_on": True, "limits_on": True, "wrong": [], "replicas_named": 1}
DASHBOARD_PAGE: Facts = {"status": 200, "without_token": 401, "moved": 6, "needs_others": False}
NONE: Facts = {"number": 0, "names": ""}

TABLE: dict[str, tuple[Facts, *tuple[Facts, ...]]] = {
    "cache.all_nodes": (CLUSTER, {"unreachable": [A]}),
    "cache.cluster_state": (CLUSTER, {"state": "fail"}, {"slots_ok": 16383}),
    "cache.enabled": (SETTINGS, {"cache_on": False}),
    "cache.endpoints": (endpoint(hit=True), endpoint(hit=False)),
    "cache.evicts": (CLUSTER, {"policies": ["noeviction"]}, {"unbounded": [A]}),
    "cache.failover": (CLUSTER, {"masters_without_replica": [A]}, {"broken_links": [B]}),
    "cache.latency": (CLUSTER, {"worst_p99_ms": 80.0}),
    "cache.no_keys": (CLUSTER, {"walked": [f"{A} 1,204x"]}),
    "cache.private": ({"public": []}, {"public": [LIST]}),
    "capacity.connections": ({"percent": 40.0}, {"percent": 96.0}),
    "capacity.disk": (
        {"database_seen": True, "least_percent": 40.0, "least_free_gb": 90.0},
        {"least_percent": 4.0},
        {"least_free_gb": 1.0},
    ),
    "capacity.file_descriptors": ({"fewest": 65_536, "fullest": 2.0}, {"fewest": 1024}, {"fullest": 93.0}),
    "capacity.redis_memory": (CLUSTER, {"overcommitted": ["10.0.0.1"]}),
    "database.analysed": (NONE, {"number": 2}),
    "database.backups": (
        {"named": True, "failing": False, "marker_missing": False, "age_h": 3.0},
        {"failing": True},
        {"marker_missing": True},
        {"age_h": 30.0},
    ),
    "database.durable": (
        {"fsync": True, "full_pages": True, "commit": "on"},
        {"fsync": False},
        {"full_pages": False},
        {"commit": "off"},
    ),
    "database.long_transactions": ({"oldest": 1.0}, {"oldest": 4000.0}),
    "database.statistics": ({"loaded": True, "created": True}, {"loaded": False}, {"created": False}),
    "database.wraparound": ({"age": 50_000_000}, {"age": 1_600_000_000}),
    "environment.clocks": ({"compared": ["database"], "spread_s": 0.1}, {"compared": []}, {"spread_s": 5.0}),
    "environment.in_effect": (
        {"contradicted": []},
        {"contradicted": ["DATABASE_READ_URL: leads to the primary"]},
    ),
    "environment.values": (SETTINGS, {"wrong": ["JWT_SECRET: ends in a newline"]}),
    "indexes.duplicates": (NONE, {"number": 1}),
    "indexes.foreign_keys": (NONE, {"number": 1}),
    "indexes.none_invalid": (NONE, {"number": 1}),
    "indexes.roadmap": (
        {"wrong": [], "proven": True, "declared": 11, "right": 11},
        {"wrong": ["idx_contact_search: missing"]},
        {"declared": 10},
        {"proven": False},
    ),
    "limiter.enabled": (SETTINGS, {"limits_on": False}),
    "limiter.enforced": (
        LIMITER,
        {"first": 500},
        {"refused": 0},
        {"within_limit": False},
        {"other": [503]},
        {"recovered": False},
    ),
    "limiter.told": (LIMITER, {"retry_after_s": 0}, {"retry_after_s": 9000}, {"problem": False}),
    "load.errors": (load(), metric("errors", 0.2)),
    "load.hit_rate": (load(), metric("hit-rate", 60.0)),
    "load.p95": (load(), metric("p95", 900.0)),
    "load.p95_cached": (load(), metric("p95-cached", 180.0)),
    "load.p95_uncached": (load(), metric("p95-uncached", 450.0)),
    "load.passed": (load(), {"verdict": "fail"}),
    "load.primary_share": (load(), metric("primary-reads", 60.0)),
    "observability.dashboard": (
        DASHBOARD_PAGE,
        {"status": 404},
        {"without_token": 200},
        {"moved": 0},
        {"needs_others": True},
    ),
    "observability.health_tells_truth": (API, {"live": 500}, {"ready": 503}, {"health": 503}),
    "observability.instance_named": (API, {"instances": []}),
    "observability.metrics": (
        {"missing": [], "moved_enough": True, "moved": 10.0, "calls": 10, "workers": ["a-1"]},
        {"missing": ["payaid_reads_total"]},
        {"moved_enough": False, "moved": 0.0},
    ),
    "pooler.in_front": (POOLER, {"pooled": False}),
    "pooler.nobody_waits": (POOLER, {"worst_wait_s": 3.0}, {"paused": ["payaid"]}),
    "pooler.room": (POOLER, {"max_client_conn": 100}, {"default_pool_size": 3}),
    "pooler.transaction_mode": (POOLER, {"modes": ["session"]}),
    "queue.backlog": (QUEUE, {"waiting": 50_000}),
    "queue.dead_letters": ({"dead": 0, "uncertain": 0}, {"dead": 1}, {"uncertain": 1}),
    "queue.memory": (QUEUE, {"used_share": 0.93}),
    "queue.noeviction": (QUEUE, {"policy": "allkeys-lru"}, {"aof": False}),
    "queue.own_redis": (QUEUE, {"shared_with_cache": True}),
    "queue.round_trip": (
        {"state": "done", "returned": True, "ms": 90, "waited_s": 15.0, "trouble": ""},
        {"state": "waiting"},
        {"returned": False},
    ),
    "queue.workers": (QUEUE, {"workers": 0}),
    "replication.configured": (SETTINGS, {"replicas_named": 0}),
    "replication.feedback": (REPLICAS, {"replicas": [{"in_recovery": True, "feedback": False}]}),
    "replication.lag": (REPLICAS, {"worst_behind_bytes": 500_000_000}),
    "replication.moving": (REPLICAS, {"stalled": ["10.0.0.2:5432"]}),
    "replication.slots": (NONE, {"number": 1}),
    "replication.standby": (
        REPLICAS,
        {"replicas": [{"in_recovery": False}]},
        {"other_cluster": ["10.0.0.2:5432"]},
        {"unreachable": ["10.0.0.2:5432"]},
    ),
    "security.bind": (EXPOSURE, {"exposed": True}),
    "security.certificates": ({"soonest": 60, "whose": "API_URL"}, {"soonest": 3}),
    "security.default_secrets": (EXPOSURE, {"default_secrets": ["DATABASE_URL"]}),
    "security.env_committed": ({"tracked": []}, {"tracked": [".env.production"]}),
    "security.env_history": ({"in_history": []}, {"in_history": [".env"]}),
    "security.limit_capped": ({"status": 400}, {"status": 200}),
    "security.login_limited": (
        {"first": 401, "last": 429, "other": []},
        {"first": 200},
        {"last": 401},
        {"other": [500]},
    ),
    "security.passwords": (EXPOSURE, {"no_password": ["REDIS_URL"]}, {"short_passwords": ["DATABASE_URL"]}),
    "security.row_walls": ({"open": 0, "tables": 18, "names": ""}, {"open": 1}, {"tables": 0}),
    "security.service_role": (
        {"there": 1, "super": False, "bypasses": False, "owns": 0},
        {"super": True},
        {"bypasses": True},
        {"owns": 2},
    ),
    "security.tls": (EXPOSURE, {"in_clear": ["API_URL"]}),
    "security.token_needed": (API, {"without_token": 200}),
    "warming.on_login": (
        {"status": 200, "pages": {LIST: {"hit": True}}, "asked": 1, "warm": 1, "cold": []},
        {"status": 401},
        {"pages": {LIST: {"hit": False}}, "cold": [LIST]},
    ),
}
