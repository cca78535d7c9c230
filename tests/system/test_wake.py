"""Changes the system reports: when the network returns, a waiting account connects at once; when
the program continues after a stop, an online account sends a ping."""
import ctypes, subprocess, shutil, threading
from harness import *

CLONE_NEWNET = 0x40000000
SERVER, CLIENT = '10.98.76.1', '10.98.76.2'


class Namespace:
    """A network namespace, which exists as long as a process runs in it."""

    def __init__(self):
        self.process = subprocess.Popen(
            ['unshare', '--net', 'sh', '-c', 'ip link set lo up && echo made; exec sleep 600'],
            stdout=subprocess.PIPE,
            text=True,
            stderr=subprocess.DEVNULL,
        )
        if self.process.stdout.readline() != 'made\n':
            self.close()
            raise Skip('cannot create network namespaces')
        self.pid = self.process.pid

    def run(self, command):
        subprocess.run(
            ['nsenter', '--net=/proc/%d/ns/net' % self.pid, *command.split()], check=True
        )

    def listen(self, address):
        """Returns a socket that listens inside the namespace."""
        made = []

        def inside():
            libc = ctypes.CDLL(None, use_errno=True)
            with open('/proc/%d/ns/net' % self.pid) as f:
                assert libc.setns(f.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
            made.append(socket.create_server((address, 0)))

        thread = threading.Thread(target=inside)  # setns() changes the namespace of one thread
        thread.start()
        thread.join()
        return made[0]

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Relay:
    """Forwards connections to the server on loopback."""

    def __init__(self, listener, port):
        self.listener, self.to, self.port = listener, port, listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                one, _ = self.listener.accept()
            except OSError:
                return
            other = socket.create_connection(('127.0.0.1', self.to))
            for a, b in ((one, other), (other, one)):
                threading.Thread(target=self._copy, args=(a, b), daemon=True).start()

    def _copy(self, a, b):
        try:
            while True:
                data = a.recv(65536)
                if not data:
                    break
                b.sendall(data)
        except OSError:
            pass
        for one in (a, b):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def test_returning_network_reconnects_at_once(s):
    if os.geteuid() != 0 or not all(map(shutil.which, ('unshare', 'nsenter', 'ip'))):
        raise Skip('needs root, iproute2 and util-linux for network namespaces')
    there, here = s.keep(Namespace()), s.keep(Namespace())
    there.run('ip link add nj0 type veth peer name nj0 netns %d' % here.pid)
    there.run('ip address add %s/24 dev nj0' % SERVER)
    for one in (there, here):
        one.run('ip link set nj0 up')
    here.run('ip address add %s/24 dev nj0' % CLIENT)
    relay = s.keep(Relay(there.listen(SERVER), s.server.port))
    home = s.home(
        '[options]\nping-interval = 1\nping-timeout = 1\n'
        + account(s.server, host=SERVER, port=relay.port)
    )
    with open(home.dir + '/inside', 'w') as f:
        f.write('#!/bin/sh\nexec nsenter --net=/proc/%d/ns/net "%s" "$@"\n' % (here.pid, PROGRAM))
    os.chmod(home.dir + '/inside', 0o755)
    t = s.keep(type('Inside', (Terminal,), {'program': home.dir + '/inside'})(home, cols=120))
    t.shows('● toad')
    here.run('ip address del %s/24 dev nj0' % CLIENT)

    def far():
        again = re.search(r'✗ toad retry (\d+):(\d+):(\d+)', t.text())
        hour, minute, second = map(int, again.groups() if again else (0, 0, 0))
        return again and 4 <= (hour * 3600 + minute * 60 + second - time.time()) % 86400 < 3600

    assert until(far, 60)  # the next try is seconds away
    here.run('ip address add %s/24 dev nj0' % CLIENT)
    begun = now()
    t.shows('● toad')
    assert now() - begun < SLOW


def test_continued_program_pings_at_once(s):
    """Pings are ten minutes apart, so a ping can only be caused by the signal."""
    asked = []

    def talk(wire, number):
        wire.login()
        online.set()
        while True:
            asked.append(wire.receives_request('urn:xmpp:ping'))
            wire.send("<iq type='result' id='%s'/>" % asked[-1])

    online = threading.Event()
    server = s.scripted_server(talk)
    h = s.headless(s.home('[options]\nping-interval = 600\n' + server.account()))
    h.event(event='connection', state='online')
    assert online.wait(10 * SLOW)
    before = len(asked)
    h.process.send_signal(signal.SIGSTOP)
    assert until(
        lambda: open('/proc/%d/stat' % h.process.pid).read().rsplit(')', 1)[1].split()[0] == 'T'
    )
    h.process.send_signal(signal.SIGCONT)
    assert until(lambda: len(asked) > before, 5), 'no ping was sent'
    h.send('/disconnect')
    h.event(event='connection', state='offline')
