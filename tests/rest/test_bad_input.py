"""Whatever is sent, the answer is a problem document that says where the mistake is, and never a 500."""

import base64
import json
import time
from typing import Any

import httpx
import jwt
import pytest

from payaid.resources import catalogue
from payaid.rest.routes import FIXED, PREFIX, resolve
from tests.fixtures.api import Api, Person, problem

CONTACT = {"name": "Priya"}
# A server that refuses a body unread ends the connection: the next request must not be sent over it.
CLOSE = {"connection": "close"}
ODD_IDS = (
    "%00",
    "a%00b",
    "%FF",
    "%ED%A0%80",
    "x" * 64,
    "x" * 65,
    "x" * 3000,
    "..%2F..",
    "%2e%2e",
    "null",
    "'--",
    "%0d%0a",
)


@pytest.fixture(scope="module")
def owner(api: Api) -> Person:
    return api.owner()


# -- bodies ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/name"),
        ({"name": ""}, "/name"),
        ({"name": None}, "/name"),
        ({"name": 5}, "/name"),
        ({"name": ["Priya"]}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"name": "   "}, "/name"),
        ({"name": "a\0b"}, "/name"),
        (CONTACT | {"surname": "Sharma"}, "/surname"),
        (CONTACT | {"id": "mine"}, "/id"),
        (CONTACT | {"tenantId": "theirs"}, "/tenantId"),
        (CONTACT | {"createdAt": "2026-01-01"}, "/createdAt"),
        (CONTACT | {"loadRun": "x"}, "/loadRun"),
        (CONTACT | {"a/b~c": 1}, "/a~1b~0c"),
        (CONTACT | {"email": "priya"}, "/email"),
        (CONTACT | {"email": "a\0b@example.in"}, "/email"),
        (CONTACT | {"phone": "call me"}, "/phone"),
        (CONTACT | {"gstin": "27AAPFU0939F1Z"}, "/gstin"),
        (CONTACT | {"status": "sleeping"}, "/status"),
        (CONTACT | {"status": None}, "/status"),
        (CONTACT | {"leadScore": -1}, "/leadScore"),
        (CONTACT | {"leadScore": 101}, "/leadScore"),
        (CONTACT | {"leadScore": "high"}, "/leadScore"),
        (CONTACT | {"tags": "vip"}, "/tags"),
        (CONTACT | {"tags": ["x"] * 51}, "/tags"),
        (CONTACT | {"tags": ["a\0"]}, "/tags/0"),
        (CONTACT | {"tags": ["ok", 5]}, "/tags/1"),
        (CONTACT | {"nextFollowUp": "soon"}, "/nextFollowUp"),
        (CONTACT | {"nextFollowUp": "2026-04-01T09:00:00"}, "/nextFollowUp"),
        (CONTACT | {"nextFollowUp": "9999-12-31T00:00:00Z"}, "/nextFollowUp"),
        (CONTACT | {"assignedToId": ""}, "/assignedToId"),
        (CONTACT | {"assignedToId": "x" * 65}, "/assignedToId"),
    ],
)
def test_each_mistake_in_a_body_is_named(owner: Person, body: dict[str, Any], pointer: str) -> None:
    problem(owner.post("/api/v1/contacts", body), 422, pointer)


def test_all_mistakes_are_named_at_once(owner: Person) -> None:
    body = {"email": "x", "status": "y", "leadScore": 500, "nothing": 1}
    problem(owner.post("/api/v1/contacts", body), 422, "/name", "/email", "/status", "/leadScore", "/nothing")


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("deals", {"name": "x", "value": -1}, "/value"),
        ("deals", {"name": "x", "value": 1.005}, "/value"),
        ("deals", {"name": "x", "value": 10**12}, "/value"),
        ("deals", {"name": "x", "value": "NaN"}, "/value"),
        ("deals", {"name": "x", "value": True}, "/value"),
        ("crm/products", {"name": "x", "sku": "s", "costPrice": 1, "salePrice": 1, "hsnCode": "tiles"}, "/hsnCode"),
        ("crm/products", {"name": "x", "sku": "s", "costPrice": 1, "salePrice": 1, "quantity": 2**31}, "/quantity"),
        ("crm/products", {"name": "x", "sku": "s", "costPrice": 1, "salePrice": 1, "quantity": 1.5}, "/quantity"),
        ("orders", {"shippingAddress": "x", "shippingCity": "x", "shippingPostal": "x"}, "/items"),
        ("orders", {"shippingAddress": "x", "shippingCity": "x", "shippingPostal": "x", "items": []}, "/items"),
        ("orders", {"shippingAddress": "x", "shippingCity": "x", "shippingPostal": "x",
                    "items": [{"productName": "x", "quantity": 0, "price": 1}]}, "/items/0/quantity"),
        ("orders", {"shippingAddress": "x", "shippingCity": "x", "shippingPostal": "x",
                    "items": [{"productName": "x", "quantity": 1, "price": 1, "productId": "nothing"}]}, "/items"),
        ("orders", {"shippingAddress": "x", "shippingCity": "x", "shippingPostal": "x", "discountAmount": 5,
                    "items": [{"productName": "x", "quantity": 1, "price": 1}]}, "/discountAmount"),
        ("invoices", {"placeOfSupply": "27", "items": [{"description": "x", "quantity": 1, "unitPrice": 1,
                                                        "gstRate": 17}]}, "/items/0/gstRate"),
        ("invoices", {"placeOfSupply": "27", "items": [{"description": "x", "quantity": 1, "unitPrice": 1}]},
         "/items/0/gstRate"),
        ("invoices", {"placeOfSupply": "99", "items": [{"description": "x", "quantity": 1, "unitPrice": 1,
                                                        "gstRate": 5}]}, "/placeOfSupply"),
        ("invoices", {"items": [{"description": "x", "quantity": 1, "unitPrice": 1, "gstRate": 5}]}, "/placeOfSupply"),
    ],
)  # fmt: skip
def test_the_rules_of_each_resource_name_their_field(
    owner: Person, path: str, body: dict[str, Any], pointer: str
) -> None:
    problem(owner.post(f"/api/v1/{path}", body), 422, pointer)


def test_amounts_beyond_what_can_be_stored_are_refused_not_crashed_on(owner: Person) -> None:
    line = {"description": "x", "quantity": "999999999999.999", "unitPrice": "999999999999.99", "gstRate": 18}
    for count in (1, 200):
        problem(owner.post("/api/v1/invoices", {"placeOfSupply": "27", "items": [line] * count}), 422, "/items")
    item = {"productName": "x", "quantity": 1_000_000, "price": "999999999999.99"}
    order = {"shippingAddress": "x", "shippingCity": "x", "shippingPostal": "x", "items": [item] * 200}
    problem(owner.post("/api/v1/orders", order), 422)


@pytest.mark.parametrize(
    ("body", "said"),
    [(b"{", "line 1"), (b"", "JSON"), (b'{"name": "x",\n "email": }', "line 2"), (b"\xff\xfe", "JSON"),
     (b'{"a": NaN}', "JSON"), (b'{"name": "\\ud800"}', "JSON"), (b"[" * 100_000, "JSON")],
)  # fmt: skip
def test_what_is_not_json_is_told_where(owner: Person, body: bytes, said: str) -> None:
    assert said in problem(owner.post("/api/v1/contacts", body), 400)["detail"]


@pytest.mark.parametrize("body", [b"[]", b"null", b"5", b'"name"', b"true"])
def test_json_that_is_no_object_is_refused(owner: Person, body: bytes) -> None:
    problem(owner.post("/api/v1/contacts", body), 422)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_another_content_type_is_refused(owner: Person, kind: str) -> None:
    problem(owner.post("/api/v1/contacts", CONTACT, {"content-type": kind}), 415)


def test_a_content_type_may_have_parameters(owner: Person) -> None:
    answer = owner.post("/api/v1/contacts", CONTACT, {"content-type": "Application/JSON; charset=utf-8"})
    assert answer.status_code == 201


def test_a_body_over_the_bound_is_refused(owner: Person) -> None:
    answer = owner.post("/api/v1/contacts", b'{"name": "' + b"x" * 1_100_000 + b'"}', CLOSE)
    problem(answer, 413)


def test_whoever_sends_far_too_much_reads_why_it_was_refused(owner: Person) -> None:
    for _ in range(10):
        problem(owner.post("/api/v1/contacts", b'{"name": "' + b"x" * 4_000_000 + b'"}'), 413)
    assert owner.get("/api/v1/contacts").status_code == 200


def test_a_body_of_unknown_length_is_bounded_as_well(owner: Person) -> None:
    def endless() -> Any:
        for _ in range(20):
            yield b"x" * 65_536

    answer = owner.http.post(
        "/api/v1/contacts", content=endless(),
        headers={"authorization": f"Bearer {owner.token}", "content-type": "application/json"} | CLOSE,
    )  # fmt: skip
    problem(answer, 413)


# -- paths, methods, queries ----------------------------------------------------------------------------------


@pytest.mark.parametrize("odd", ODD_IDS, ids=lambda odd: odd[:12])
def test_odd_ids_name_nothing(owner: Person, odd: str) -> None:
    for path in (f"contacts/{odd}", f"finance/invoices/{odd}", f"contacts/{odd}/deals"):
        problem(owner.get(f"/api/v1/{path}"), 404)
    problem(owner.patch(f"/api/v1/contacts/{odd}", CONTACT), 404)
    problem(owner.delete(f"/api/v1/contacts/{odd}"), 404)


@pytest.mark.parametrize(
    "path", ["/", "/api", "/api/v1", "/api/v1/", "/api/v1/contacts/", "/api/v1/crm", "/api/v1/crm/contacts/a/b/c",
             "/api/v1/contacts//deals", "/api/v1/hr/contacts", "/api/v2/contacts", "/api/v1/contacts/a/fly",
             "/API/V1/contacts", "/%00", "/%FF", "/static/none.css", "//", "/api/v1/dashboard"],
)  # fmt: skip
def test_a_path_that_means_nothing_is_404(owner: Person, path: str) -> None:
    problem(owner.get(path), 404)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/v1/contacts", {"GET", "HEAD", "POST"}),
        ("DELETE", "/api/v1/contacts", {"GET", "HEAD", "POST"}),
        ("POST", "/api/v1/contacts/x", {"GET", "HEAD", "PATCH", "DELETE"}),
        ("PATCH", "/api/v1/dashboard/stats", {"GET", "HEAD"}),
        ("GET", "/api/v1/auth/login", {"POST"}),
        ("OPTIONS", "/api/v1/tasks", {"GET", "HEAD", "POST"}),
        ("BREW", "/api/v1/tasks", {"GET", "HEAD", "POST"}),
    ],
)
def test_another_method_is_405_and_told_which_would_do(
    owner: Person, method: str, path: str, allowed: set[str]
) -> None:
    answer = owner.ask(method, path)
    problem(answer, 405)
    assert set(answer.headers["allow"].split(", ")) == allowed


def test_a_long_query_is_refused(owner: Person) -> None:
    problem(owner.get(f"/api/v1/contacts?city={'x' * 5000}"), 414)


# -- identity -------------------------------------------------------------------------------------------------


def forged(token: str, algorithm: str) -> str:
    """The token's claims under a header that says how little it is signed."""
    head = base64.urlsafe_b64encode(json.dumps({"alg": algorithm, "typ": "JWT"}).encode()).decode().rstrip("=")
    return f"{head}.{token.split('.')[1]}."


def test_bad_tokens_are_all_401(api: Api, owner: Person) -> None:
    tenant = owner.tenant
    assert tenant
    claims: dict[str, Any] = {
        "tenant_id": tenant.id, "user_id": owner.id, "email": owner.email, "roles": ["owner"],
        "modules": tenant.modules, "tier": "enterprise",
    }  # fmt: skip
    complete = jwt.decode(owner.token, options={"verify_signature": False})
    incomplete = [
        jwt.encode({key: value for key, value in complete.items() if key != gone}, api.env["JWT_SECRET"], "HS256")
        for gone in ("exp", "tenant_id", "sub", "jti", "aud", "iss")
    ]
    bad = [
        api.mint(**claims, now=time.time() - 5000),
        api.mint(**claims, secret="another secret of sufficient length, really"),
        api.mint(**claims, audience="another-api"),
        api.mint(**claims, issuer="somebody"),
        api.mint(**claims | {"user_id": "nobody"}),
        api.mint(**claims | {"tenant_id": "nowhere"}),
        api.mint(**claims | {"tenant_id": api.tenant().id}),
        api.mint(**claims, session="no-such-session"),
        jwt.encode(complete, api.env["JWT_SECRET"], "HS512"),
        jwt.encode(complete | {"sub": 5}, api.env["JWT_SECRET"], "HS256"),
        forged(owner.token, "none"),
        forged(owner.token, "None"),
        owner.token[:-2],
        "x.y.z",
        "é",
        *incomplete,
    ]
    for token in bad:
        someone = Person(owner.http, address=f"192.0.2.{bad.index(token)}")
        answer = someone.get("/api/v1/contacts", {"authorization": b"Bearer " + token.encode()})  # type: ignore[dict-item]
        assert "www-authenticate" in answer.headers, token
        problem(answer, 401)
    for scheme in (f"Basic {owner.token}", owner.token, "Bearer", f"bearer {owner.token}"):
        status = 200 if scheme.startswith("bearer") else 401
        assert api.stranger().get("/api/v1/contacts", {"authorization": scheme}).status_code == status


@pytest.mark.parametrize("one", catalogue().resources, ids=lambda one: one.name)
def test_without_a_token_nothing_of_a_tenant_answers(api: Api, one: Any) -> None:
    for method, path in (("GET", ""), ("POST", ""), ("GET", "/x"), ("PATCH", "/x"), ("DELETE", "/x")):
        problem(api.stranger().ask(method, f"{PREFIX}{one.path}{path}", {}), 401)


def test_a_module_without_a_licence_is_403(api: Api) -> None:
    person = api.owner(modules=["crm"])
    assert person.get("/api/v1/contacts").status_code == 200
    assert "finance" in problem(person.get("/api/v1/invoices"), 403)["detail"]
    problem(person.get("/api/v1/contacts/x/invoices"), 403)
    problem(person.post("/api/v1/invoices", {}), 403)
    blocks = person.get("/api/v1/dashboard/stats").json()
    assert set(blocks) == {"contacts", "deals", "tasks", "orders"}


def test_a_member_may_write_and_not_delete(api: Api) -> None:
    member = api.tenant().user("member")
    row = member.made("/api/v1/tasks", {"title": "Call"})
    assert "member" in problem(member.delete(f"/api/v1/tasks/{row['id']}"), 403)["detail"]
    assert member.patch(f"/api/v1/tasks/{row['id']}", {"status": "completed"}).status_code == 200


# -- headers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stamp", ["x", "..", "abc.def.ghi", "0.0.0000000000000000", "é.1.2"])
def test_a_forged_stamp_is_refused(owner: Person, stamp: str) -> None:
    headers: Any = {"x-payaid-stamp": stamp.encode()}
    problem(owner.get("/api/v1/contacts", headers), 400, "header:X-Payaid-Stamp")


def test_a_changed_stamp_is_refused(owner: Person) -> None:
    stamp = owner.post("/api/v1/contacts", CONTACT).headers["x-payaid-stamp"]
    epoch, position, signature = stamp.split(".")
    later = f"{epoch}.{int(position, 16) + 2**40:x}.{signature}"
    problem(owner.get("/api/v1/contacts", {"x-payaid-stamp": later}), 400, "header:X-Payaid-Stamp")


@pytest.mark.parametrize("header", ["idempotency-key", "x-load-run"])
def test_a_header_that_cannot_be_kept_is_refused(owner: Person, header: str) -> None:
    problem(owner.post("/api/v1/contacts", CONTACT, {header: "x" * 256}), 400)


def test_a_request_id_is_taken_over_only_if_it_is_harmless(owner: Person) -> None:
    assert owner.get("/health/live", {"x-request-id": "trace-12345"}).headers["x-request-id"] == "trace-12345"
    for bad in ("short", "x" * 65, "a b c d e f", "<script>alert</script>"):
        assert owner.get("/health/live", {"x-request-id": bad}).headers["x-request-id"] != bad


def test_credentials_with_odd_characters_are_wrong_not_fatal(api: Api) -> None:
    for email, password, status in (
        ("a\0b@example.in", "x", 422), ("é@example.in", "x", 401), ("a@example.in", "a\0b", 401), ("x", "x", 422),
        ("a@example.in", "x" * 257, 422), ("' OR 1=1 --", "x", 401),
    ):  # fmt: skip
        problem(api.stranger().post("/api/v1/auth/login", {"email": email, "password": password}), status)
    for token in ("x" * 10, "AAAAAAAAAA.x", "é" * 10, base64.urlsafe_b64encode(b"t\0s\0u").decode() + ".secret",
                  base64.urlsafe_b64encode(b"t\0s").decode() + ".secret"):  # fmt: skip
        problem(api.stranger().post("/api/v1/auth/refresh", {"refreshToken": token}), 401)


def test_every_operation_that_a_route_names_has_an_endpoint(owner: Person) -> None:
    """Asked for real: an operation without one would be a 500."""
    paths = [*FIXED, *(f"{PREFIX}{one.path}" for one in catalogue().resources), "/static/x.css"]
    for path in paths:
        for method in resolve(path) or ():
            answer: httpx.Response = owner.ask(method, path, None if method in {"GET", "HEAD"} else {})
            assert answer.status_code < 500, f"{method} {path}: {answer.text}"
