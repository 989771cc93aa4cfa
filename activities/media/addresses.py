"""Which addresses are on the public internet, and which are somebody's own network."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# Written out, for what Python itself takes for global differs between its versions.
_OWN = [
    IPv4Network(each)
    for each in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
]
_GLOBAL = IPv6Network("2000::/3")
_NOT_GLOBAL = [IPv6Network(each) for each in ("2001::/23", "2001:db8::/32", "3fff::/20")]
_NAT64 = IPv6Network("64:ff9b::/96")
_ISATAP = (0x00005EFE, 0x02005EFE)


def is_public(text: str) -> bool:
    """Whether anybody on the internet could reach the address; False for what is none.

    An IPv6 address that leads to an IPv4 address is as public as that one.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _OWN)
    if address.scope_id is not None:
        return False
    inner = _inner(address)
    if inner is not None and not is_public(str(inner)):
        return False
    if address in _NAT64 or address.ipv4_mapped:
        return True
    return address in _GLOBAL and not any(address in network for network in _NOT_GLOBAL)


def is_number(host: str) -> bool:
    """Whether it is an address and no name, in any spelling: `1.2.3.4`, `0x7f.1`, `::1`."""
    last = host.rstrip(".").rpartition(".")[2].lower()
    return ":" in host or last.isdigit() or last.startswith("0x")


def _inner(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a mapped, 6to4, NAT64 or ISATAP address leads to."""
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    low = int(address) & 0xFFFF_FFFF
    if address in _NAT64 or int(address) >> 32 & 0xFFFF_FFFF in _ISATAP:
        return IPv4Address(low)
    return None
