"""Several clients of one account: copies (XEP-0280), receipts (XEP-0184), blocking (XEP-0191), and
the archive (XEP-0313) that decides about messages in doubt."""
import time
from harness import *
from proxy import Proxy

TOAD, FROG = 'toad@' + DOMAIN, 'frog@' + DOMAIN
FAILED, ACKNOWLEDGED, DELIVERED = 3, 4, 5


def wait_for(condition, wait=10):
    """Waits until condition() is true; fails otherwise."""
    end = now() + wait * SLOW
    while not condition():
        assert now() < end, 'the condition was never true'
        time.sleep(0.05)


def state(home, body):
    """Returns the state of our message with that text; None: it is not stored."""
    rows = home.rows('select state from message where outgoing and body = ?', body)
    assert len(rows) < 2, '%r is stored %d times' % (body, len(rows))
    return rows[0][0] if rows else None


def has_state(home, body, wanted, wait=10):
    end = now() + wait * SLOW
    while state(home, body) != wanted:
        assert now() < end, '%r is in state %s, not %d' % (body, state(home, body), wanted)
        time.sleep(0.05)


def online(s, server, resource, port=None, **kw):
    """Starts a headless client of toad with this resource; returns (home, client)."""
    home = s.home(account(server, resource=resource, **(dict(port=port) if port else {})))
    client = s.headless(home)
    client.event(event='connection', state='online')
    return home, client


def carbons_are_on(client):
    """Waits until carbons are enabled. The server answers in order: the response to the first ping
    comes after its features, the second one after the request that enables carbons."""
    for _ in range(2):
        before = len(client.lines)
        client.send('/ping')
        client.event(since=before, ok=True)


def test_messages_are_copied_to_every_client(s):
    frog = s.peer('frog')
    home = s.home(account(s.server, resource='desk'))
    t = s.terminal(home)
    t.shows('contacts +1/2')
    phone_home, phone = online(s, s.server, 'phone')
    carbons_are_on(phone)
    # Received by one client, shown by both.
    frog.send(TOAD + '/phone', 'only to the phone')
    phone.event(event='message', direction='in', body='only to the phone')
    t.shows(r'Frog.* 1\b|1\b.*Frog')
    t.line('/msg ' + FROG)
    t.shows('only to the phone')
    frog.send(TOAD + '/desk', 'only to the desk')
    t.shows('only to the desk')
    assert phone.event(event='message', body='only to the desk')['direction'] == 'in'
    # Sent by one client, shown by the other as sent; both know the state.
    phone.send('/msg %s said by the phone' % FROG)
    frog.receives('said by the phone')
    t.shows('toad.* said by the phone')
    has_state(home, 'said by the phone', ACKNOWLEDGED)
    t.line('said by the desk')
    frog.receives('said by the desk')
    assert phone.event(event='message', body='said by the desk')['direction'] == 'out'
    for h in (home, phone_home):
        wait_for(lambda: h.rows('select count(*) from message') == [(4,)])


def test_reply_from_other_client_marks_read(s):
    frog = s.peer('frog')
    home = s.home(account(s.server, resource='desk'))
    t = s.terminal(home)
    t.shows('contacts +1/2')
    phone_home, phone = online(s, s.server, 'phone')
    carbons_are_on(phone)
    frog.send(TOAD, 'are you there')
    t.shows(r'\[2:Frog\]|2:Frog')
    wait_for(
        lambda: home.rows('select count(*) from message where body = ?', 'are you there') == [(1,)]
    )
    phone.send('/msg %s yes' % FROG)
    t.gone(r'[Ff]rog.*\(?1\)?$')
    wait_for(
        lambda: home.rows(
            'select count(*) from message m, chat c where m.chat = c.id and not outgoing and '
            '(m.time, m.id) > (c.read_time, c.read_id)'
        )
        == [(0,)]
    )


def test_receipts_go_both_ways(s):
    """Two natterjacks send each other receipts, unless the option is off."""
    frog_home = s.home(account(s.server, 'frog'))
    frog = s.headless(frog_home)
    frog.event(event='connection', state='online')
    home, toad = online(s, s.server, 'desk')
    frog.event(event='presence', **{'from': TOAD})
    toad.send('/msg %s have you got it' % FROG)
    frog.event(event='message', body='have you got it')
    has_state(home, 'have you got it', DELIVERED)
    frog.send('/msg %s I have' % TOAD)
    has_state(frog_home, 'I have', DELIVERED)
    before = len(frog.lines)
    frog.send('/set receipts false')
    frog.event(since=before, ok=True)
    toad.send('/msg %s and now' % FROG)
    frog.event(event='message', body='and now')
    has_state(home, 'and now', ACKNOWLEDGED)
    time.sleep(0.5)
    assert state(home, 'and now') == ACKNOWLEDGED


def test_blocked_contact_cannot_reach_us(s):
    frog = s.peer('frog')
    home, toad = online(s, s.server, 'desk')
    carbons_are_on(toad)
    before = len(toad.lines)
    toad.send('/block ' + FROG)
    toad.event(since=before, ok=True)
    frog.send(TOAD, 'do you hear me')
    toad.send('/msg %s nor do I you' % FROG)
    has_state(home, 'nor do I you', FAILED)
    why = home.rows("select error from message where body = 'nor do I you'")[0][0]
    assert 'blocked' in why or SERVER_KIND == 'ejabberd', why  # ejabberd does not give the reason
    toad.send('/unblock ' + FROG)
    end = now() + 10 * SLOW
    while not any(l.get('body') == 'and now' for l in toad.lines):
        assert now() < end, toad.report()
        frog.send(TOAD, 'and now')
        time.sleep(0.2)
    assert not any(l.get('body') == 'do you hear me' for l in toad.lines)


def test_attention_request_is_shown(s):
    frog = s.peer('frog')
    home = s.home(account(s.server))
    t = s.terminal(home)
    t.shows('contacts +1/2')
    frog.raw(
        "<message type='headline' to='%s'><attention xmlns='urn:xmpp:attention:0'/></message>"
        % TOAD
    )
    t.line('/msg ' + FROG)
    t.shows_text('Frog wants your attention')


def forgotten(s, swallow):
    """Sends a message while the proxy drops one direction ('up' or 'down'); then kills the server,
    which loses the session, and starts it again. Returns (home, toad, frog, server, proxy), where
    frog is a client that has connected after the restart."""
    if SERVER_KIND != 'prosody':
        raise Skip('needs Prosody, which it kills')
    server = s.keep(Server(s.home().dir + '/server', log='debug', hibernation=2))
    proxy = s.keep(Proxy(server.port))
    home, toad = online(s, server, 'desk', port=proxy.port)
    carbons_are_on(toad)
    frog = s.keep(Peer(server, 'frog'))
    for i in range(60):  # more than a page of Prosody's archive
        frog.send(TOAD, 'line %d' % i)
    toad.event(event='message', body='line 59')
    proxy.fall_silent(up=swallow == 'up', down=swallow == 'down')
    toad.send('/msg %s said in between' % FROG)
    if swallow == 'down':
        frog.receives('said in between')
    else:
        wait_for(lambda: state(home, 'said in between') is not None)
        time.sleep(0.5)
    frog.close()
    s.things.remove(frog)
    # A polite end would save the count of received stanzas.
    os.kill(int(open(server.dir + '/prosody.pid').read()), signal.SIGKILL)
    server.stop()
    proxy.reset()
    proxy.speak()
    server.start()
    since = len(toad.lines)
    frog = s.keep(Peer(server, 'frog'))
    toad.send('/connect')
    toad.event(since=since, event='connection', state='online', wait=30)
    wait_for(lambda: 'Archive query' in server.log())  # nothing else has the answer
    return home, toad, frog, server, proxy


def test_message_server_had_is_not_sent_twice(s):
    home, toad, frog, server, proxy = forgotten(s, 'down')
    has_state(home, 'said in between', ACKNOWLEDGED, 30)
    toad.send('/msg %s behind it' % FROG)
    frog.receives('behind it')
    assert not [m for m in frog.messages if m['body'] == 'said in between'], 'it was sent twice'
    # Prosody assumes that a client which has read the archive always does so. A message that is
    # sent while the next connection is broken must arrive nevertheless.
    wait_for(lambda: server.logins('toad') == 3)
    wait_for(
        lambda: [l.get('state') for l in toad.lines if l.get('event') == 'connection'][-1]
        == 'online'
    )
    proxy.refuse()
    proxy.close_links()
    time.sleep(0.5)
    frog.send(TOAD, 'said to nobody')
    wait_for(lambda: 'Destroying session for hibernating too long' in server.log())
    proxy.admit()
    toad.send('/connect')
    toad.event(event='message', body='said to nobody')
    wait_for(
        lambda: home.rows("select count(*) from message where body = 'said to nobody'") == [(1,)]
    )


def test_message_server_lost_is_sent_once(s):
    home, toad, frog, server, proxy = forgotten(s, 'up')
    frog.receives('said in between', 30)
    toad.send('/msg %s behind it' % FROG)
    frog.receives('behind it')
    assert [m['body'] for m in frog.messages if m['body']] == [
        'said in between',
        'behind it',
    ], frog.messages
