#!/usr/bin/python3
"""A synthetic XMPP server for the bench. Each user name is an account; any number of clients may
log in.

It logs clients in (STARTTLS, SASL PLAIN), gives short valid answers to the usual requests after a
login, and sends floods that it has prepared as one block of bytes, so that the figures do not
measure the server. JSON lines on stdin control it; it reports JSON lines on stdout. Times are
seconds of CLOCK_MONOTONIC.

Each flood ends with a ping (XEP-0199); the response marks the end of the flood."""
import argparse, collections, heapq, json, os, random, select, socket, ssl, sys, time
import xml.etree.ElementTree as ET
from base64 import b64decode, b64encode
from xml.sax.saxutils import quoteattr

NS_C = '{jabber:client}'
NS_STREAM = 'http://etherx.jabber.org/streams'
NS_SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'
NS_TLS = 'urn:ietf:params:xml:ns:xmpp-tls'
NS_SM = 'urn:xmpp:sm:3'
now = time.monotonic

ap = argparse.ArgumentParser()
ap.add_argument('--port', type=int, default=25333)
ap.add_argument('--domain', default='bench.localhost')
ap.add_argument('--cert')
ap.add_argument('--key')
ap.add_argument('--plain', action='store_true', help='do not offer STARTTLS')
ap.add_argument('--roster', type=int, default=0)
ap.add_argument(
    '--presences', action='store_true', help='send one presence per contact after login'
)
ap.add_argument(
    '--caps', type=int, default=0, help='number of distinct XEP-0115 hashes in presences'
)
ap.add_argument('--occupants', type=int, default=0)
ap.add_argument(
    '--dress',
    choices=['plain', 'modern'],
    default='plain',
    help='modern: messages also carry stanza-id, origin-id, active, markable',
)
ap.add_argument('--sm', action='store_true', help='offer stream management (XEP-0198)')
ap.add_argument('--mam', action='store_true', help='offer XEP-0313 with an empty archive')
ap.add_argument(
    '--stall',
    choices=['tcp', 'tls', 'login'],
    help='accept and send nothing; stop in the handshake; stop after authentication began',
)
ap.add_argument('--seed', type=int, default=1)
A = ap.parse_args()
DOM, MUC = A.domain, 'conference.' + A.domain
rnd = random.Random(A.seed)

WORDS = [
    ''.join(rnd.choice('abcdefghijklmnoprst') for _ in range(rnd.randint(2, 9))) for _ in range(600)
]


def out(**kw):
    kw.setdefault('t', now())
    try:
        sys.stdout.write(json.dumps(kw) + '\n')
        sys.stdout.flush()
    except BrokenPipeError:
        os._exit(0)


def body(i, size, tag='m'):
    s = '[%s%06d]' % (tag, i)
    while len(s) < size:
        s += ' ' + rnd.choice(WORDS)
    return s[:size].rstrip()


def contact(i):
    return 'c%05d@%s' % (i, DOM)


def roster_items():
    groups = ['Friends', 'Work', 'Family', 'Open source', '']
    o = []
    for i in range(A.roster):
        g = groups[i % 5]
        o.append(
            "<item jid='%s' name='Contact %05d' subscription='both'>%s</item>"
            % (contact(i), i, '<group>%s</group>' % g if g else '')
        )
    return ''.join(o)


def presences(full):
    o = []
    for i in range(A.roster):
        show = ('', '<show>away</show>', '<show>dnd</show>', '<show>xa</show>')[i % 4]
        caps = ''
        if A.caps:
            v = b64encode(b'%020d' % (i % A.caps)).decode()
            caps = (
                "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' "
                "node='http://bench.example' ver='%s'/>" % v
            )
        o.append(
            "<presence from='%s/phone' to='%s'>%s<status>%s</status>"
            "<priority>%d</priority>%s</presence>"
            % (contact(i), full, show, 'status of %05d' % i, i % 10, caps)
        )
    return ''.join(o)


class Stream:
    """The state of a stream that survives its connection (XEP-0198)."""

    def __init__(self, client):
        self.user, self.full, self.waiting = client.user, client.full, client.waiting
        self.unacked, self.acked, self.received = collections.deque(), 0, 0
        self.id = 'bench-%d' % random.getrandbits(60)

    def ack(self, h):
        while self.acked < h:
            self.unacked.popleft()
            self.acked += 1


class Client:
    """A connection, non-blocking. outq has bytes to send and, between them, functions to call when
    everything before them was sent."""

    count = 0

    def __init__(self, sock):
        self.sock = sock
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        self.outq = collections.deque()
        self.closed = False
        Client.count += 1
        self.n = Client.count
        self.full = None
        self.tls = self.authed = self.online = self.got_roster = self.login_pinged = False
        self.waiting = {}  # ping id -> label
        self.stream = None
        self.flights = 0
        self.bytes_in = self.stanzas_in = 0
        self.iqs = []
        self.seen_msgs = 0
        self.reset()
        S.conns.append(self)
        out(ev='tcp', n=self.n)

    def reset(self):
        self.parser = ET.XMLPullParser(['start', 'end'])
        self.depth = 0
        self.root = None

    def fileno(self):
        return self.sock.fileno()

    def send(self, s):
        b = s.encode() if isinstance(s, str) else s
        if self.stream and b[:4] in (b'<mes', b'<iq ', b'<pre'):  # a stanza, which is counted
            self.stream.unacked.append(b)
        if self.outq and isinstance(self.outq[-1], bytearray) and len(self.outq[-1]) < 32768:
            self.outq[-1] += b
        else:
            self.outq.append(bytearray(b) if len(b) < 32768 else memoryview(b))

    def then(self, fn):
        """Calls fn when the kernel has taken everything that was queued before."""
        self.outq.append(fn)

    def writable(self):
        try:
            while self.outq:
                x = self.outq[0]
                if callable(x):
                    self.outq.popleft()
                    x()
                    continue
                n = self.sock.send(x[:65536])
                if n == len(x):
                    self.outq.popleft()
                else:
                    self.outq[0] = memoryview(bytes(x) if isinstance(x, bytearray) else x)[n:]
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            pass
        except OSError as e:
            self.close(repr(e))

    def readable(self):
        while not self.closed:
            try:
                data = self.sock.recv(65536)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            except OSError as e:
                return self.close(repr(e))
            if not data:
                return self.close()
            self.flights += 1
            self.bytes_in += len(data)
            try:
                self.feed(data)
            except ET.ParseError as e:
                return self.close(repr(e))

    def feed(self, data):
        self.parser.feed(data)
        for ev, el in list(self.parser.read_events()):
            if ev == 'start':
                self.depth += 1
                if self.depth == 1:
                    self.root = el
                    self.header()
            else:
                self.depth -= 1
                if self.depth == 1:
                    self.stanzas_in += 1
                    restart = self.stanza(el)
                    self.root.clear()
                    if restart:
                        self.reset()
                        return
                elif self.depth == 0:
                    return self.close()

    def close(self, err=None, rst=False):
        if self.closed:
            return
        self.closed = True
        S.conns.remove(self)
        if self in S.clients:
            S.clients.remove(self)
        if rst:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
        self.sock.close()
        out(ev='closed', n=self.n, bytes_in=self.bytes_in, stanzas_in=self.stanzas_in, err=err)

    def ping(self, label):
        i = 'bench-%s-%d' % (label, random.getrandbits(30))
        self.waiting[i] = label
        self.send(
            "<iq type='get' from='%s' to='%s' id='%s'><ping xmlns='urn:xmpp:ping'/></iq>"
            % (DOM, self.full, i)
        )

    def header(self):
        if A.stall == 'tcp':
            return
        self.send(
            "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='%s' id='s%d' "
            "from='%s' "
            "version='1.0' xml:lang='en'><stream:features>"
            % (NS_STREAM, random.getrandbits(30), DOM)
        )
        if not self.tls and not A.plain:
            self.send("<starttls xmlns='%s'><required/></starttls>" % NS_TLS)
        elif not self.authed:
            self.send("<mechanisms xmlns='%s'><mechanism>PLAIN</mechanism></mechanisms>" % NS_SASL)
        else:
            self.send(
                "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"
                "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'><optional/></session>"
                + ("<sm xmlns='%s'/>" % NS_SM if A.sm else '')
            )
        self.send('</stream:features>')

    def stanza(self, el):
        tag = el.tag
        if tag == '{%s}starttls' % NS_TLS:
            self.send("<proceed xmlns='%s'/>" % NS_TLS)
            self.writable()
            if A.stall == 'tls':
                self.feed = lambda data: None
                return False
            self.sock.settimeout(10)
            self.sock = S.tls.wrap_socket(self.sock, server_side=True)
            self.sock.setblocking(False)
            self.tls = True
            return True
        if tag == '{%s}auth' % NS_SASL:
            u = b64decode(el.text or '').split(b'\0')[1].decode()
            self.user = u.split('@')[0]
            if A.stall == 'login':
                return False
            self.authed = True
            self.send("<success xmlns='%s'/>" % NS_SASL)
            return True
        if tag.startswith('{%s}' % NS_SM):
            self.manage(tag[len(NS_SM) + 2 :], el)
            return False
        if self.stream:
            self.stream.received += 1
        if tag == NS_C + 'iq':
            self.iq(el)
        elif tag == NS_C + 'presence':
            self.presence(el)
        elif tag == NS_C + 'message':
            b = el.find(NS_C + 'body')
            if b is not None:
                self.seen_msgs += 1
                out(ev='message', body=b.text, to=el.get('to'))
                if el.get('type') == 'groupchat':
                    self.send(
                        "<message from='%s/bench' to='%s' type='groupchat' id=%s><body>%s</body>"
                        "</message>"
                        % (el.get('to'), self.full, quoteattr(el.get('id') or 'x'), b.text)
                    )
        return False

    def manage(self, what, el):
        if what == 'enable' and A.sm:
            stream = Stream(self)
            S.streams[stream.id] = stream
            self.send("<enabled xmlns='%s' id='%s' resume='true' max='300'/>" % (NS_SM, stream.id))
            self.stream = stream
        elif what == 'r' and self.stream:
            self.send("<a xmlns='%s' h='%d'/>" % (NS_SM, self.stream.received))
        elif what == 'a' and self.stream:
            self.stream.ack(int(el.get('h')))
            out(ev='acked', n=self.n, left=len(self.stream.unacked))
        elif what == 'resume':
            stream = S.streams.get(el.get('previd'))
            if not stream:
                self.send(
                    "<failed xmlns='%s'><item-not-found "
                    "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>" % NS_SM
                )
                return
            stream.ack(int(el.get('h')))
            self.send(
                "<resumed xmlns='%s' previd='%s' h='%d'/>" % (NS_SM, stream.id, stream.received)
            )
            again, stream.unacked = stream.unacked, collections.deque()
            self.full, self.waiting, self.stream, self.online, self.login_pinged = (
                stream.full,
                stream.waiting,
                stream,
                True,
                True,
            )
            for b in again:
                self.send(b)
            S.clients.append(self)
            out(ev='login', n=self.n, full=self.full, resumed=True, again=len(again))

    def iq(self, el):
        typ, i, to = el.get('type'), el.get('id') or '', el.get('to')
        if typ in ('result', 'error'):
            label = self.waiting.pop(i, None)
            if label is not None:
                out(ev='pong', label=label, type=typ, n=self.n)
            return
        q = el[0] if len(el) else None
        tag = q.tag if q is not None else ''
        ns = tag[1:].split('}')[0]
        self.iqs.append(ns)
        frm = ' from=%s' % quoteattr(to) if to else ''
        head = "<iq type='result' id=%s to='%s'%s" % (quoteattr(i), self.full or '', frm)

        def ok(payload=''):
            self.send(head + ('>%s</iq>' % payload if payload else '/>'))

        def err(cond='service-unavailable', t='cancel'):
            self.send(
                "<iq type='error' id=%s to='%s'%s><error type='%s'>"
                "<%s xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
                "</error></iq>" % (quoteattr(i), self.full or '', frm, t, cond)
            )

        if ns.endswith('xmpp-bind'):
            res = q.find('{%s}resource' % ns)
            r = res.text if res is not None and res.text else 'r%d' % random.getrandbits(20)
            self.full = '%s@%s/%s' % (self.user, DOM, r)
            if A.presences:
                S.presence_blob(self.full)
            self.send(
                "<iq type='result' id=%s><bind xmlns='%s'><jid>%s</jid></bind></iq>"
                % (quoteattr(i), ns, self.full)
            )
        elif (
            ns.endswith('xmpp-session')
            or ns == 'urn:xmpp:ping'
            or ns == 'urn:xmpp:carbons:2'
            or ns == 'urn:xmpp:csi:0'
        ):
            ok()
        elif ns == 'jabber:iq:roster' and typ == 'get':
            ok("<query xmlns='jabber:iq:roster'>%s</query>" % S.roster)
            self.got_roster = True
            if self.online:
                self.login_ping()
        elif ns.endswith('disco#info'):
            node = q.get('node')
            feats = [
                'http://jabber.org/protocol/disco#info',
                'http://jabber.org/protocol/disco#items',
                'urn:xmpp:ping',
            ]
            if to == MUC or (to or '').endswith('@' + MUC):
                ident = "<identity category='conference' type='text' name='Bench room'/>"
                feats += [
                    'http://jabber.org/protocol/muc',
                    'muc_persistent',
                    'muc_open',
                    'muc_unmoderated',
                    'muc_nonanonymous',
                ]
            elif to in (None, DOM):
                ident = "<identity category='server' type='im' name='bench'/>"
                feats += ['urn:xmpp:carbons:2', 'urn:xmpp:blocking', 'jabber:iq:roster']
            else:
                ident = "<identity category='account' type='registered'/>"
                if A.mam:
                    feats += ['urn:xmpp:mam:2', 'urn:xmpp:mam:2#extended', 'urn:xmpp:sid:0']
            n = ' node=%s' % quoteattr(node) if node else ''
            ok(
                "<query xmlns='http://jabber.org/protocol/disco#info'%s>%s%s</query>"
                % (n, ident, ''.join("<feature var='%s'/>" % f for f in feats))
            )
        elif ns.endswith('disco#items'):
            items = "<item jid='%s'/>" % MUC if to in (None, DOM) else ''
            ok("<query xmlns='http://jabber.org/protocol/disco#items'>%s</query>" % items)
        elif ns == 'urn:xmpp:blocking' and typ == 'get':
            ok("<blocklist xmlns='urn:xmpp:blocking'/>")
        elif ns == 'jabber:iq:private' and typ == 'get':
            inner = q[0].tag if len(q) else '{storage:bookmarks}storage'
            ins, name = inner[1:].split('}')
            ok("<query xmlns='jabber:iq:private'><%s xmlns='%s'/></query>" % (name, ins))
        elif ns == 'vcard-temp' and typ == 'get':
            err('item-not-found')
        elif ns == 'urn:xmpp:mam:2' and A.mam and typ == 'set':
            ok(
                "<fin xmlns='urn:xmpp:mam:2' complete='true'>"
                "<set xmlns='http://jabber.org/protocol/rsm'><count>0</count></set></fin>"
            )
        elif 'pubsub' in ns:
            err('item-not-found')
        else:
            err('service-unavailable')

    def presence(self, el):
        to = el.get('to')
        if to and '@' + MUC in to and el.get('type') is None:
            self.join(to)
            return
        if to is None and not self.online and el.get('type') is None:
            self.online = True
            S.clients.append(self)
            out(
                ev='login',
                n=self.n,
                full=self.full,
                flights=self.flights,
                stanzas_in=self.stanzas_in,
                bytes_in=self.bytes_in,
                iqs=self.iqs,
            )
            self.send("<presence from='%s' to='%s'/>" % (self.full, self.full))
            if A.presences:
                self.send(S.presence_blob(self.full))
            if self.got_roster:
                self.login_ping()
            else:
                S.later(3, self.login_ping)

    def login_ping(self):
        """Sends one ping when both roster and presences were sent; some clients request the roster
        after their presence."""
        if not self.login_pinged and not self.closed:
            self.login_pinged = True
            self.ping('login')

    def join(self, to):
        room, nick = to.split('/', 1)
        if getattr(self, 'joined', None) == room:
            return
        self.joined = room
        out(ev='join', room=room, nick=nick)
        x = (
            "<x xmlns='http://jabber.org/protocol/muc#user'>"
            "<item affiliation='%s' role='%s'/>%s</x>"
        )
        o = []
        for i in range(A.occupants):
            aff = 'owner' if i == 0 else ('admin', 'member', 'none', 'none')[i % 4]
            role = 'moderator' if aff in ('owner', 'admin') else 'participant'
            o.append(
                "<presence from='%s/occ%05d' to='%s'>%s</presence>"
                % (room, i, self.full, x % (aff, role, ''))
            )
        o.append(
            "<presence from='%s/%s' to='%s'>%s</presence>"
            % (room, nick, self.full, x % ('none', 'participant', "<status code='110'/>"))
        )
        o.append(
            "<message from='%s/occ00000' to='%s' type='groupchat' id='subj'>"
            "<subject>bench subject</subject></message>" % (room, self.full)
        )
        self.send(''.join(o))
        self.ping('join')

    def blob(self, c):
        """The flood as a list of stanza strings."""
        n, size, tag, k = c['n'], c.get('bytes', 100), c.get('tag', 'm'), c.get('contacts', 50)
        first = c.get('first', 0)
        o = []
        for i in range(n):
            ident = '%s%06d' % (tag, i)
            extra = ''
            if A.dress == 'modern':
                extra = (
                    "<active xmlns='http://jabber.org/protocol/chatstates'/>"
                    "<markable xmlns='urn:xmpp:chat-markers:0'/>"
                    "<origin-id xmlns='urn:xmpp:sid:0' id='%s'/>"
                    "<stanza-id xmlns='urn:xmpp:sid:0' by='%s' id='a%s'/>"
                    % (ident, self.full.split('/')[0], ident)
                )
            if c.get('muc'):
                frm = '%s/occ%05d' % (c['room'], rnd.randrange(max(1, A.occupants)))
                typ = 'groupchat'
            else:
                frm = '%s/phone' % contact(first + i % k)
                typ = 'chat'
            o.append(
                "<message type='%s' id='%s' from='%s' to='%s'><body>%s</body>%s</message>"
                % (typ, ident, frm, self.full, body(i, size, tag), extra)
            )
        return o

    def flood(self, c):
        st = self.blob(c)
        rate = c.get('rate', 0)
        label = c.get('label', 'flood')

        def end():
            self.ping(label)
            self.then(lambda: out(ev='flood_sent', label=label))

        if not rate:
            data = ''.join(st).encode()
            out(ev='flood_start', label=label, n=len(st), bytes=len(data))
            for part in st if self.stream else [data]:
                self.send(part)
            return end()
        out(ev='flood_start', label=label, n=len(st), bytes=sum(map(len, st)))
        t0, i = now(), 0

        def step():
            nonlocal i
            if self.closed:
                return out(ev='flood_cut', label=label, sent=i)
            while i < len(st) and t0 + i / rate <= now() and not (c.get('stop') and S.stop):
                self.send(st[i])
                i += 1
            if i >= len(st) or (c.get('stop') and S.stop):
                return end()
            S.later(t0 + i / rate - now(), step)

        step()


class S:
    streams = {}
    clients, conns, timers, seq = [], [], [], 0
    roster = ''
    stop = False
    tls = None
    _p = None

    @staticmethod
    def presence_blob(full):
        if S._p is None or S._p[0] != full:
            S._p = (full, presences(full))
        return S._p[1]

    @staticmethod
    def later(d, fn):
        S.seq += 1
        heapq.heappush(S.timers, (now() + d, S.seq, fn))


def control(c):
    cmd = c['cmd']
    cl = max(S.clients, key=lambda x: x.n, default=None)
    if cmd == 'quit':
        raise SystemExit
    elif cmd == 'stop':
        S.stop = True
    elif cl is None:
        out(ev='noclient', cmd=cmd)
    elif cmd == 'flood':
        S.stop = False
        cl.flood(c)
    elif cmd == 'ping':
        cl.ping(c.get('label', 'ping'))
    elif cmd == 'close':  # TCP reset, no </stream:stream>
        cl.close(rst=True)
        out(ev='aborted', n=cl.n)
    elif cmd == 'ask':  # request an acknowledgement
        cl.send("<r xmlns='%s'/>" % NS_SM)
    elif cmd == 'forget':  # the next try to resume fails
        S.streams.clear()
    elif cmd == 'raw':  # sends any bytes TIMES times, then a ping
        cl.send(c['xml'].replace('FULL', cl.full) * c.get('times', 1))
        cl.ping(c.get('label', 'raw'))
    elif cmd == 'stat':
        out(
            ev='stat',
            bytes_in=cl.bytes_in,
            stanzas_in=cl.stanzas_in,
            iqs=cl.iqs,
            msgs=cl.seen_msgs,
            queued=sum(len(x) for x in cl.outq if not callable(x)),
        )


def main():
    S.roster = roster_items()
    if not A.plain:
        S.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        S.tls.load_cert_chain(A.cert, A.key)
    srv = socket.socket()
    srv.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    srv.bind(('127.0.0.1', A.port))
    srv.listen(8)
    out(ev='listening', port=A.port)
    buf = b''
    while True:
        while S.timers and S.timers[0][0] <= now():
            heapq.heappop(S.timers)[2]()
        wait = max(0, S.timers[0][0] - now()) if S.timers else None
        r, w, _ = select.select([srv, 0] + S.conns, [c for c in S.conns if c.outq], [], wait)
        for x in r:
            if x is srv:
                Client(srv.accept()[0])
            elif x == 0:
                b = os.read(0, 65536)
                if not b:
                    return
                buf += b
                while b'\n' in buf:
                    line, buf = buf.split(b'\n', 1)
                    control(json.loads(line))
            else:
                x.readable()
        for x in w:
            if not x.closed:
                x.writable()
        for x in list(S.conns):  # send the answers of this round at once
            if x.outq and x not in w:
                x.writable()


main()
