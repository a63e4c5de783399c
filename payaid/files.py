"""Where uploads wait and what jobs make lies until it is fetched: one folder, shared by the API and the workers.

`FILES_DIR/<tenant>/<job>/<name>`. A file is whole or not there. A download is a link that carries its own permission:
tenant, job and name, until when, and a signature; who has the link needs no token, and nobody can make one.
"""

import base64
import contextlib
import hashlib
import hmac
import os
import re
import shutil
import struct
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from payaid.errors import NotFound, Unavailable

PREFIX = "/api/v1/files/"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,46}")
JOB = re.compile(r"[A-Za-z0-9-]{1,36}")
# What an upload is called, whatever its ending: no file that a job makes is.
UPLOAD = "upload"
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "pdf": "application/pdf",
    "png": "image/png",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
EXPIRY = struct.Struct(">I")
SIGNATURE = 16
SEPARATOR = "\0"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a link stands for."""

    tenant: str
    job: str
    name: str

    @property
    def media_type(self) -> str:
        """By the name's ending; what we do not know is bytes."""
        return TYPES.get(self.name.rpartition(".")[2], "application/octet-stream")


class Files:
    """The folder, and the links into it."""

    def __init__(self, folder: str, secret: str, keep_s: float) -> None:
        self._root = Path(folder) if folder else None
        self.keep_s = keep_s
        # A key of its own, derived: a signature made here means nothing anywhere else.
        self._key = hmac.digest(secret.encode(), b"payaid file link v1", "sha256")

    @property
    def root(self) -> Path:
        """The folder.

        Raises:
            Unavailable: none is configured.
        """
        if self._root is None:
            raise Unavailable("FILES_DIR is not set, so there is no place for files.", retry_after=3600)
        return self._root

    def path(self, ticket: Ticket) -> Path:
        """Where a file lies, or will.

        Raises:
            ValueError: a job or a name that could be no file's.
        """
        if not NAME.fullmatch(ticket.name) or not JOB.fullmatch(ticket.job) or not ticket.tenant:
            raise ValueError(f"{ticket.job}/{ticket.name} cannot be a file's name")
        return self._tenant(ticket.tenant) / ticket.job / ticket.name

    def _tenant(self, tenant: str) -> Path:
        # Quoted, a tenant's id holds no slash; with a letter in front it is not `..` either.
        return self.root / f"t-{quote(tenant, safe='')}"

    def of_upload(self, tenant: str, upload: str) -> Path:
        """Where the upload lies that a payload names `folder/name`.

        Raises:
            ValueError: it could be no upload's.
        """
        folder, _, name = upload.partition("/")
        return self.path(Ticket(tenant, folder, name))

    def waiting(self, tenant: str) -> int:
        """The bytes of a tenant's uploads."""
        return sum(_size(path) for path in self._tenant(tenant).glob(f"*/{UPLOAD}.*"))

    def place(self, ticket: Ticket) -> Path:
        """The same, with the folders made; nobody else on this machine may look into them."""
        path = self.path(ticket)
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            # One by one: a parent that is made on the way gets the mode of the process, not this one.
            path.parent.parent.mkdir(mode=0o700, exist_ok=True)
            try:
                path.parent.mkdir(mode=0o700, exist_ok=True)
            except FileNotFoundError:
                continue  # a sweep found the tenant's folder empty, and was quicker
            return path

    def link(self, ticket: Ticket, expires_at: int) -> str:
        """The path of a download that is allowed until then (Unix seconds)."""
        content = EXPIRY.pack(expires_at) + SEPARATOR.join((ticket.tenant, ticket.job, ticket.name)).encode()
        return PREFIX + base64.urlsafe_b64encode(content + self._sign(content)).rstrip(b"=").decode()

    def open(self, signed: str) -> Ticket:
        """What a link stands for.

        Raises:
            NotFound: it is not a link of ours, or its time is over. Which of them, is nobody's business.
        """
        try:
            raw = base64.b64decode(signed + "=" * (-len(signed) % 4), altchars=b"-_", validate=True)
        except ValueError:
            raw = b""
        content, signature = raw[:-SIGNATURE], raw[-SIGNATURE:]
        if hmac.compare_digest(signature, self._sign(content)) and len(content) > EXPIRY.size:
            (expires_at,) = EXPIRY.unpack_from(content)
            if time.time() < expires_at:
                return Ticket(*content[EXPIRY.size :].decode().split(SEPARATOR))
        raise NotFound("The link is not one of ours, or its time is over. Ask the job again, or make the file anew.")

    def sweep(self, older_than_s: float, spared: Collection[Path] = ()) -> int:
        """Remove the jobs' folders in which nothing was written since then, but for those that are spared, and the
        tenants' folders that are empty then; how many files.
        """
        if self._root is None or not self._root.is_dir():
            return 0
        gone = 0
        before = time.time() - older_than_s
        for tenant in list(self.root.glob("t-*")):
            for folder in list(tenant.iterdir()):
                if folder not in spared and _touched(folder) < before:
                    gone += sum(1 for _ in folder.iterdir())
                    shutil.rmtree(folder, ignore_errors=True)
            with contextlib.suppress(OSError):  # not empty
                tenant.rmdir()
        return gone

    def _sign(self, content: bytes) -> bytes:
        return hmac.digest(self._key, content, hashlib.sha256)[:SIGNATURE]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _touched(folder: Path) -> float:
    """When anything in it was last written; a folder that goes meanwhile was somebody else's to remove."""
    try:
        return max((entry.stat().st_mtime for entry in os.scandir(folder)), default=folder.stat().st_mtime)
    except FileNotFoundError:
        return time.time()
