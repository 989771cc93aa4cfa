"""Who starts after whom: whoever calls a plugin's services begins when that plugin is ready."""

from collections.abc import Collection, Iterator, Mapping


def turns(needs: Mapping[str, Collection[str]]) -> tuple[dict[str, set[str]], list[str]]:
    """Of each name those that it waits for, never in a circle; and a line for what is left out.

    `needs` has all that are started. What is not among them is waited for by nobody, and those
    who need each other do not wait for each other.
    """
    known = {name: set(wanted) & needs.keys() - {name} for name, wanted in needs.items()}
    after = {name: _all_after(name, known) for name in known}
    waits = {
        name: {each for each in wanted if name not in after[each]} for name, wanted in known.items()
    }
    lines = [*_missing(needs), *_circles(after)]
    return waits, lines


def _all_after(name: str, known: Mapping[str, Collection[str]]) -> set[str]:
    """All that it needs, and what those need."""
    found: set[str] = set()
    ahead = list(known[name])
    while ahead:
        if (each := ahead.pop()) not in found:
            found.add(each)
            ahead += known[each]
    return found


def _missing(needs: Mapping[str, Collection[str]]) -> Iterator[str]:
    for name, wanted in needs.items():
        for each in sorted(set(wanted) - needs.keys()):
            yield f"{name} calls services of {each}, which is not there; it starts all the same"


def _circles(after: Mapping[str, set[str]]) -> Iterator[str]:
    """A line for each circle; who is in one needs itself in the end."""
    told: set[str] = set()
    for name in sorted(after):
        if name in after[name] and name not in told:
            circle = sorted(each for each in after[name] if name in after[each])
            told.update(circle)
            yield f"{', '.join(circle)} call services of each other; none waits for another"
