"""ZIP files: one CSV at the root and the files that it names, read with every suspicion."""

import lzma
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from mimetypes import MimeTypes
from pathlib import Path
from typing import Any

from mockserver.services.pipelines import fields, imports
from mockserver.services.pipelines.fields import Field
from mockserver.services.pipelines.imports import Finding, ImportRefused

_BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
    IndexError,
    KeyError,
    OverflowError,
)
"""What the standard library raises for archives that are broken in one way or another."""

_TYPES = MimeTypes()
_ENCRYPTED = 0x1
_CHUNK = 64 * 1024
_RATIO_FROM = 1024 * 1024
"""Bytes that an entry may always have; only beyond them does the compression ratio matter."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an archive may cost to unpack."""

    entries: int = 20_000
    ratio: int = 200
    total_bytes: int = 1024 * 1024 * 1024
    csv_bytes: int = 64 * 1024 * 1024


@dataclass(slots=True)
class Contents:
    """A checked archive: the tasks of its rows, where files stand as their paths."""

    rows: list[dict[str, Any]]
    warnings: list[Finding] = field(default_factory=list)


class Archive:
    """An open ZIP whose list of entries has been checked; nothing is written under its names."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._limits = limits
        try:
            self._zip = zipfile.ZipFile(path)
        except _BROKEN as error:
            raise ImportRefused("zip_invalid", "The file is not a ZIP archive.") from error
        self._entries: dict[str, zipfile.ZipInfo] = {}
        try:
            self._list()
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def _list(self) -> None:
        infos = self._zip.infolist()
        if len(infos) > self._limits.entries:
            message = f"The archive has more than {self._limits.entries} entries."
            raise ImportRefused("zip_too_many_entries", message)
        if sum(info.file_size for info in infos) > self._limits.total_bytes:
            raise _too_large(self._limits)
        for info in infos:
            if info.orig_filename == "./":
                continue
            # What comes behind a NUL is hidden from the name that the library shows.
            path = clean_path(info.orig_filename)
            if stat.S_ISLNK(info.external_attr >> 16):
                raise _unsafe(path, "is a link")
            if info.is_dir() or _is_litter(path):
                continue
            if info.flag_bits & _ENCRYPTED:
                raise _about("zip_encrypted", path, "is encrypted")
            self._check_ratio(info, path)
            if path in self._entries:
                raise _about("zip_duplicate_entry", path, "is there twice")
            self._entries[path] = info

    def _check_ratio(self, info: zipfile.ZipInfo, path: str) -> None:
        packed = max(1, info.compress_size)
        if info.file_size > _RATIO_FROM and info.file_size > packed * self._limits.ratio:
            raise _about("zip_ratio_too_high", path, "unpacks to suspiciously much")

    def contents(self, listed: list[Field], most: int) -> Contents:
        """The rows of the one CSV at the root; files in them are checked to be there."""
        roots = [path for path in self._entries if "/" not in path and _is_csv(path)]
        if len(roots) != 1:
            message = f"The archive has {len(roots)} CSV files at its root, not one."
            raise ImportRefused("zip_csv_count", message)
        table = imports.read(self.read(roots[0], self._limits.csv_bytes), most)
        optional = {
            each["name"]
            for each in listed
            if each["type"] == "file_upload" and not each["required"]
        }
        imports.check_headers(table.headers, listed, optional)
        named = {roots[0]}

        def file_cell(of: Field, text: str, row: int) -> Any:
            texts = text.split(";") if of["multiple"] else [text]
            paths = [self._checked(of, each.strip(), row) for each in texts if each.strip()]
            named.update(paths)
            return paths if of["multiple"] else paths[0] if paths else None

        rows = imports.rows_of(table, listed, file_cell)
        unnamed = [path for path in self._entries if path not in named]
        return Contents(rows, [_unnamed(path) for path in unnamed[:100]])

    def _checked(self, of: Field, text: str, row: int) -> str:
        """The path in a cell, as an entry that is there and of an accepted kind."""
        place: Finding = {"row": row, "field": of["name"], "path": text[:500]}
        try:
            path = clean_path(text)
        except ImportRefused as refusal:
            raise _in_row(place, "zip_path_unsafe", refusal.message) from None
        if path not in self._entries:
            raise _in_row(place, "zip_file_missing", f"There is no {path[:200]} in the archive.")
        accepted = of.get("accepts")
        if accepted and not _accepts(accepted, path):
            message = f"{path[:200]} is {content_type(path)}, not {', '.join(accepted)}."
            raise _in_row(place, "zip_file_not_accepted", message)
        return path

    def read(self, path: str, most: int | None = None) -> bytes:
        """The bytes of an entry, which are never more than it says or than `most`."""
        info = self._entries[path]
        most = self._limits.total_bytes if most is None else most
        if info.file_size > most:
            raise _too_large(self._limits)
        chunks, size = [], 0
        try:
            with self._zip.open(info) as stream:
                while chunk := stream.read(_CHUNK):
                    chunks.append(chunk)
                    size += len(chunk)
                    if size > info.file_size:
                        raise _about("zip_invalid", path, "is longer than it says")
        except _BROKEN as error:
            raise _about("zip_invalid", path, "cannot be unpacked") from error
        return b"".join(chunks)


def clean_path(text: str) -> str:
    """A path relative to the root; ImportRefused for one that could lead out of it."""
    path = text
    while path.startswith("./"):
        path = path[2:]
    drive = path[1:2] == ":"
    climbs = ".." in path and ".." in path.split("/")
    if not path or path[0] == "/" or drive or climbs or "\\" in path or "\0" in path:
        raise _unsafe(text, "leads out of the archive, or could")
    return path


def content_type(path: str) -> str:
    """The type that a file's name says, whatever this machine thinks of its ending."""
    return _TYPES.guess_type(path)[0] or "application/octet-stream"


def _accepts(accepted: list[str], path: str) -> bool:
    kind = content_type(path)
    return any(
        kind == each
        or (each.endswith("/*") and kind.startswith(each[:-1]))
        or (each.startswith(".") and path.lower().endswith(each.lower()))
        for each in accepted
    )


def _is_csv(path: str) -> bool:
    return path.lower().endswith(".csv")


def _is_litter(path: str) -> bool:
    return path.startswith("__MACOSX/") or path.rpartition("/")[2] == ".DS_Store"


def _unnamed(path: str) -> Finding:
    message = f"No row names {path[:200]}."
    return {"code": "zip_file_unreferenced", "message": message, "path": path[:500]}


def _about(code: str, path: str, message: str) -> ImportRefused:
    shown = path.replace("\0", "\ufffd")[:500]
    finding = {"code": code, "message": f"{shown[:200]} {message}.", "path": shown}
    return ImportRefused(code, finding["message"], [finding])


def _unsafe(path: str, message: str) -> ImportRefused:
    return _about("zip_path_unsafe", path, message)


def _in_row(place: Finding, code: str, message: str) -> ImportRefused:
    return ImportRefused(code, message, [{**place, "code": code, "message": message}])


def _too_large(limits: Limits) -> ImportRefused:
    most = limits.total_bytes
    return ImportRefused("zip_too_large", f"The archive unpacks to more than {most} bytes.")


def files_in(values: dict[str, Any], listed: list[Field]) -> list[tuple[str, list[str]]]:
    """The paths in a row's file fields, by field."""
    found = []
    for each in listed:
        value = values.get(each["name"])
        if each["type"] == "file_upload" and not fields.is_empty(value):
            found.append((each["name"], value if isinstance(value, list) else [str(value)]))
    return found
