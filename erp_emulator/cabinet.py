"""The file cabinet: folders, files with their bytes, and what they are attached to."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from erp_emulator.credentials import derive
from erp_emulator.errors import NetSuiteError, nonexistent_record, user_error
from erp_emulator.projection import local_time
from erp_emulator.session import Record, Session

SIZE_MAX = 10 * 1024 * 1024
NAME_MAX = 199
TYPES = {
    "PDF": (".pdf", "application/pdf"),
    "PLAINTEXT": (".txt", "text/plain"),
    "CSV": (".csv", "text/csv"),
    "XMLDOC": (".xml", "application/xml"),
    "JSON": (".json", "application/json"),
    "PNGIMAGE": (".png", "image/png"),
    "JPGIMAGE": (".jpg", "image/jpeg"),
    "TIFFIMAGE": (".tif", "image/tiff"),
    "MISCBINARY": ("", "application/octet-stream"),
}
DEFAULT_FOLDER = 812


def file_type(name: str, given: str = "") -> str:
    if given.upper() in TYPES:
        return given.upper()
    ending = "." + name.rpartition(".")[2].lower()
    return next((kind for kind, (each, _) in TYPES.items() if each == ending), "MISCBINARY")


def decode_content(text: str) -> bytes:
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise user_error("The file's contents are not valid Base64.", path="fileContents") from None
    if len(content) > SIZE_MAX:
        raise user_error("The file exceeds the maximum size of 10.0 MB.", path="fileContents")
    return content


def add(session: Session, account: str, name: str, content: bytes, kind: str, folder: int | None) -> int:
    """Keep a file; one of the same name in the same folder is written over, as `N/file` does."""
    if not name or len(name) > NAME_MAX or "/" in name:
        raise user_error("Please enter a valid file name.", path="fileName")
    folder = folder or DEFAULT_FOLDER
    write = session.store.writer.execute
    if not write("SELECT 1 FROM mediaitemfolder WHERE id = ?", (folder,)).fetchone():
        title = "AP Documents" if folder == DEFAULT_FOLDER else f"Folder {folder}"
        session.store.insert("mediaitemfolder", {"id": folder, "name": title, "istoplevel": "T", "appfolder": title})
    row = write("SELECT id FROM file WHERE name = ? AND folder = ?", (name, folder)).fetchone()
    file_id = int(row[0]) if row else session.store.next_id("file", 7701)
    kind = file_type(name, kind)
    now = local_time(session, session.now)
    session.store.insert(
        "file",
        {
            "id": file_id,
            "name": name,
            "filetype": kind,
            "filesize": float(len(content)),
            "folder": folder,
            "url": f"/core/media/media.nl?id={file_id}&c={account}&h={hash_of(account, file_id)}&_xt={TYPES[kind][0]}",
            "isonline": "F",
            "createddate": now,
            "lastmodifieddate": now,
        },
    )
    session.store.set_display("file", file_id, name)
    write("INSERT OR REPLACE INTO _content VALUES (?, ?)", (file_id, content))
    return file_id


def hash_of(account: str, file_id: int) -> str:
    return derive(account, f"file/{file_id}")[:20]


def read(session: Session, file_id: int) -> tuple[str, str, bytes] | None:
    """(name, media type, bytes)."""
    row = session.store.writer.execute(
        "SELECT f.name, f.filetype, c.content FROM file f JOIN _content c ON c.id = f.id WHERE f.id = ?", (file_id,)
    ).fetchone()
    return None if row is None else (row[0], TYPES.get(row[1], TYPES["MISCBINARY"])[1], row[2])


def attach(session: Session, record: Record, kind: str, attached: str, *, is_on: bool) -> None:
    """Attach a file or a contact to a record, or take it off again."""
    if kind not in ("file", "contact"):
        raise NetSuiteError(400, "INVALID_REQUEST", f"Records of the type '{kind}' cannot be attached.")
    if record.type.is_transaction and not session.preferences["attachFileToTransactions"]:
        raise user_error("You cannot attach a file to this record.")
    if not attached.isdigit():
        raise nonexistent_record()
    found: Any = session.find("entity", attached)
    if kind == "file":
        found = session.store.writer.execute("SELECT 1 FROM file WHERE id = ?", (int(attached),)).fetchone()
    if found is None:
        raise nonexistent_record()
    write = session.store.writer.execute
    key = (int(record.id), kind, int(attached))
    if is_on:
        write("INSERT OR REPLACE INTO _attachment VALUES (?, ?, ?, ?)", (record.type.name.lower(), *key))
    else:
        write("DELETE FROM _attachment WHERE record = ? AND kind = ? AND attached = ?", key)


def attachments(session: Session, record: Record) -> list[dict[str, Any]]:
    rows = session.store.writer.execute(
        """SELECT a.kind, a.attached, f.name, f.filetype, f.url FROM _attachment a
           LEFT JOIN file f ON f.id = a.attached AND a.kind = 'file'
           WHERE a.record = ? AND a.recordtype = ? ORDER BY a.attached""",
        (int(record.id), record.type.name.lower()),
    ).fetchall()
    return [
        {"kind": kind, "id": str(key), "name": name, "type": type_, "url": url} for kind, key, name, type_, url in rows
    ]
