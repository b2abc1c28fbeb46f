# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A double of a controller: what it would do is done in a thread."""

from __future__ import annotations

import threading
import typing as t
import urllib.error


class Double:
    """Does in a thread, again and again, what a controller that is missing here would do."""

    def __init__(self, reconcile: t.Callable[[], None]) -> None:
        self._reconcile = reconcile
        self._failure: Exception | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Double:
        self._thread.start()
        return self

    def __exit__(self, *_reason: object) -> None:
        self._over.set()
        self._thread.join()
        if self._failure:
            raise self._failure

    def _work(self) -> None:
        while self._failure is None and not self._over.wait(0.2):
            try:
                self._reconcile()
            except urllib.error.HTTPError as error:
                if error.code not in (404, 409):  # not there yet, or changed meanwhile
                    self._failure = error
            except Exception as error:  # noqa: BLE001 for the test to see
                self._failure = error
