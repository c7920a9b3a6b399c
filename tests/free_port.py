from __future__ import annotations

import os
import socket
from itertools import count

# below those that a system gives away by itself: between the choice and the start of the server
# that is told one of these, no connection and no other server gets it
FIRST, MANY = 20_000, 10_000
# processes that run side by side begin apart, and none gives the same twice
turns = count(os.getpid() * 97)


def free_port() -> int:
    while True:
        port = FIRST + next(turns) % MANY
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
