# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work that is shared out among the nodes of a test bed."""

from __future__ import annotations

import queue
import threading
import typing as t

Item = t.TypeVar("Item")
Worker = t.TypeVar("Worker")


def share_out(items: t.Iterable[Item], workers: t.Iterable[Worker], work: t.Callable[[Worker, Item], None]) -> None:
    """Let each worker take one item after another until none is left. An interrupt does not wait for them."""
    waiting: queue.SimpleQueue[Item] = queue.SimpleQueue()
    for item in items:
        waiting.put(item)

    def go_on(worker: Worker) -> None:
        while True:
            try:
                item = waiting.get_nowait()
            except queue.Empty:
                return
            work(worker, item)

    threads = [threading.Thread(target=go_on, args=(worker,), daemon=True) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(0.5)
