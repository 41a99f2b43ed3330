"""A mail server that takes everything and keeps nothing: `python mail_taker.py PORT`. No Django."""

from __future__ import annotations

import socketserver
import sys


class _Taker(socketserver.StreamRequestHandler):
    """Reads what it is sent in large pieces and says yes."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"EHLO":
                self.wfile.write(b"250-here\r\n250 8BITMIME\r\n")
            elif word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                end = b""
                while end[-5:] != b"\r\n.\r\n":
                    end = end[-5:] + self.request.recv(1 << 20)
                self.wfile.write(b"250 taken\r\n")
            elif word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 yes\r\n")


def take_everything(port: int) -> None:
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    with socketserver.ThreadingTCPServer(("127.0.0.1", port), _Taker) as server:
        server.daemon_threads = True
        server.serve_forever()


if __name__ == "__main__":
    take_everything(int(sys.argv[1]))
