"""GET of a signed link: the file that a job has made."""

import asyncio
from pathlib import Path

from payaid.call import Call
from payaid.errors import NotFound
from payaid.files import Files
from payaid.rest.jobs import NO_STORE
from payaid.rest.reply import Reply
from payaid.rest.routes import Target


class Downloads:
    """Needs no token: the link is the permission."""

    def __init__(self, files: Files) -> None:
        self._files = files

    async def send(self, _call: Call, target: Target) -> Reply:
        """The file, as an attachment; 404 for a link that is not ours or too old, and for a file that is gone."""
        ticket = self._files.open(target.id)
        path = self._files.path(ticket)
        if not await asyncio.to_thread(Path.is_file, path):
            raise NotFound("The file has been removed; have it made anew.")
        headers = (NO_STORE, (b"content-disposition", f'attachment; filename="{ticket.name}"'.encode()))
        return Reply(200, b"", ticket.media_type.encode(), headers=headers, file=path)
