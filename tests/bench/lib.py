"""Helpers of the bench: a child on a pseudo-terminal, its figures in /proc, the synthetic
server."""
import fcntl, json, os, pty, queue, re, select, shutil, signal, statistics, struct, subprocess, sys
import tempfile, termios, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
WORK = os.environ.get('BENCH_TMP') or os.path.join(tempfile.gettempdir(), 'natterjack-bench')
PORT = int(os.environ.get('BENCH_PORT', '25333'))
DOMAIN = os.environ.get('BENCH_DOMAIN', 'bench.localhost')
USER, PASSWORD = 'user', 'benchpass'
# root runs the program as an unprivileged user
UID = int(os.environ.get('BENCH_UID', '65534')) if os.geteuid() == 0 else None
ROWS, COLS = int(os.environ.get('BENCH_ROWS', '40')), int(os.environ.get('BENCH_COLS', '120'))
now = time.monotonic
sys.setswitchinterval(
    0.0002
)  # so that the thread that reads the terminal waits less for other threads


def certs():
    """Makes a certificate authority and a certificate for the domain of the bench, once; returns
    their directory."""
    d = os.path.join(WORK, 'certs')
    if not os.path.exists(d + '/ok'):
        os.makedirs(d, exist_ok=True)
        run = lambda *a: subprocess.run(
            a, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        run(
            'openssl',
            'req',
            '-x509',
            '-newkey',
            'rsa:2048',
            '-nodes',
            '-days',
            '3650',
            '-subj',
            '/CN=bench CA',
            '-addext',
            'basicConstraints=critical,CA:TRUE',
            '-keyout',
            d + '/ca.key',
            '-out',
            d + '/ca.pem',
        )
        run(
            'openssl',
            'req',
            '-new',
            '-newkey',
            'rsa:2048',
            '-nodes',
            '-subj',
            '/CN=' + DOMAIN,
            '-keyout',
            d + '/key.pem',
            '-out',
            d + '/csr.pem',
        )
        with open(d + '/ext', 'w') as f:
            f.write(
                'subjectAltName=DNS:%s,DNS:conference.%s,DNS:upload.%s,DNS:localhost,IP:127.0.0.1\n'
                'extendedKeyUsage=serverAuth\n' % (DOMAIN, DOMAIN, DOMAIN)
            )
        run(
            'openssl',
            'x509',
            '-req',
            '-in',
            d + '/csr.pem',
            '-CA',
            d + '/ca.pem',
            '-CAkey',
            d + '/ca.key',
            '-CAcreateserial',
            '-days',
            '3650',
            '-extfile',
            d + '/ext',
            '-out',
            d + '/cert.pem',
        )
        os.makedirs(d + '/capath', exist_ok=True)
        shutil.copy(d + '/ca.pem', d + '/capath/ca.pem')
        run('openssl', 'rehash', d + '/capath')
        os.chmod(d + '/key.pem', 0o644)  # the key protects nothing, and Prosody's user must read it
        open(d + '/ok', 'w').close()
    return d


class Feeder:
    def __init__(self, **kw):
        c = certs()
        args = [
            sys.executable,
            os.path.join(HERE, 'feeder.py'),
            '--port',
            str(PORT),
            '--domain',
            DOMAIN,
            '--cert',
            c + '/cert.pem',
            '--key',
            c + '/key.pem',
        ]
        for k, v in kw.items():
            if v is True:
                args.append('--' + k)
            elif v not in (None, False):
                args += ['--' + k, str(v)]
        self.p = subprocess.Popen(
            args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.log, self.cv = [], threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()
        self.wait('listening', 15)

    def _read(self):
        for line in self.p.stdout:
            e = json.loads(line)
            with self.cv:
                self.log.append(e)
                self.cv.notify_all()
        with self.cv:
            self.log.append({'ev': 'eof', 't': now()})
            self.cv.notify_all()

    def mark(self):
        return len(self.log)

    def wait(self, ev, timeout=60, since=0, **match):
        end = now() + timeout
        with self.cv:
            i = since
            while True:
                while i < len(self.log):
                    e = self.log[i]
                    i += 1
                    if e['ev'] == ev and all(e.get(k) == v for k, v in match.items()):
                        return e
                left = end - now()
                if left <= 0:
                    raise TimeoutError('feeder: no %s %s within %gs' % (ev, match, timeout))
                self.cv.wait(left)

    def first(self, timeout, since, pred):
        """Waits for the first event from index `since` on for which pred is true; None: there was
        none."""
        end, i = now() + timeout, since
        with self.cv:
            while True:
                while i < len(self.log):
                    i += 1
                    if pred(self.log[i - 1]):
                        return self.log[i - 1]
                left = end - now()
                if left <= 0:
                    return None
                self.cv.wait(left)

    def cmd(self, **c):
        self.p.stdin.write(json.dumps(c) + '\n')
        self.p.stdin.flush()

    def close(self):
        try:
            self.cmd(cmd='quit')
        except (OSError, ValueError):
            pass
        try:
            self.p.wait(3)
        except subprocess.TimeoutExpired:
            self.p.kill()
            self.p.wait()


class Child:
    """A program on its own pseudo-terminal. A thread reads everything it writes."""

    def __init__(self, argv, env, cwd, rows=None, cols=None):
        self.rows, self.cols = rows or ROWS, cols or COLS
        m, s = pty.openpty()
        fcntl.ioctl(s, termios.TIOCSWINSZ, struct.pack('HHHH', self.rows, self.cols, 0, 0))
        self.fd = m
        self.total = 0
        self.writes = []  # (time, bytes) per read
        self.keep = bytearray()  # output that pyte has not processed yet
        self.tail = b''
        self.watch = {}  # pattern -> time at which it was first written
        self.lock = threading.Lock()
        self.screen = self.stream = None
        self.key = None
        self.hold = False
        self.q = queue.Queue()
        self.cpu0 = 0
        self.t0 = now()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(m)
                os.setsid()
                fcntl.ioctl(s, termios.TIOCSCTTY, 0)
                for i in (0, 1, 2):
                    os.dup2(s, i)
                os.closerange(3, 64)
                os.chdir(cwd)
                if UID is not None:
                    os.setgroups([])
                    os.setgid(UID)
                    os.setuid(UID)
                os.execvpe(argv[0], argv, env)
            except BaseException as e:
                os.write(2, repr(e).encode())
            os._exit(127)
        os.close(s)
        self.clk = (
            ~self.pid << 3
        ) | 2  # CPUCLOCK_SCHED of that process, see clock_getcpuclockid(3)
        self.alive = True
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        while True:
            while self.hold:  # the terminal is not read
                time.sleep(0.05)
            try:
                b = os.read(self.fd, 65536)
            except OSError:
                b = b''
            t = now()
            if not b:
                self.alive = False
                self.q.put((t, b''))
                return
            with self.lock:
                self.total += len(b)
                self.writes.append((t, len(b)))
                self.keep += b
                hay = self.tail + b
                for p in self.watch:
                    if self.watch[p] is None and p in hay:
                        self.watch[p] = t
                self.tail = hay[-256:]
            if self.key is not None and self.key in b:
                self.key = None
                self.q.put((t, b))
            if b'\x1b[c' in b or b'\x1b[0c' in b:  # answer device attributes as a VT220 does
                os.write(self.fd, b'\x1b[?62;22c')
            if b'\x1b[6n' in b:
                os.write(self.fd, b'\x1b[1;1R')

    # -- input
    def send(self, s):
        b = s if isinstance(s, bytes) else s.encode()
        t = now()
        os.write(self.fd, b)
        return t

    def line(self, s, end='\r', delay=0.0):
        """Types a line and Enter. With a delay each character is written alone, because a program
        may take many characters at once for a paste."""
        if delay:
            for c in s:
                self.send(c)
                time.sleep(delay)
            return self.send(end)
        return self.send(s + end)

    def keystroke(self, ch, timeout=20):
        """Returns the seconds from writing a key until the character is echoed, or None."""
        while not self.q.empty():
            self.q.get()
        self.key = ch
        t = self.send(ch)
        try:
            t1, _ = self.q.get(timeout=timeout)
        except queue.Empty:
            self.key = None
            return None
        return t1 - t

    # -- screen
    def display(self):
        """Returns the rows of the screen; pyte processes what was written since the last call."""
        import pyte

        if self.screen is None:
            self.screen = pyte.Screen(self.cols, self.rows)
            self.stream = pyte.ByteStream(self.screen)
        with self.lock:
            b, self.keep = bytes(self.keep), bytearray()
        if len(b) > 2000000:  # after a flood the last part redraws the whole screen
            b = b[-2000000:]
        b = re.sub(
            rb'\x1b\[[<>=?][0-9;]*[a-zA-Z]',
            lambda m: m.group(0) if m.group(0)[2:3] == b'?' else b'',
            b,
        )
        self.stream.feed(b)
        return [l.rstrip() for l in self.screen.display]

    def text(self):
        return '\n'.join(self.display())

    def drop(self):
        with self.lock:
            self.keep = bytearray()

    def expect(self, pat, timeout=30, poll=0.05):
        """Waits until the pyte screen matches; returns the time of the last write before the
        match."""
        end = now() + timeout
        r = re.compile(pat)
        n = -1
        while now() < end:
            if self.total != n:
                n = self.total
                last = self.writes[-1][0] if self.writes else now()
                if r.search(self.text()):
                    return last
            if not self.alive:
                break
            time.sleep(poll)
        raise TimeoutError('screen never matched %r' % pat)

    def watch_for(self, s):
        b = s.encode()
        with self.lock:
            self.watch[b] = None
        return b

    def watched(self, b, timeout):
        end = now() + timeout
        while now() < end:
            if self.watch[b] is not None:
                return self.watch[b]
            time.sleep(0.005)
        return None

    def quiet(self, gap=0.15, timeout=20):
        """Waits until nothing was written for `gap`; returns the time of the last write."""
        end = now() + timeout
        start = now()
        while now() < end:
            last = self.writes[-1][0] if self.writes else start
            if now() - max(last, start) >= gap:
                return last
            time.sleep(0.01)
        return None

    # -- /proc
    def cpu(self):
        return time.clock_gettime(self.clk)

    def settle(self, rate=0.03, win=0.5, timeout=90, calm=2):
        """Waits until the CPU use stays under `rate` for `calm` windows; returns when that
        began."""
        end, ok = now() + timeout, 0
        begin = now()
        while now() < end:
            t, c = now(), self.cpu()
            time.sleep(win)
            if (self.cpu() - c) / (now() - t) < rate:
                if ok == 0:
                    begin = t
                ok += 1
                if ok >= calm:
                    return begin
            else:
                ok = 0
        return None

    def mem(self):
        d = {}
        with open('/proc/%d/status' % self.pid) as f:
            for l in f:
                k, v = l.split(':', 1)
                if k in ('VmRSS', 'VmHWM', 'Threads'):
                    d[k] = int(v.split()[0])
        try:
            with open('/proc/%d/smaps_rollup' % self.pid) as f:
                r = f.read()
            g = lambda k: int(re.search(r'^%s:\s+(\d+)' % k, r, re.M).group(1))
            d['Pss'] = g('Pss')
            d['Uss'] = g('Private_Clean') + g('Private_Dirty')
        except (OSError, AttributeError):
            pass
        return d

    def alone(self, beside):
        """Returns the KB that would be private if only the process `beside` ran with it. Pages that
        other programs of this machine happen to share with it count as private."""
        with open('/proc/%d/maps' % beside) as f:
            shared = set(re.findall(r'(/\S+)', f.read()))
        total, name = 0, ''
        with open('/proc/%d/smaps' % self.pid) as f:
            for line in f:
                head = re.match(r'[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \S+\s*(.*)', line)
                if head:
                    name = head.group(1)
                elif line.startswith('Private_Dirty:' if name in shared else 'Rss:'):
                    total += int(line.split()[1])
        return total

    def ctxt(self):
        v = n = 0
        for t in os.listdir('/proc/%d/task' % self.pid):
            try:
                with open('/proc/%d/task/%s/status' % (self.pid, t)) as f:
                    s = f.read()
            except OSError:
                continue
            v += int(re.search(r'^voluntary_ctxt_switches:\s+(\d+)', s, re.M).group(1))
            n += int(re.search(r'nonvoluntary_ctxt_switches:\s+(\d+)', s).group(1))
        return v, n

    def sockets(self):
        n = 0
        for f in os.listdir('/proc/%d/fd' % self.pid):
            try:
                n += os.readlink('/proc/%d/fd/%s' % (self.pid, f)).startswith('socket:')
            except OSError:
                pass
        return n

    def close(self, polite=None, delay=0.0):
        """Ends the child with its quit command, or else HUP, TERM, KILL; returns which one
        worked."""
        how = 'quit'
        if polite and self.alive:
            try:
                self.line(polite, delay=delay)
            except OSError:
                pass
            if self._wait(8):
                return self._fin(how)
        for how, sig in (
            ('HUP', signal.SIGHUP),
            ('TERM', signal.SIGTERM),
            ('KILL', signal.SIGKILL),
        ):
            try:
                os.kill(self.pid, sig)
            except ProcessLookupError:
                break
            if self._wait(3):
                break
        return self._fin(how)

    def _fin(self, how):
        try:
            os.close(self.fd)
        except OSError:
            pass
        return how

    def _wait(self, t):
        end = now() + t
        while now() < end:
            try:
                p, st = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                return True
            if p:
                self.status = st
                return True
            time.sleep(0.02)
        return False


def med(values):
    v = [x for x in values if x is not None]
    return statistics.median(v) if v else None


def pct(values, p):
    v = sorted(values)
    return v[min(len(v) - 1, int(len(v) * p / 100))] if v else None


class Home:
    """A home directory for the program, on disk, so that figures contain the time of syncs."""

    def __init__(self, rc):
        self.dir = tempfile.mkdtemp(prefix='home-', dir=WORK)
        self.write('.config/natterjack/natterjackrc', rc)
        os.chmod(self.dir + '/.config/natterjack/natterjackrc', 0o600)

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w') as f:
            f.write(text)

    def own(self):
        if UID is not None:
            for d, _, files in os.walk(self.dir):
                os.chown(d, UID, UID)
                for x in files:
                    os.chown(os.path.join(d, x), UID, UID, follow_symlinks=False)

    def env(self):
        h = self.dir
        return {
            'HOME': h,
            'TERM': os.environ.get('BENCH_TERM', 'xterm-256color'),
            'LANG': 'C.UTF-8',
            'PATH': '/usr/bin:/bin',
            'TZ': 'UTC',
            'SHELL': '/bin/sh',
            'USER': 'bench',
            'XDG_CONFIG_HOME': h + '/.config',
            'XDG_DATA_HOME': h + '/.local/share',
            'XDG_STATE_HOME': h + '/.local/state',
        }

    def rows(self, sql, *args):
        import sqlite3

        c = sqlite3.connect(
            'file:%s/.local/share/natterjack/history.db?mode=ro' % self.dir, uri=True
        )
        try:
            return c.execute(sql, args).fetchall()
        finally:
            c.close()

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)
