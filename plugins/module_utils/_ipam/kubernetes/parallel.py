# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same request for many objects, a few at a time."""

from __future__ import annotations

import threading
import typing as t

from ..model import IpamError
from .progress import Tell, nothing

# requests at once; an API server with default limits serves more, and gains little from it
WIDTH = 8
Item = t.TypeVar("Item")


def each(items: t.Sequence[Item], work: t.Callable[[Item], None], tell: Tell) -> IpamError | None:
    """Do ``work`` for every item. After the first IpamError nothing new is begun, what is under way is finished, and it is returned.

    ``tell`` is called with how many are done.
    """
    waiting = iter(items)
    lock = threading.Lock()
    failures: list[BaseException] = []
    done: list[Item] = []

    def run() -> None:
        while not failures:
            with lock:
                item = next(waiting, None)
            if item is None:
                return
            try:
                work(item)
                done.append(item)
                tell(len(done), nothing)
            except BaseException as error:
                failures.append(error)

    threads = [threading.Thread(target=run, daemon=True) for _worker in range(min(WIDTH, len(items)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for failure in failures:
        if not isinstance(failure, IpamError):
            raise failure
    return t.cast(IpamError, failures[0]) if failures else None
