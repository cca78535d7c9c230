"""Contacts: roster and presence, subscriptions, requests of strangers, the client that gets a
reply, failed messages, attention, blocking."""
import time
from harness import *


def online(s, rc=None, **kw):
    home = s.home(rc or account(s.server))
    t = s.terminal(home, **kw)
    t.shows('contacts +./2')  # the roster has arrived
    return home, t


def test_roster_shows_groups_and_presence(s):
    home, t = online(s)
    t.line('/set show-offline true')
    t.shows('Pond +0/2.*Frog.*Newt')
    frog = s.peer('frog')
    t.shows('Pond +1/2.*● Frog')
    t.line('/roster group frog@%s "Old friends" Choir' % DOMAIN)
    t.shows_text('is now in the groups “Old friends”, “Choir”')
    t.shows('Choir.*Frog.*Old friends.*Frog.*Pond +0/1')
    frog.raw("<presence><show>dnd</show><status>counting flies</status></presence>")
    t.line('/msg frog@' + DOMAIN)
    t.shows('busy')
    t.line('/roster')
    t.shows_text('dnd +frog@pond.example +Frog')
    t.line('/roster group frog@%s Pond' % DOMAIN)
    t.shows('Pond +1/2')


def test_info_shows_contact_and_server(s):
    s.peer('frog')
    home, t = online(s)
    t.shows('● Frog')
    t.line('/info frog@%s/peer' % DOMAIN)
    t.shows_text('Frog, subscription both.*peer: online.*software: Slixmpp')
    t.line('/info ' + DOMAIN)
    t.shows_text('(?i)software: ' + SERVER_KIND)


def test_stranger_becomes_contact_and_is_removed(s):
    heron = s.stranger()
    home, t = online(s)
    heron.raw(
        "<presence type='subscribe' to='toad@%s'><status>It is me</status></presence>" % DOMAIN
    )
    t.shows('request')
    t.line('/requests')
    t.shows_text('heron@pond.example asks to see when you are online. It is me')
    t.line('/subscribe allow heron@' + DOMAIN)
    heron.receives_presence('subscribed', 'toad@' + DOMAIN)
    heron.receives_presence('available', 'toad@' + DOMAIN)
    t.line('/subscribe ask heron@%s And you?' % DOMAIN)
    p = heron.receives_presence('subscribe', 'toad@' + DOMAIN)
    assert p['status'] == 'And you?', p
    heron.raw("<presence type='subscribed' to='toad@%s'/>" % DOMAIN)
    t.shows_text('heron@pond.example accepted; you now see their status')
    t.shows('● heron')
    t.line('/subscribe cancel heron@' + DOMAIN)
    heron.receives_presence('unsubscribe', 'toad@' + DOMAIN)
    t.line('/subscribe deny heron@' + DOMAIN)
    heron.receives_presence('unsubscribed', 'toad@' + DOMAIN)
    t.line('/roster remove heron@' + DOMAIN)
    t.gone('[●○] heron')


def test_refused_stranger_leaves_no_messages(s):
    heron = s.stranger()
    home, t = online(s)
    heron.send('toad@' + DOMAIN, 'first word')
    heron.send('toad@' + DOMAIN, 'second word')
    t.shows('request')
    home.has("select count(*) from message where body like '%word'", [(2,)])
    t.line('/requests')
    t.shows_text('heron@pond.example wrote 2 messages, the first: first word')
    t.line('/requests refuse heron@' + DOMAIN)
    t.line('/requests')
    t.shows_text('No requests')
    assert not [p for p in heron.presences if p['from'].bare == 'toad@' + DOMAIN]
    home.has("select count(*) from message where body like '%word'", [(0,)])


def test_reply_goes_to_last_used_client(s):
    desk, phone = s.peer('frog', resource='desk'), s.peer('frog', resource='phone')
    desk.raw("<presence><priority>-1</priority></presence>")
    home, t = online(s)
    t.shows('● Frog')
    desk.send('toad@' + DOMAIN, 'from my desk')
    t.shows('2:Frog 1')
    t.line('/window 2')
    t.line('to your desk')
    m = desk.receives('^to your desk$')
    assert m['to'].resource == 'desk', m
    phone.send('toad@' + DOMAIN, 'from my phone')
    t.shows('from my phone')
    t.line('to your phone')
    phone.receives('^to your phone$')
    assert not [
        m for m in desk.messages if m['body'] == 'to your phone' and m['to'].resource == 'phone'
    ]


def test_failed_message_is_marked(s):
    home, t = online(s)
    t.line('/msg nobody@%s is anybody there?' % DOMAIN)
    t.shows_text('✗ is anybody there')
    t.shows_text('(offline or does not|no longer exists|no such|does not exist)')
    t.line('/quit')
    assert t.ends() == 0
    assert home.rows('select count(*) from message') == [(1,)]
    t = s.terminal(home, '--no-connect')
    t.line('/msg nobody@' + DOMAIN)
    t.shows_text('✗ is anybody there')
    t.line('and without a connection')
    t.shows_text('… and without a connection.*You are offline. Your message is stored')


def test_typing_is_shown_until_message_arrives(s):
    frog = s.peer('frog')
    home, t = online(s)
    t.shows('● Frog')
    t.line('/msg frog@' + DOMAIN)
    frog.raw(
        "<message type='chat' to='toad@%s'><composing "
        "xmlns='http://jabber.org/protocol/chatstates'/></message>" % DOMAIN
    )
    t.shows('is writing')
    frog.send('toad@' + DOMAIN, 'done')
    t.shows('done')
    t.never_shows('is writing', 0.2)


def test_subject_headline_and_encrypted_message_are_shown(s):
    frog = s.peer('frog')
    home, t = online(s)
    t.shows('● Frog')
    t.line('/msg frog@%s subject="Of flies" They are many' % DOMAIN)
    m = frog.receives('They are many')
    assert m['subject'] == 'Of flies', m
    frog.raw(
        "<message type='headline' to='toad@%s'><subject>Weather</subject><body>Rain, at last</body>"
        "</message>" % DOMAIN
    )
    t.shows('Weather')
    t.shows('Rain, at last')
    frog.raw(
        "<message type='chat' to='toad@%s'><body>secret fallback</body>"
        "<encryption xmlns='urn:xmpp:eme:0' namespace='urn:xmpp:otr:0' name='OTR'/></message>"
        % DOMAIN
    )
    t.shows_text('(?i)encrypted')
    t.never_shows('secret fallback', 0.2)


def test_history_scrolls_to_first_message_after_restart(s):
    frog = s.peer('frog')
    home, t = online(s)
    t.shows('● Frog')
    for i in range(150):
        frog.send('toad@' + DOMAIN, 'word number %d' % i)
    t.shows('2:Frog 150')
    t.line('/quit')
    assert t.ends() == 0
    t = s.terminal(home, '--no-connect')
    t.shows('1:console')
    t.line('/msg frog@' + DOMAIN)
    t.shows('word number 149')
    for _ in range(30):
        t.type('\x1b[5~')
        time.sleep(0.03)
    t.shows('No older messages are stored.*word number 0\n.*word number 1\n')
    t.type('\x1b[6~')
    t.gone('word number 0\n')
    t.line('/scroll bottom')
    t.shows('word number 149')


def test_idle_time_of_contact_is_shown(s):
    frog = s.peer('frog')
    t = s.terminal(s.home(account(s.server)))
    t.shows('● Frog')
    frog.raw(
        "<presence><show>away</show><idle xmlns='urn:xmpp:idle:1' since='2026-01-02T03:04:05Z'/>"
        "</presence>"
    )
    t.shows('◐ Frog')
    t.line('/info frog@%s/peer' % DOMAIN)
    t.shows_text('peer: away, priority 0 .*Idle since 2026-01-02 03:04')
    frog.raw("<presence/>")
    t.shows('● Frog')
    t.line('/clear')
    t.line('/info frog@%s/peer' % DOMAIN)
    t.shows_text('peer: online, priority 0')
    t.never_shows('Idle since', 0.3)


def test_attention_is_requested_and_shown(s):
    """Two natterjacks ask each other for attention (XEP-0224); the headless one emits an event."""
    one = s.terminal(s.home(account(s.server)))
    two = s.headless(s.home(account(s.server, 'newt')))
    one.shows_text('Online as toad@')
    two.event(event='connection', state='online')
    one.shows('● Newt')
    one.line('/msg newt@' + DOMAIN)
    one.line('/attention')
    one.shows_text('Asked Newt for attention')
    assert two.event(event='attention') == dict(
        event='attention', account='newt', chat='toad@' + DOMAIN
    )
    two.send('/attention toad@' + DOMAIN)
    one.shows_text('Newt wants your attention')
    one.line('/buzz frog@' + DOMAIN)
    one.shows_text('Asked (frog@pond.example|Frog) for attention')


def test_blocked_contact_is_not_received_and_sees_us_offline(s):
    frog = s.peer('frog')
    home = s.home(account(s.server))
    t = s.terminal(home, cols=100)
    t.shows('● Frog')
    frog.receives_presence('available', 'toad@' + DOMAIN)
    t.line('/block frog@' + DOMAIN)
    t.shows_text('Blocked frog@pond.example: the server drops what they send')
    frog.receives_presence('unavailable', 'toad@' + DOMAIN)
    t.line('/block')
    t.shows_text('frog@pond.example +· +Account toad blocks 1 address')
    frog.send('toad@' + DOMAIN, 'do you hear me')
    t.line('/msg frog@%s are you there?' % DOMAIN)
    t.shows_text('You have blocked this address. Use /unblock')
    t.never_shows('do you hear me', 0.3)
    before = len(frog.presences)
    t.type('/unblock f\t\r')
    t.shows_text('Unblocked frog@pond.example')
    t.line('/outbox')
    t.shows_text('frog@pond.example +failed: are you there?')
    t.line('/retry')
    frog.receives('^are you there')
    t.shows_text('1 message is sent again')
    t.line('/retry')
    t.shows_text('In this chat no message failed')
    assert len([m for m in frog.messages if m['body'] == 'are you there?']) == 1
    frog._wait(
        frog.presences,
        lambda p: p['type'] == 'available' and p['from'].bare == 'toad@' + DOMAIN,
        10,
        before,
        'presence of toad',
    )
    t.line('can you hear me now?')
    frog.receives('^can you hear me now')
    frog.send('toad@' + DOMAIN, 'loud and clear')
    t.shows('loud and clear')
    t.line('/block heron@' + DOMAIN)
    t.shows_text('Blocked heron@pond.example')
    t.line('/unblock all')
    t.shows_text('Unblocked all addresses')


def test_blocking_stranger_removes_request(s):
    heron = s.stranger()
    t = s.terminal(s.home(account(s.server)))
    t.shows_text('Online as toad@')
    heron.send('toad@' + DOMAIN, 'buy my fish')
    t.shows('1 request|requests? 1|heron')
    t.line('/requests')
    t.shows_text('heron@pond.example wrote 1 message')
    t.line('/block heron@' + DOMAIN)
    t.shows_text('Blocked heron@pond.example')
    t.line('/requests')
    t.shows_text('No requests')
    t.line('/unblock all')
    t.shows_text('Unblocked all addresses')
