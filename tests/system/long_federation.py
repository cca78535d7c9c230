"""As test_federation.py, with ejabberd as the other server, which looks ours up in DNS. For
make check-long."""
import socket, struct, threading
from harness import *
from test_federation import two_servers


class Names:
    """A resolver that has one SRV record: for a server on localhost."""

    def __init__(self, domain):
        self.domain, self.target = domain, 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(('127.0.0.1', 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                question, who = self.socket.recvfrom(4096)
            except OSError:
                return
            labels, at = [], 12
            while question[at]:
                labels.append(question[at + 1 : at + 1 + question[at]].decode())
                at += 1 + question[at]
            kind = struct.unpack('>H', question[at + 1 : at + 3])[0]
            answer = b''
            if kind == 33 and '.'.join(labels) == '_xmpp-server._tcp.' + self.domain:
                data = struct.pack('>HHH', 0, 0, self.target) + b'\x09localhost\0'
                answer = b'\xc0\x0c' + struct.pack('>HHIH', kind, 1, 60, len(data)) + data
            head = question[:2] + struct.pack(
                '>HHHHH', 0x8180 if answer else 0x8183, 1, bool(answer), 0, 0
            )
            self.socket.sendto(head + question[12 : at + 5] + answer, who)

    def close(self):
        self.socket.close()


def test_contact_at_ejabberd_survives_broken_connections(s):
    two_servers(s, 'ejabberd', s.keep(Names(DOMAIN)))
