"""A contact at another server: subscription, messages, receipts, and broken connections. One proxy
stands between the servers and one between us and our server."""
import socket
from harness import *
from loss import ACKNOWLEDGED, DELIVERED, Talker
from proxy import Proxy

OTHER = 'reed.example'


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as probe:
        return probe.getsockname()[1]


def two_servers(s, kind, names=None):
    """kind: of the other server. names: the resolver in which it looks up ours; None: it has a
    table of ports."""
    where = s.home().dir
    ours, theirs = free_port(), free_port()
    between = s.keep(Proxy(theirs))
    if names:
        names.target = ours
    server = s.keep(
        Server(where + '/server', kind='prosody', s2s=ours, routes='%s=%d' % (OTHER, between.port))
    )
    reed = s.keep(
        Server(
            where + '/reed',
            kind=kind,
            domain=OTHER,
            s2s=theirs,
            routes='%s=%d' % (DOMAIN, ours),
            dns=names.port if names else 0,
        )
    )
    proxy = s.keep(Proxy(server.port))
    frog = s.keep(Talker(reed, 'frog'))
    receipts = []
    frog.do(
        frog.client.add_event_handler, 'receipt_received', lambda m: receipts.append(m['receipt'])
    )
    home = s.home(account(server, port=proxy.port))
    t = s.terminal(home, rows=40, cols=100)
    t.shows('● toad')
    me, other = 'toad@' + DOMAIN, 'frog@' + OTHER

    # Subscription in both directions.
    t.line('/subscribe ask ' + other)
    frog.receives_presence('subscribe', me, 20)
    frog.do(frog.client.send_presence, pto=me, ptype='subscribed')
    frog.do(frog.client.send_presence, pto=me, ptype='subscribe')
    t.shows('● frog', 20)
    t.line('/subscribe allow ' + other)
    frog.receives_presence('available', me, 20)

    def talk(words):
        t.line('from us: ' + words)
        frog.receives('from us: ' + words, 20)
        frog.raw(
            "<message type='chat' to='%s' id='%s'><body>from them: %s</body>"
            "<request xmlns='urn:xmpp:receipts'/></message>" % (me, words, words)
        )
        t.shows('from them: ' + words, 20)
        end = now() + 20 * SLOW
        while words not in receipts or home.rows(
            'select state from message where body = ?', 'from us: ' + words
        ) != [(DELIVERED,)]:
            assert now() < end, (receipts, home.rows('select body, state from message'))
            time.sleep(0.05)

    t.line('/msg ' + other)
    talk('hello')
    # The connection between the servers breaks; they make a new one.
    between.reset()
    time.sleep(0.5)
    talk('again')
    # Our connection breaks while both sides send.
    for number in range(20):
        frog.send(me, '[i%06d]' % number)
        if number % 2:
            t.line('[o%06d]' % number)
        if number == 9:
            proxy.reset()
        time.sleep(0.05)
    talk('at last')
    end = now() + 20 * SLOW
    while home.rows(
        'select body from message where outgoing and state not in (?, ?)', ACKNOWLEDGED, DELIVERED
    ):
        assert now() < end, home.rows('select body, state from message')
        time.sleep(0.1)
    assert [m['body'] for m in frog.messages if '[o' in m['body']] == [
        '[o%06d]' % n for n in range(1, 20, 2)
    ]
    assert [
        r[0] for r in home.rows("select body from message where body like '[i%' order by time, id")
    ] == ['[i%06d]' % n for n in range(20)]
    assert not [m for m in frog.messages if m['type'] == 'error']


def test_contact_at_other_server_survives_broken_connections(s):
    two_servers(s, 'prosody')
