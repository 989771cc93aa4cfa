"""Which addresses count as public."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.media.addresses import is_number, is_public

PRIVATE = [
    "0.0.0.0",
    "0.1.2.3",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.19.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::8.8.8.8",
    "100::1",
    "2001::1",
    "2001:0:7f00:1::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:a9fe:a9fe::",
    "2002:c0a8:101::1",
    "2a00:1450:4001::5efe:127.0.0.1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "2a00:1450:4001::1%eth0",
    "fec0::1",
    "ff02::1",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.215.14",
    "172.32.0.1",
    "100.128.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
    "2606:4700:4700::1111",
    "2a00:1450:4001:82a::200e",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_somebodys_own_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("text", ["", "localhost", "2130706433", "0177.0.0.1", "127.1", "1.1.1.1."])
def test_what_is_no_address_is_not_public(text: str) -> None:
    assert not is_public(text)


@settings(deadline=None)
@given(st.ip_addresses(v=4))
def test_python_agrees_on_what_is_not_global(address: IPv4Address) -> None:
    if not address.is_global or address.is_multicast:
        assert not is_public(str(address))


@settings(deadline=None)
@given(st.ip_addresses(v=6))
def test_python_agrees_on_the_newer_kind(address: IPv6Address) -> None:
    """But for 6to4, which is as public as what it leads to; Python's word on it has changed."""
    if (not address.is_global or address.is_multicast) and not address.sixtofour:
        assert not is_public(str(address))


@settings(deadline=None)
@given(st.ip_addresses(v=4))
def test_every_way_to_an_address_is_as_public_as_it(address: IPv4Address) -> None:
    number = int(address)
    ways = [0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80]
    assert {is_public(str(IPv6Address(way))) for way in ways} == {is_public(str(address))}


@pytest.mark.parametrize(
    ("host", "number"),
    [
        ("1.2.3.4", True),
        ("1.2.3.4.", True),
        ("2130706433", True),
        ("0x7f.1", True),
        ("0X7F000001", True),
        ("example.0x7f", True),
        ("::1", True),
        ("example.com", False),
        ("1.example.com.", False),
        ("0x7f.example", False),
    ],
)
def test_numbers_are_told_from_names(host: str, number: bool) -> None:
    assert is_number(host) is number
