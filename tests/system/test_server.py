"""Servers that send invalid data, lie or fall silent. The program must not crash, block, let
control characters through or reconnect rapidly; it reports the error, and the prompt stays
usable."""
import base64, socket, threading, time
from harness import *

FROG = 'frog@' + DOMAIN
STANZA_ERROR = 'urn:ietf:params:xml:ns:xmpp-stanzas'

# Stanzas that the client drops or answers with an error, and the stream continues.
NONSENSE = (
    "<message/>",
    "<message><body>from nowhere</body></message>",
    "<message from=''><body>from nobody</body></message>",
    "<message from='@@@///'><body>from nonsense</body></message>",
    "<message from='%s/a' type='no-such-type' id=''><body>of no type</body></message>" % FROG,
    "<message from='%s/a' type='error'/>" % FROG,
    "<message from='%s/a' type='groupchat'><body>from no room</body></message>" % FROG,
    "<message from='%s/a' type='chat'><body xmlns='urn:other'>in another namespace</body></message>"
    % FROG,
    "<message from='%s/a' type='chat'><delay xmlns='urn:xmpp:delay' stamp='the day after'/>"
    "<body>never</body></message>" % FROG,
    "<message from='%s/a' type='chat'><delay xmlns='urn:xmpp:delay' "
    "stamp='9999999-99-99T99:99:99Z'/></message>" % FROG,
    "<message from='%s/a' type='chat'><thread/><subject/>"
    "<active xmlns='http://jabber.org/protocol/chatstates'/></message>" % FROG,
    "<presence/>",
    "<presence from='frog'/>",
    "<presence type='no-such-type' from='%s'/>" % FROG,
    "<presence from='%s/a'><priority>99999999999999999999</priority><show>sleeping</show>"
    "</presence>" % FROG,
    "<presence from='%s/b'><c xmlns='http://jabber.org/protocol/caps' hash='md6' node='' ver=''/>"
    "<status>%s</status></presence>" % (FROG, 'x' * 70000),
    "<iq/>",
    "<iq type='get'/>",
    "<iq type='get' id=''><ping xmlns='urn:xmpp:ping'/></iq>",
    "<iq type='set' id='1'/>",
    "<iq type='no-such-type' id='2' from='%s/a'><ping xmlns='urn:xmpp:ping'/></iq>" % FROG,
    "<iq type='result' id='nobody-asked' from='%s/a'><query xmlns='jabber:iq:roster'>"
    "<item jid='evil@example.org' subscription='both'/></query></iq>" % FROG,
    "<iq type='error' id='nobody-asked'/>",
    "<iq type='set' id='forged' from='%s/a'><query xmlns='jabber:iq:roster'>"
    "<item jid='evil@example.org' subscription='both'/></query></iq>" % FROG,
    "<iq type='set' id='3'><query xmlns='jabber:iq:roster'/></iq>",
    "<iq type='set' id='4'><query xmlns='jabber:iq:roster'><item/></query></iq>",
    "<iq type='set' id='5'><query xmlns='jabber:iq:roster'><item jid='@@' subscription='both'/>"
    "</query></iq>",
    "<iq type='get' id='6' from='%s/a'><query xmlns='http://jabber.org/protocol/disco#info' "
    "node='%s'/></iq>" % (FROG, 'n' * 9000),
    "<no-stanza xmlns='urn:of-mine'/>",
    "<stream:features/>",
    "<message from='%s/a' id='%s' type='chat'><body>with a long id</body></message>"
    % (FROG, 'i' * 9000),
    "<message from='%s/a' type='chat'>%s</message>" % (FROG, '<a>' * 90 + '</a>' * 90),
    # Any stranger can send these, however deep, wide or long, so they must not end the stream.
    "<message from='%s/a' type='chat'>%s</message>" % (FROG, '<a>' * 5000 + '</a>' * 5000),
    "<message from='%s/a' type='chat'><body>%s</body></message>" % (FROG, '<a/>' * 1500),
    "<message from='%s/a' type='chat'><a b='%s'/><body>x</body></message>" % (FROG, 'c' * 70000),
)


def test_invalid_stanzas_are_dropped_and_stream_continues(s):
    def talk(wire, number):
        wire.login()
        for stanza in NONSENSE:
            wire.send(stanza)
            wire.answers_ping()
        wire.send(
            "<message xmlns:z='urn:z' from='%s/good' z:from='evil@example.org/x' z:type='error' "
            "type='chat'><body>who said this?</body></message>" % FROG
        )
        wire.answers_ping()
        time.sleep(0.5)

    server = s.scripted_server(talk)
    home = s.home(server.account())
    t = s.terminal(home)
    server.finished(20)
    assert server.connections == 1
    t.line('/msg ' + FROG)
    t.shows('who said this')
    t.shows('with a long id')
    home.has("select count(*) from message where body = 'who said this?'", [(1,)])
    bodies = [r[0] for r in home.rows('select body from message order by time, id')]
    # A stanza without a sender is from our account (RFC 6120, 8.1.2.1); an unknown type is normal.
    assert bodies == [
        'from nowhere',
        'of no type',
        'never',
        'with a long id',
        'who said this?',
    ], bodies
    assert 'evil' not in t.text()
    t.type('still here')
    t.shows('still here')


def test_control_characters_of_any_stanza_do_not_reach_terminal(s):
    bad = 'a\u009b31mb\u202ec\u0085d\u2028e\u0007f'.replace('\u0007', '')

    def talk(wire, number):
        wire.login()
        wire.send(
            "<iq type='set' id='p1'><query xmlns='jabber:iq:roster'>"
            "<item jid='%s' name='Roster%s' subscription='both'><group>Group%s</group></item>"
            "</query></iq>" % (FROG, bad, bad)
        )
        wire.send(
            "<presence from='%s/res%s'><show>away</show><status>Status%s</status></presence>"
            % (FROG, bad, bad)
        )
        wire.send(
            "<message type='chat' from='%s/x'><subject>Subject%s</subject><body>Body%s</body>"
            "</message>" % (FROG, bad, bad)
        )
        wire.send(
            "<message type='chat' from='stranger@example.org/x'><body>Stranger%s</body></message>"
            % bad
        )
        wire.send(
            "<presence type='subscribe' from='asker@example.org'><status>Asks%s</status></presence>"
            % bad
        )
        wire.answers_ping()
        to = (
            wire.receives(r"""<presence [^>]*to=['"](room@rooms[^/]*)/toad['"]""").group(1).decode()
        )
        for nick, code in (('Nick' + bad, ''), ('toad', "<status code='110'/>")):
            wire.send(
                "<presence from='%s/%s'><status>%s</status>"
                "<x xmlns='http://jabber.org/protocol/muc#user'>"
                "<item affiliation='none' role='participant'/>%s</x></presence>"
                % (to, nick, bad, code)
            )
        wire.send(
            "<message type='groupchat' from='%s/Nick%s'><body>In the room%s</body></message>"
            % (to, bad, bad)
        )
        wire.send(
            "<message type='groupchat' from='%s/Nick%s'><subject>Topic%s</subject></message>"
            % (to, bad, bad)
        )
        wire.answers_ping()
        wire.send(
            "<presence type='unavailable' from='%s/toad'>"
            "<x xmlns='http://jabber.org/protocol/muc#user'><item role='none'>"
            "<reason>Reason%s</reason></item>"
            "<status code='307'/><status code='110'/></x></presence>" % (to, bad)
        )
        wire.send(
            "<stream:error><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
            "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>Words%s</text></stream:error>" % bad
        )

    server = s.scripted_server(talk)
    t = s.terminal(s.home(server.account()), cols=100, rows=40)
    t.shows('● toad')
    t.line('/requests')
    t.line('/roster')
    t.line('/info ' + FROG)
    t.line('/window 2')
    t.shows('Body')
    t.line('/join room@rooms.%s toad' % DOMAIN)
    t.shows_text('Reason')
    t.line('/window console')
    t.shows_text('Words')
    for raw in (b'\xc2\x9b', b'\xc2\x85', '\u2028'.encode(), '\u202e'.encode()):
        at = t.raw.find(raw)
        assert at < 0, (raw, t.raw[max(0, at - 60) : at + 20])


def test_invalid_xml_ends_stream_with_condition(s):
    poisons = [
        ('restricted-xml|not-well-formed', "<!DOCTYPE a [<!ENTITY b 'c'>]><message/>"),
        ('restricted-xml', "<?php echo 1 ?>"),
        ('restricted-xml', "<!-- hello -->"),
        (
            'not-well-formed|bad-format|unsupported-encoding',
            b"<message from='frog@pond.example'><body>\xff\xfe\xc0\x80</body></message>",
        ),
        ('not-well-formed', "<message from='frog@pond.example'><body>&#27;[31m</body></message>"),
        ('not-well-formed|restricted-xml', "<message><body>&undefined;</body></message>"),
        ('not-well-formed', "<message></presence>"),
        ('not-well-formed|bad-namespace-prefix|invalid-namespace', "<q:message/>"),
        ('policy-violation', '<message>' + '<a>' * 100001),
        ('policy-violation', "<message><a b='%s'/></message>" % ('c' * 600000)),
        ('not-well-formed', "\x00\x01\x02 GET / HTTP/1.1"),
    ]

    def talk(wire, number):
        wire.login()
        if number < len(poisons):
            wire.send(poisons[number][1])
            wire.receives_stream_error('(%s)' % poisons[number][0])
        else:
            wire.answers_ping()
            over.wait(20 * SLOW)

    over = threading.Event()
    server = s.scripted_server(talk)
    t = s.terminal(s.home(server.account()))
    for number in range(len(poisons)):
        server.finished()
        if number == 0:
            t.shows_text('sent something that XMPP does not allow')
        # The pauses between automatic tries grow, so /connect is typed; it is repeated because a
        # client that is still closing the old connection ignores it.
        end = now() + 20 * SLOW
        while server.connections < number + 2 and now() < end:
            t.type('\x03')
            t.line('/connect')
            until(lambda: server.connections >= number + 2, 1)
    t.shows('● toad')
    assert server.connections == len(poisons) + 1, server.connections


def stream_error(condition, more=''):
    return (
        "<stream:error><%s xmlns='urn:ietf:params:xml:ns:xmpp-streams'>%s</%s></stream:error>"
        "</stream:stream>" % (condition, more, condition)
    )


def one_error(s, condition, sentence, comes_back, more=''):
    def talk(wire, number):
        wire.login()
        if number == 0:
            wire.send(stream_error(condition, more))
            wire.receives('</stream:stream>')
        else:
            wire.answers_ping()
            again.set()
            over.wait(20 * SLOW)

    again, over = threading.Event(), threading.Event()
    server = s.scripted_server(talk)
    t = s.terminal(s.home(server.account()))
    t.shows_text(sentence)
    if comes_back:
        assert again.wait(10 * SLOW)
        t.shows('● toad')
    else:
        time.sleep(1.6)
    assert server.connections == (2 if comes_back else 1), server.connections
    t.type('still here')
    t.shows('still here')
    over.set()


def test_conflict_error_does_not_reconnect(s):
    one_error(s, 'conflict', 'Another client has connected with the same resource', False)


def test_host_unknown_error_does_not_reconnect(s):
    one_error(s, 'host-unknown', 'does not serve this domain', False)


def test_system_shutdown_error_reconnects(s):
    one_error(s, 'system-shutdown', 'is shutting down', True)


def test_see_other_host_without_tls_is_not_followed(s):
    other = s.scripted_server(lambda wire, number: wire.receives('.'))
    one_error(
        s,
        'see-other-host',
        'redirects this account to another host',
        True,
        '127.0.0.1:%d' % other.port,
    )
    assert other.connections == 0


def test_repeated_stream_errors_do_not_cause_rapid_logins(s):
    def talk(wire, number):
        wire.login()
        wire.send(stream_error('undefined-condition'))

    server = s.scripted_server(talk)
    t = s.terminal(s.home(server.account()))
    t.shows_text('without a known reason')
    before, begun = server.connections, now()
    assert until(lambda: server.connections > before)
    time.sleep(4)
    # At least half a second passes between two logins.
    assert server.connections - before <= (now() - begun) / 0.4 + 1, (
        before,
        server.connections,
        now() - begun,
    )
    t.type('still here')
    t.shows('still here')


def test_server_without_xmpp_is_reported(s):
    def talk(wire, number):
        wire.send('HTTP/1.0 400 Bad Request\r\nServer: pond\r\n\r\n<html>' + 'x' * 20000)

    t = s.terminal(s.home(s.scripted_server(talk).account()))
    t.shows_text('does not speak XMPP')


def test_invalid_login_is_refused(s):
    """Features without a usable mechanism, a success without a server proof, an invalid address."""

    def no_way(wire, number):
        wire.header(
            "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>X-GUESS</mechanism>"
            "</mechanisms>"
        )
        wire.receives('</stream:stream>')
        assert b'<auth' not in wire.got

    def unproved(wire, number):
        wire.header(
            "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
            "<mechanism>SCRAM-SHA-1</mechanism></mechanisms>"
        )
        wire.receives('</auth>')
        wire.send("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
        wire.receives('</stream:stream>')

    def elsewhere(wire, number):
        wire.header(
            "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism>"
            "</mechanisms>"
        )
        wire.receives('</auth>')
        wire.send("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
        wire.header("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>")
        wire.send(
            "<iq type='result' id='%s'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
            "<jid>@@nonsense</jid></bind></iq>"
            % wire.receives_request('urn:ietf:params:xml:ns:xmpp-bind')
        )
        wire.receives('</stream:stream>')

    for talk, sentence in (
        (no_way, r'login mechanism'),
        (unproved, r'login|prove|password'),
        (elsewhere, 'that cannot belong to it'),
    ):
        server = s.scripted_server(talk)
        t = s.terminal(s.home(server.account()))
        t.shows_text(sentence)
        server.finished()
        t.never_shows('Online as', 0.2)


def test_end_during_pbkdf2_is_clean(s):
    """PBKDF2 of SCRAM (RFC 5802, 5.1) runs on its own thread, which may end at the moment at which
    the program ends."""

    def talk(wire, number):
        wire.header(
            "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
            "<mechanism>SCRAM-SHA-1</mechanism></mechanisms>"
        )
        first = base64.b64decode(wire.receives('<auth[^>]*>([^<]*)</auth>').group(1)).decode()
        challenge = 'r=%sx,s=%s,i=%d' % (
            first[first.index('r=') + 2 :],
            base64.b64encode(b'salt of the pond').decode(),
            5000 + 3000 * number,
        )
        wire.send(
            "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>%s</challenge>"
            % base64.b64encode(challenge.encode()).decode()
        )
        counting.set()
        wire.receives('</stream:stream>')
        wire.send('</stream:stream>')

    counting = threading.Event()
    server = s.scripted_server(talk)
    for turn in range(30):
        counting.clear()
        h = s.headless(s.home(server.account()))
        assert counting.wait(10 * SLOW), server.trouble
        h.process.terminate()
        assert h.process.wait(5 * SLOW) == 0, h.stderr()


def test_tls_none_is_refused_for_remote_host(s):
    t = s.terminal(
        s.home(
            '[account toad]\naddress = toad@%s\npassword = pond\nhost = 192.0.2.1\ntls = none\n'
            % DOMAIN
        )
    )
    t.shows_text('only for a server on this computer')


def test_flood_does_not_delay_prompt(s):
    def talk(wire, number):
        wire.login()
        wire.send(
            ''.join(
                "<message from='%s/a' type='chat'><body>line %d of the flood</body></message>"
                % (FROG, i)
                for i in range(3000)
            )
        )
        wire.answers_ping()
        said.set()
        over.wait(30 * SLOW)

    said, over = threading.Event(), threading.Event()
    server = s.scripted_server(talk)
    home = s.home(server.account())
    t = s.terminal(home)
    t.shows('● toad')
    t.line('/msg ' + FROG)
    for word in ('one', 'two', 'three'):
        t.type(word)
        t.shows(r'› ' + word, wait=2)
        t.type('\x03')
    assert said.wait(30 * SLOW), server.trouble
    t.shows('line 2999 of the flood')
    home.has('select count(*) from message', [(3000,)])
    over.set()


def test_unanswered_ping_ends_connection(s):
    def talk(wire, number):
        wire.login()
        wire.receives('urn:xmpp:ping')
        if number == 0:
            time.sleep(2.5)
        else:
            time.sleep(0.5)

    server = s.scripted_server(talk)
    t = s.terminal(s.home('[options]\nping-interval = 1\nping-timeout = 1\n' + server.account()))
    t.shows('● toad')
    t.shows_text(
        'Online as .* (does not answer|no answer|silent|silence|lost|not heard|not '
        'responding|stopped)'
    )
    assert t.process.poll() is None


def test_silent_server_at_any_login_step_does_not_block(s):
    gone = threading.Event()

    def step(number):
        def talk(wire, connection):
            if number > 0:
                wire.header(
                    "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
                    "<mechanism>PLAIN</mechanism></mechanisms>"
                )
            if number > 1:
                wire.receives('</auth>')
                wire.send("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
            if number > 2:
                wire.header("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>")
            if number > 3:
                wire.send(
                    "<iq type='result' id='%s'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
                    "<jid>toad@%s/desk</jid></bind></iq>"
                    % (wire.receives_request('urn:ietf:params:xml:ns:xmpp-bind'), DOMAIN)
                )
            gone.wait(20 * SLOW)

        return talk

    try:
        for number in range(5):
            server = s.scripted_server(step(number))
            t = s.terminal(s.home(server.account()))
            t.shows('toad')
            time.sleep(0.2)
            t.type('step %d' % number)
            t.shows('› step %d' % number)
            begun = now()
            t.process.terminate()
            assert t.ends(3) == 0
            assert now() - begun < 2 * SLOW, number
    finally:
        gone.set()


def test_server_that_does_not_read_does_not_block(s):
    gone = threading.Event()

    def talk(wire, number):
        wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire.login()
        gone.wait(20 * SLOW)

    server = s.scripted_server(talk)
    home = s.home(server.account())
    t = s.terminal(home)
    t.shows('● toad')
    try:
        with open(home.fifo, 'w') as f:
            for i in range(100):
                f.write('/msg %s line %d %s\n' % (FROG, i, 'x' * 60000))
        t.line('/msg ' + FROG)
        t.type('typed meanwhile')
        t.shows('typed meanwhile')
        t.shows('x{20}')
        begun = now()
        t.process.terminate()
        assert t.ends(3) == 0
        assert now() - begun < 2 * SLOW
        rows = home.rows("select count(*) from message where body like 'line %'")
        assert rows == [(100,)], rows
    finally:
        gone.set()
