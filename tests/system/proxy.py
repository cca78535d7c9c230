"""A proxy on loopback between the program and its server that breaks connections in every way in
which networks do. A link is a connection of the program and the proxy's connection to the server.

One thread owns all sockets; calls of a test run in it and have finished when they return. A fault
at one end is not passed on to the other end unless the method says so: both sides of a silent link
stay open, and the bytes it swallows are lost."""
import collections, selectors, socket, struct, threading, time

now = time.monotonic
MUCH = 1 << 20  # bytes that may wait in one direction; with more, its source is not read


class Way:
    """One direction of a link."""

    def __init__(self, link, source, sink):
        self.link, self.source, self.sink = link, source, sink
        self.waiting = collections.deque()  # (time to send it, bytes)
        self.size = 0  # bytes in waiting
        self.passed = 0  # bytes that were sent to the sink
        self.swallows = False  # drop everything the source sends
        self.cut_at = None  # break the link when so many bytes have passed
        self.ended = False  # the source has sent the end of its stream
        self.closed = False  # the sink has got it


class Link:
    def __init__(self, client, server):
        self.client, self.server = client, server
        self.up, self.down = Way(self, client, server), Way(self, server, client)
        self.begun = now()
        self.over = False  # the client has closed it, or it was closed for the client

    def ways(self):
        return self.up, self.down


class Proxy:
    def __init__(self, to):
        self.to = to
        self.links = []  # links with an open end
        self.last = None  # the newest link
        self.tries = 0  # accepted connections, without those that were refused
        self.silent = (False, False)  # (up, down): new links swallow everything
        self.held, self.delay = False, 0
        self.cuts = collections.deque()  # (up, down, reset) for each new link
        self.selector, self.jobs, self.lock = (
            selectors.DefaultSelector(),
            collections.deque(),
            threading.Lock(),
        )
        self.inner, self.outer = socket.socketpair()
        self.inner.setblocking(False)
        self.selector.register(self.inner, selectors.EVENT_READ, None)
        # Bind to a port by number: while the proxy does not listen, Linux would give away a port
        # that it has chosen itself.
        with socket.create_server(('127.0.0.1', 0)) as probe:
            self.port = probe.getsockname()[1]
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(('127.0.0.1', self.port))
        self.listener.setblocking(False)
        self.open = self.closing = False
        self._listen(True)
        self.trouble = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    # --- calls of tests

    def close_links(self):
        """Closes all links at both ends; bytes on their way arrive first."""
        self._do(lambda: [self._end(link) for link in self._alive()])

    def reset(self):
        """Resets all links at both ends; bytes on their way are lost."""
        self._do(lambda: [self._drop(link, True) for link in self._alive()])

    def strand(self):
        """Closes the client's end of all links; the server's end stays open."""

        def strand():
            for link in self._alive():
                self._forget(link.client)
                link.over = True

        self._do(strand)

    def drop_server(self):
        """Closes the server's end of all links; the client's end stays open."""

        def drop():
            for link in self._alive():
                link.down.swallows = True
                link.down.waiting.clear()
                link.down.size = 0
                self._forget(link.server)

        self._do(drop)

    def refuse(self):
        """Stops listening; open links stay."""
        self._do(lambda: self._listen(False))

    def admit(self):
        """Listens again."""
        self._do(lambda: self._listen(True))

    def fall_silent(self, up=True, down=True):
        """Swallows everything that is sent to the server (up) or from it (down), on new links, too.
        The links that are open now stay silent for ever."""

        def fall():
            self.silent = (up, down)
            for link in self._alive():
                for way, swallows in zip(link.ways(), (up, down)):
                    if swallows:
                        way.swallows, way.size = True, 0
                        way.waiting.clear()

        self._do(fall)

    def speak(self):
        """Ends fall_silent() for new links."""
        self._do(lambda: setattr(self, 'silent', (False, False)))

    def hold(self):
        """Holds all bytes back until release(); none is lost."""
        self._do(lambda: setattr(self, 'held', True))

    def release(self):
        self._do(lambda: setattr(self, 'held', False))

    def slow(self, seconds):
        """Delays all bytes by so many seconds."""
        self._do(lambda: setattr(self, 'delay', seconds))

    def cut_next(self, up=None, down=None, reset=False):
        """Breaks the next new link after exactly so many bytes to the server (up) or from it
        (down), with a reset if `reset`. Returns the number of links before it."""
        return self._do(lambda: self.cuts.append((up, down, reset)) or self.tries)

    def cut_here(self, up=None, down=None):
        """Breaks the open links after so many more bytes."""

        def cut():
            for link in self._alive():
                for way, more in ((link.up, up), (link.down, down)):
                    if more is not None:
                        way.cut_at = way.passed + more
                link.resets = False

        self._do(cut)

    def wait(self, ready, seconds, what):
        """Waits until ready() is true; fails with the text `what` after so many seconds."""
        end = now() + seconds
        while not ready():
            assert now() < end, '%s; %d links were made, %d are open' % (
                what,
                self.tries,
                len(self._alive()),
            )
            assert not self.trouble, self.trouble
            time.sleep(0.005)

    def alive(self):
        """Returns the links that are open at the client's end."""
        return self._do(self._alive)

    def close(self):
        if self.thread.is_alive():
            self.closing = True
            self.outer.send(b'x')
            self.thread.join(5)
        for s in (
            self.inner,
            self.outer,
            self.listener,
            *(e for link in self.links for e in (link.client, link.server)),
        ):
            s.close()
        self.selector.close()
        if self.trouble:
            raise self.trouble

    # --- the thread

    def _do(self, job):
        done, result = threading.Event(), []
        self.jobs.append(lambda: (result.append(job()), done.set()))
        self.outer.send(b'x')
        if not done.wait(10):
            raise RuntimeError('the proxy does not answer: %s' % self.trouble)
        return result[0]

    def _alive(self):
        return [link for link in self.links if not link.over]

    def _listen(self, yes):
        if yes and not self.open:
            self.listener.listen(16)
            self.selector.register(self.listener, selectors.EVENT_READ, None)
        elif not yes and self.open:
            self.selector.unregister(self.listener)
            self.listener.shutdown(socket.SHUT_RDWR)  # the port stays bound
        self.open = yes

    def _run(self):
        try:
            while not self.closing:
                due = [
                    way.waiting[0][0]
                    for link in self.links
                    for way in link.ways()
                    if way.waiting and not self.held
                ]
                # At least 2 ms: bytes that are due may wait for a socket that is not writable.
                for key, events in self.selector.select(
                    max(0.002, min(due) - now()) if due else None
                ):
                    if key.fileobj is self.inner:
                        try:
                            self.inner.recv(4096)
                        except BlockingIOError:
                            pass
                    elif key.fileobj is self.listener:
                        self._accept()
                    elif key.data and events & selectors.EVENT_READ and key.fileobj.fileno() >= 0:
                        self._read(key.data)
                while self.jobs:
                    self.jobs.popleft()()
                for link in self.links:
                    for way in link.ways():
                        self._write(way)
                for link in [l for l in self.links if l.up.closed and l.down.closed]:
                    self._forget(link.client)
                    self._forget(link.server)
                    self.links.remove(link)
        except Exception as e:
            self.trouble = e
            raise

    def _accept(self):
        try:
            client, _ = self.listener.accept()
        except OSError:
            return
        self.tries += 1
        server = socket.socket()
        try:
            server.connect(('127.0.0.1', self.to))
        except OSError:  # the server does not listen
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            client.close()
            server.close()
            return
        link = Link(client, server)
        up, down, link.resets = self.cuts.popleft() if self.cuts else (None, None, False)
        link.up.cut_at, link.down.cut_at = up, down
        link.up.swallows, link.down.swallows = self.silent
        for way in link.ways():
            way.source.setblocking(False)
            way.source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.selector.register(way.source, selectors.EVENT_READ, way)
        self.links.append(link)
        self.last = link
        if 0 in (up, down):
            self._drop(link, link.resets)

    def _read(self, way):
        if way.size > MUCH:
            # Read it when there is room. Until then select() returns at once, hence the pause.
            time.sleep(0.005)
            return
        try:
            data = way.source.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b''
        if not data:
            self.selector.unregister(way.source)
            way.ended = True
            if way is way.link.up:
                way.link.over = True
        elif not way.swallows:
            way.waiting.append((now() + self.delay, data))
            way.size += len(data)

    def _write(self, way):
        if way.closed or way.sink.fileno() < 0:
            return
        while way.waiting and not self.held and not way.swallows and way.waiting[0][0] <= now():
            when, data = way.waiting.popleft()
            room = len(data) if way.cut_at is None else way.cut_at - way.passed
            try:
                sent = way.sink.send(data[:room])
            except BlockingIOError:
                way.waiting.appendleft((when, data))
                return
            except OSError:
                way.waiting.clear()
                way.size, way.closed = 0, True
                return
            way.passed += sent
            way.size -= sent
            if sent < len(data):
                way.waiting.appendleft((when, data[sent:]))
            if way.passed == way.cut_at:
                self._drop(way.link, way.link.resets)
                return
        if way.ended and not way.waiting and not way.swallows:
            way.closed = True
            try:
                way.sink.shutdown(socket.SHUT_WR)
            except OSError:
                pass

    def _end(self, link):
        for way in link.ways():
            if not way.ended:
                self.selector.unregister(way.source)
                way.ended = True
        link.over = True

    def _forget(self, s, reset=False):
        if s.fileno() < 0:
            return
        try:
            self.selector.unregister(s)
        except KeyError:
            pass
        if reset:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        s.close()

    def _drop(self, link, reset):
        """Closes or resets a link at both ends at once."""
        for way in link.ways():
            way.waiting.clear()
            way.closed = way.ended = True
        for s in (link.client, link.server):
            if not reset and s.fileno() >= 0:
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
            self._forget(s, reset)
        link.over = True
