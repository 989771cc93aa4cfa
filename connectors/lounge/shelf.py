"""The playlist of each registered room, kept over a restart (PROTOCOL section 19)."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from connectors.lounge.media import Media
from connectors.lounge.playlist import Item, Playlist

log = logging.getLogger("rosey.lounge")

_NAME = "playlists.json"


class KeptMedia(BaseModel):
    id: str
    type: str
    title: str
    seconds: int = Field(ge=0)
    duration: str
    meta: dict[str, Any] = {}


class KeptItem(BaseModel):
    media: KeptMedia
    temp: bool
    queueby: str


class KeptList(BaseModel):
    """`current` is a place in `items`; `position` is in seconds."""

    version: Literal[1] = 1
    items: list[KeptItem] = []
    current: int | None = Field(default=None, ge=0)
    position: float = Field(default=0, ge=0, allow_inf_nan=False)
    locked: bool

    @classmethod
    def of(cls, playlist: Playlist, position: float) -> KeptList:
        return cls(
            items=[
                KeptItem(
                    media=KeptMedia(**item.media.frame()), temp=item.temp, queueby=item.queueby
                )
                for item in playlist.items
            ],
            current=playlist.items.index(playlist.current) if playlist.current else None,
            position=position,
            locked=playlist.locked,
        )

    def unpacked(self) -> list[Item]:
        """Items that have no uid yet."""
        return [
            Item(0, Media(**item.media.model_dump()), item.temp, item.queueby)
            for item in self.items
        ]


_LISTS = TypeAdapter(dict[str, Any])


class Shelf:
    """One file for all rooms, beside the chat history; without one nothing is kept."""

    def __init__(self, history_file: Path | None) -> None:
        self._path = history_file.with_name(_NAME) if history_file else None
        self._lists: dict[str, KeptList] = {}
        self._written = True
        if self._path and self._path.exists():
            self._read(self._path)

    def get(self, room: str) -> KeptList | None:
        return self._lists.get(room)

    def put(self, room: str, kept: KeptList) -> None:
        """Written without fsync: it survives the end of the process, not of the machine."""
        if self._path is None or (self._written and self._lists.get(room) == kept):
            return
        self._lists[room] = kept
        try:
            self._write(self._path)
        except OSError as error:
            log.warning("the playlists could not be kept: %s", error)
            self._written = False
        else:
            self._written = True

    def _read(self, path: Path) -> None:
        try:
            found = _LISTS.validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            log.warning("%s cannot be read, the playlists begin empty: %s", path, error)
            return
        for room, raw in found.items():
            try:
                kept = KeptList.model_validate(raw)
            except ValidationError as error:
                log.warning("the playlist of %s cannot be read: %s", room, error)
                continue
            if kept.current is None or kept.current < len(kept.items):
                self._lists[room] = kept

    def _write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(path.name + ".new")
        text = json.dumps({room: kept.model_dump() for room, kept in self._lists.items()})
        file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(file, "w", encoding="utf-8") as stream:
            stream.write(text)
        fresh.replace(path)
