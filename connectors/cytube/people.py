"""Who is in the room."""

from collections.abc import Iterator

from connectors.cytube.frames import Away, Marked, Named, Person, Ranked
from rosey import subjects
from rosey.events import User

Change = tuple[str, User]


class People:
    """The user list. Names are compared without regard to case and kept as the list has them."""

    def __init__(self) -> None:
        self._users: dict[str, User] = {}

    def __iter__(self) -> Iterator[User]:
        return iter(self._users.values())

    def find(self, name: str) -> User:
        """The person as known, or a stranger of that name."""
        return self._users.get(name.lower()) or User(name=name)

    def replace(self, people: list[Person]) -> list[Change]:
        """`userlist`."""
        present = {person.name.lower() for person in people}
        gone = [name for name in self._users if name not in present]
        changes = [(subjects.USER_LEAVE, self._users.pop(name)) for name in gone]
        for person in people:
            changes += self.add(person)
        return changes

    def add(self, person: Person) -> list[Change]:
        """`addUser`."""
        return self._put(
            User(
                name=person.name,
                rank=person.rank,
                afk=person.meta.afk,
                muted=person.meta.muted,
            )
        )

    def leave(self, frame: Named) -> list[Change]:
        user = self._users.pop(frame.name.lower(), None)
        return [(subjects.USER_LEAVE, user)] if user else []

    def rank(self, frame: Ranked) -> list[Change]:
        return self._change(frame.name, rank=frame.rank)

    def mark(self, frame: Marked) -> list[Change]:
        return self._change(frame.name, afk=frame.meta.afk, muted=frame.meta.muted)

    def away(self, frame: Away) -> list[Change]:
        return self._change(frame.name, afk=frame.afk)

    def _change(self, name: str, **new: float | bool) -> list[Change]:
        user = self._users.get(name.lower())
        return self._put(user.model_copy(update=new)) if user else []

    def _put(self, user: User) -> list[Change]:
        key = user.name.lower()
        known = self._users.get(key)
        if known == user:
            return []
        self._users[key] = user
        return [(subjects.USER_UPDATE if known else subjects.USER_JOIN, user)]
