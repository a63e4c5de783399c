"""Where a webhook may go."""

import asyncio
from ipaddress import ip_address

import pytest

from payaid.jobs.egress import is_public, route
from payaid.jobs.policy import Permanent, Transient


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "224.0.0.1", "255.255.255.255", "240.0.0.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1",
        "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:1234::1",
    ],
)  # fmt: skip
def test_what_is_not_the_public_internet(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "13.235.0.1", "2606:4700::1111", "64:ff9b::101:101"])
def test_what_is(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://localhost:9200/", "http://2130706433/", "http://0x7f.1/", "http://[::1]:80/",
        "http://169.254.169.254/latest/meta-data/", "https://user:password@1.1.1.1/", "ftp://1.1.1.1/",
        "file:///etc/passwd", "http:///nowhere", "gopher://1.1.1.1/", "http://1.1.1.1:0/", "http://1.1.1.1:99999/",
    ],
)  # fmt: skip
def test_urls_that_are_refused(url: str) -> None:
    with pytest.raises(Permanent):
        asyncio.run(route(url, ()))


def test_an_address_is_pinned_so_that_a_second_look_up_cannot_change_it() -> None:
    way = asyncio.run(route("https://1.1.1.1:8443/hook?a=1#part", ()))
    assert (way.url, way.headers) == ("https://1.1.1.1:8443/hook?a=1", {"Host": "1.1.1.1:8443"})
    way = asyncio.run(route("http://localhost/hook", ("127.0.0.0/8", "::1/128")))
    assert way.url in ("http://127.0.0.1:80/hook", "http://[::1]:80/hook")
    assert (way.headers, way.extensions) == ({"Host": "localhost"}, {"sni_hostname": "localhost"})


def test_a_name_that_does_not_resolve_may_do_so_later() -> None:
    with pytest.raises(Transient):
        asyncio.run(route("https://nowhere.invalid/", ()))
