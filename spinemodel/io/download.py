"""One file over HTTP: resumed where it can be proved, measured, and verified before it gets its name.

What has arrived waits as ``<name>.part``; pooch compares the checksum and gives the final name.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pooch
import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from spinemodel import __version__
from spinemodel.errors import InputError
from spinemodel.io.archive import require_room
from spinemodel.io.manifest import RemoteFile
from spinemodel.io.progress import Progress

TIMEOUT_S: Final = 60.0
"""Longest silence of a server, to connect and between two packets."""

_log = logging.getLogger(__name__)

_CHUNK_BYTES: Final = 1 << 18
_BUSY: Final = Retry(
    total=5, connect=0, read=False, backoff_factor=1, status_forcelist=(429, 503), raise_on_status=False,
    respect_retry_after_header=False,
)  # fmt: skip
"""A busy server (429, 503) is asked again after 0, 2, 4, 8 and 16 s; OSF limits the rate of its listings."""
_DROPPED: Final = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


def download(file: RemoteFile, folder: Path, progress: Progress) -> Path:
    """Download ``file`` to its place in ``folder`` and return the path.

    A ``.part`` file left by an earlier run is continued where a checksum can prove the joint and the server allows it,
    and started again elsewhere. A download with a wrong size or checksum is deleted.

    Raises
    ------
    InputError
        The server cannot be reached or has not got the file, the connection breaks, the size or the checksum is wrong,
        or the disk is full.
    """
    path = folder / file.path
    part = path.with_name(f"{path.name}.part")

    def take(_url: str, output: str, _pooch: object) -> None:
        if path.exists():
            raise InputError(f"{path}: is there and is not the published file; move it away and fetch again")
        part.replace(output)

    pooch.get_logger().setLevel("WARNING")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _receive(file, part, progress)
        pooch.retrieve(file.url, file.checksum, fname=path.name, path=path.parent, downloader=take)
    except InputError:
        raise
    except requests.RequestException as error:
        raise _explained(error, file.url) from error
    except ValueError as error:
        raise InputError(f"{file.url}: {error}") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror}); choose another folder with --to") from error
    return path


def get_json(url: str) -> Any:
    """Return the JSON that ``url`` answers, or raise ``InputError``."""
    try:
        with _session() as session, session.get(url, timeout=TIMEOUT_S) as reply:
            reply.raise_for_status()
            return reply.json()
    except requests.JSONDecodeError as error:
        raise InputError(f"{url}: did not answer with JSON ({error}); try again later") from error
    except requests.RequestException as error:
        raise _explained(error, url) from error


def _session() -> requests.Session:
    session = requests.Session()
    session.headers.update({"User-Agent": f"spinemodel/{__version__}", "Accept-Encoding": "identity"})
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=_BUSY))
    return session


def _receive(file: RemoteFile, part: Path, progress: Progress) -> None:
    """Fill ``part``; a broken connection is taken up again for as long as every attempt brings something."""
    with _session() as session:
        while True:
            before = _size(part)
            try:
                _append(session, file, part, progress)
                return
            except _DROPPED:
                if _size(part) <= before:
                    raise


def _append(session: requests.Session, file: RemoteFile, part: Path, progress: Progress) -> None:
    """Ask for what ``part`` lacks and write it; a server that sends the whole file starts ``part`` again."""
    have = _size(part) if file.checksum else 0
    if have and have == file.bytes:
        return
    _log.info("asking for %s from byte %d", file.url, have)
    headers = {"Range": f"bytes={have}-"} if have else {}
    with session.get(file.url, headers=headers, stream=True, timeout=TIMEOUT_S) as reply:
        if have and _is_useless(reply, have):
            part.unlink()
            _append(session, file, part, progress)
            return
        reply.raise_for_status()
        have = have if reply.status_code == requests.codes.partial_content else 0
        total = _expected_size(file, reply, have, part)
        require_room(part, (total or 0) - have, file.url)
        _write(reply, file, part, have, total, progress)


def _is_useless(reply: requests.Response, have: int) -> bool:
    """Tell whether the server refuses the range, or answers with another one."""
    starts = reply.headers.get("Content-Range", "").startswith(f"bytes {have}-")
    return reply.status_code == requests.codes.requested_range_not_satisfiable or (
        reply.status_code == requests.codes.partial_content and not starts
    )


def _expected_size(file: RemoteFile, reply: requests.Response, have: int, part: Path) -> int | None:
    """Return the size of the whole file; a server that offers another size than the published one is an error."""
    length = None if "Content-Encoding" in reply.headers else reply.headers.get("Content-Length")
    offered = have + int(length) if length else None
    if offered is not None and file.bytes is not None and offered != file.bytes:
        part.unlink(missing_ok=True)
        raise _wrong_size(file, offered)
    return file.bytes or offered


def _write(
    reply: requests.Response, file: RemoteFile, part: Path, have: int, total: int | None, progress: Progress
) -> None:
    """Write the body of ``reply`` after the first ``have`` bytes of ``part``."""
    with part.open("ab" if have else "wb") as sink:
        for chunk in reply.iter_content(_CHUNK_BYTES):
            sink.write(chunk)
            have += len(chunk)
            progress(file.name, have, total)
            if file.bytes is not None and have > file.bytes:
                break
    if file.bytes is not None and have != file.bytes:
        part.unlink()
        raise _wrong_size(file, have)


def _wrong_size(file: RemoteFile, got: int) -> InputError:
    return InputError(
        f"{file.url}: got {got} bytes, expected {file.bytes}; a page of the network may stand in for the file, "
        "or the published file has changed"
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _explained(error: requests.RequestException, url: str) -> InputError:
    """Return what went wrong on the network and what to do, in one line."""
    if error.response is not None:
        status = error.response.status_code
        todo = "look for it on the dataset's page" if status in (404, 410) else "try again later"
        return InputError(f"{url}: the server answers {status} {error.response.reason}; {todo}")
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return InputError(f"{url}: the connection broke; run the same command again, it goes on from what has arrived")
    host = urlsplit(url).netloc
    if isinstance(error, requests.Timeout) or "timed out" in str(error):
        return InputError(f"{url}: {host} was silent for {TIMEOUT_S:.0f} s; run the same command again")
    if isinstance(error, requests.ConnectionError):
        return InputError(f"{url}: {host} cannot be reached; check the network and the proxy, then run it again")
    return InputError(f"{url}: {' '.join(str(error).split())}")
