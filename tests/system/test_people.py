"""People: who is there, who may see whom, which of their clients is answered, and what could not be
sent."""
import time
from harness import *


def online(s, rc=None, **kw):
    home = s.home(rc or account(s.server))
    t = s.terminal(home, **kw)
    t.sees('contacts +./2')  # the roster is here
    return home, t


def test_roster_shows_groups_and_presence(s):
    home, t = online(s)
    t.line('/set show-offline true')
    t.sees('Pond +0/2.*Frog.*Newt')
    frog = s.peer('frog')
    t.sees('Pond +1/2.*● Frog')
    t.line('/roster group frog@%s "Old friends" Choir' % DOMAIN)
    t.says('is now in the groups “Old friends”, “Choir”')
    t.sees('Choir.*Frog.*Old friends.*Frog.*Pond +0/1')
    frog.raw("<presence><show>dnd</show><status>counting flies</status></presence>")
    t.line('/msg frog@' + DOMAIN)
    t.sees('busy')
    t.line('/roster')
    t.says('dnd +frog@pond.example +Frog')
    t.line('/roster group frog@%s Pond' % DOMAIN)
    t.sees('Pond +1/2')


def test_info_shows_contact_and_server(s):
    s.peer('frog')
    home, t = online(s)
    t.sees('● Frog')
    t.line('/info frog@%s/peer' % DOMAIN)
    t.says('Frog, subscription both.*peer: online.*software: Slixmpp')
    t.line('/info ' + DOMAIN)
    t.says('(?i)software: ' + SERVER_KIND)


def test_stranger_becomes_contact_and_is_removed(s):
    heron = s.stranger()
    home, t = online(s)
    heron.raw(
        "<presence type='subscribe' to='toad@%s'><status>It is me</status></presence>" % DOMAIN
    )
    t.sees('request')
    t.line('/requests')
    t.says('heron@pond.example asks to see when you are online. It is me')
    t.line('/subscribe allow heron@' + DOMAIN)
    heron.notices('subscribed', 'toad@' + DOMAIN)
    heron.notices('available', 'toad@' + DOMAIN)
    t.line('/subscribe ask heron@%s And you?' % DOMAIN)
    p = heron.notices('subscribe', 'toad@' + DOMAIN)
    assert p['status'] == 'And you?', p
    heron.raw("<presence type='subscribed' to='toad@%s'/>" % DOMAIN)
    t.says('heron@pond.example accepted; you now see their status')
    t.sees('● heron')
    t.line('/subscribe cancel heron@' + DOMAIN)
    heron.notices('unsubscribe', 'toad@' + DOMAIN)
    t.line('/subscribe deny heron@' + DOMAIN)
    heron.notices('unsubscribed', 'toad@' + DOMAIN)
    t.line('/roster remove heron@' + DOMAIN)
    t.gone('[●○] heron')


def test_refused_stranger_leaves_no_messages(s):
    heron = s.stranger()
    home, t = online(s)
    heron.say('toad@' + DOMAIN, 'first word')
    heron.say('toad@' + DOMAIN, 'second word')
    t.sees('request')
    home.has("select count(*) from message where body like '%word'", [(2,)])
    t.line('/requests')
    t.says('heron@pond.example wrote 2 messages, the first: first word')
    t.line('/requests refuse heron@' + DOMAIN)
    t.line('/requests')
    t.says('No requests')
    assert not [p for p in heron.presences if p['from'].bare == 'toad@' + DOMAIN]
    home.has("select count(*) from message where body like '%word'", [(0,)])


def test_reply_goes_to_last_used_client(s):
    desk, phone = s.peer('frog', resource='desk'), s.peer('frog', resource='phone')
    desk.raw("<presence><priority>-1</priority></presence>")
    home, t = online(s)
    t.sees('● Frog')
    desk.say('toad@' + DOMAIN, 'from my desk')
    t.sees('2:Frog 1')
    t.line('/window 2')
    t.line('to your desk')
    m = desk.hears('^to your desk$')
    assert m['to'].resource == 'desk', m
    phone.say('toad@' + DOMAIN, 'from my phone')
    t.sees('from my phone')
    t.line('to your phone')
    phone.hears('^to your phone$')
    assert not [
        m for m in desk.messages if m['body'] == 'to your phone' and m['to'].resource == 'phone'
    ]


def test_failed_message_is_marked(s):
    home, t = online(s)
    t.line('/msg nobody@%s is anybody there?' % DOMAIN)
    t.says('✗ is anybody there')
    t.says('(offline or does not|no longer exists|no such|does not exist)')
    t.line('/quit')
    assert t.ends() == 0
    assert home.rows('select count(*) from message') == [(1,)]
    t = s.terminal(home, '--no-connect')
    t.line('/msg nobody@' + DOMAIN)
    t.says('✗ is anybody there')
    t.line('and without a connection')
    t.says('… and without a connection.*You are offline. Your message is stored')


def test_typing_is_shown_until_message_arrives(s):
    frog = s.peer('frog')
    home, t = online(s)
    t.sees('● Frog')
    t.line('/msg frog@' + DOMAIN)
    frog.raw(
        "<message type='chat' to='toad@%s'><composing "
        "xmlns='http://jabber.org/protocol/chatstates'/></message>" % DOMAIN
    )
    t.sees('is writing')
    frog.say('toad@' + DOMAIN, 'done')
    t.sees('done')
    t.never('is writing', 0.2)


def test_subject_headline_and_encrypted_message_are_shown(s):
    frog = s.peer('frog')
    home, t = online(s)
    t.sees('● Frog')
    t.line('/msg frog@%s subject="Of flies" They are many' % DOMAIN)
    m = frog.hears('They are many')
    assert m['subject'] == 'Of flies', m
    frog.raw(
        "<message type='headline' to='toad@%s'><subject>Weather</subject><body>Rain, at last</body>"
        "</message>" % DOMAIN
    )
    t.sees('Weather')
    t.sees('Rain, at last')
    frog.raw(
        "<message type='chat' to='toad@%s'><body>secret fallback</body>"
        "<encryption xmlns='urn:xmpp:eme:0' namespace='urn:xmpp:otr:0' name='OTR'/></message>"
        % DOMAIN
    )
    t.says('(?i)encrypted')
    t.never('secret fallback', 0.2)


def test_history_scrolls_to_first_message_after_restart(s):
    frog = s.peer('frog')
    home, t = online(s)
    t.sees('● Frog')
    for i in range(150):
        frog.say('toad@' + DOMAIN, 'word number %d' % i)
    t.sees('2:Frog 150')
    t.line('/quit')
    assert t.ends() == 0
    t = s.terminal(home, '--no-connect')
    t.sees('1:console')
    t.line('/msg frog@' + DOMAIN)
    t.sees('word number 149')
    for _ in range(30):
        t.type('\x1b[5~')
        time.sleep(0.03)
    t.sees('No older messages are stored.*word number 0\n.*word number 1\n')
    t.type('\x1b[6~')
    t.gone('word number 0\n')
    t.line('/scroll bottom')
    t.sees('word number 149')


def test_idle_time_of_contact_is_shown(s):
    frog = s.peer('frog')
    t = s.terminal(s.home(account(s.server)))
    t.sees('● Frog')
    frog.raw(
        "<presence><show>away</show><idle xmlns='urn:xmpp:idle:1' since='2026-01-02T03:04:05Z'/>"
        "</presence>"
    )
    t.sees('◐ Frog')
    t.line('/info frog@%s/peer' % DOMAIN)
    t.says('peer: away, priority 0 .*Idle since 2026-01-02 03:04')
    frog.raw("<presence/>")
    t.sees('● Frog')
    t.line('/clear')
    t.line('/info frog@%s/peer' % DOMAIN)
    t.says('peer: online, priority 0')
    t.never('Idle since', 0.3)


def test_attention_is_requested_and_shown(s):
    """Two programs of ours: what one sends rings at the other's, once a minute, and scripts hear of
    it."""
    one = s.terminal(s.home(account(s.server)))
    two = s.headless(s.home(account(s.server, 'newt')))
    one.says('Online as toad@')
    two.event(event='connection', state='online')
    one.sees('● Newt')
    one.line('/msg newt@' + DOMAIN)
    one.line('/attention')
    one.says('Asked Newt for attention')
    assert two.event(event='attention') == dict(
        event='attention', account='newt', chat='toad@' + DOMAIN
    )
    two.say('/attention toad@' + DOMAIN)
    one.says('Newt wants your attention')
    one.line('/buzz frog@' + DOMAIN)
    one.says('Asked (frog@pond.example|Frog) for attention')


def test_blocked_contact_is_not_received_and_sees_us_offline(s):
    frog = s.peer('frog')
    home = s.home(account(s.server))
    t = s.terminal(home, cols=100)
    t.sees('● Frog')
    frog.notices('available', 'toad@' + DOMAIN)
    t.line('/block frog@' + DOMAIN)
    t.says('Blocked frog@pond.example: the server drops what they send')
    frog.notices('unavailable', 'toad@' + DOMAIN)
    t.line('/block')
    t.says('frog@pond.example +· +Account toad blocks 1 address')
    frog.say('toad@' + DOMAIN, 'do you hear me')
    t.line('/msg frog@%s are you there?' % DOMAIN)
    t.says('You have blocked this address. Use /unblock')
    t.never('do you hear me', 0.3)
    before = len(frog.presences)
    t.type('/unblock f\t\r')
    t.says('Unblocked frog@pond.example')
    t.line('/outbox')
    t.says('frog@pond.example +failed: are you there?')
    t.line('/retry')
    frog.hears('^are you there')
    t.says('1 message is sent again')
    t.line('/retry')
    t.says('In this chat no message failed')
    assert len([m for m in frog.messages if m['body'] == 'are you there?']) == 1
    frog._wait(
        frog.presences,
        lambda p: p['type'] == 'available' and p['from'].bare == 'toad@' + DOMAIN,
        10,
        before,
        'presence of toad',
    )
    t.line('can you hear me now?')
    frog.hears('^can you hear me now')
    frog.say('toad@' + DOMAIN, 'loud and clear')
    t.sees('loud and clear')
    t.line('/block heron@' + DOMAIN)
    t.says('Blocked heron@pond.example')
    t.line('/unblock all')
    t.says('Unblocked all addresses')


def test_blocking_stranger_removes_request(s):
    heron = s.stranger()
    t = s.terminal(s.home(account(s.server)))
    t.says('Online as toad@')
    heron.say('toad@' + DOMAIN, 'buy my fish')
    t.sees('1 request|requests? 1|heron')
    t.line('/requests')
    t.says('heron@pond.example wrote 1 message')
    t.line('/block heron@' + DOMAIN)
    t.says('Blocked heron@pond.example')
    t.line('/requests')
    t.says('No requests')
    t.line('/unblock all')
    t.says('Unblocked all addresses')
