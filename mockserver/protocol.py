"""uvicorn's HTTP protocol with a handle on the connection, for faults below HTTP."""

import socket
import struct

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LINGER_NONE = struct.pack("ii", 1, 0)


class FaultProtocol(HttpToolsProtocol):
    """Puts itself into each request's scope as `mockserver.connection`."""

    def on_message_begin(self) -> None:
        """A new request on this connection."""
        super().on_message_begin()
        self.scope["mockserver.connection"] = self  # type: ignore[typeddict-unknown-key]

    def reset(self) -> None:
        """End the connection with a TCP reset: unsent data is thrown away."""
        self._give_up()
        raw = self.transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
        self.transport.abort()

    def close(self) -> None:
        """Send what was written and close, whatever length was promised."""
        self._give_up()
        self.transport.close()

    def _give_up(self) -> None:
        """Tell uvicorn that there is no one to answer, or it would answer 500 for us."""
        if self.cycle is not None:
            self.cycle.disconnected = True
