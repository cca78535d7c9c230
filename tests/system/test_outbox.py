"""Messages that are queued or unsure."""
import re, threading
from harness import *


def test_unsure_message_waits_for_retry(s):
    """The connection breaks after a message was sent, and neither the server nor an archive knows
    whether it arrived."""
    ids, later_sent, sent_again = [], threading.Event(), threading.Event()

    def log_in(wire):
        """Logs in; server and account announce no archive."""
        plain, received = wire.receives, []

        def collect(pattern, wait=10):
            match = plain(pattern, wait)
            received.append(match.string)
            return match

        wire.receives = collect
        wire.login()
        asked = re.findall(rb'<iq ([^>]*)>\s*<query [^>]*disco#info', received[-1])
        assert len(asked) == 2, received[-1]
        for keys in asked:
            keys = dict(re.findall(r"""(id|to)=['"]([^'"]+)""", keys.decode()))
            wire.send(
                "<iq type='result' id='%s' from='%s'><query "
                "xmlns='http://jabber.org/protocol/disco#info'/></iq>" % (keys['id'], keys['to'])
            )

    def talk(wire, number):
        log_in(wire)
        if number == 0:
            ids.append(
                wire.receives(
                    r"<message [^>]*id=['\"]([^'\"]+)['\"][^>]*>.*?<body>once only</body>"
                ).group(1)
            )
            return
        wire.receives(r"<message [^>]*id=['\"]([^'\"]+)['\"][^>]*>.*?<body>afterwards</body>")
        later_sent.set()
        ids.append(
            wire.receives(
                r"<message [^>]*id=['\"]([^'\"]+)['\"][^>]*>.*?<body>once only</body>"
            ).group(1)
        )
        sent_again.set()
        wire.receives('</stream:stream>', wait=20)

    server = s.scripted_server(talk)
    home = s.home(server.account())
    t = s.terminal(home, cols=100)
    t.shows_text('Online as toad@')
    t.line('/msg frog@' + DOMAIN)
    t.line('once only')
    t.shows(r'\? once only')
    t.line('afterwards')
    assert later_sent.wait(20 * SLOW), server.trouble
    t.line('/outbox')
    t.shows_text('frog@pond.example +may not have arrived: once only')
    assert not sent_again.is_set()
    t.line('/retry')
    t.shows_text('1 message is sent again')
    assert sent_again.wait(10 * SLOW), server.trouble
    assert len(ids) == 2 and ids[0] == ids[1], ids
    t.line('/quit')
    assert t.ends() == 0


def test_quit_reports_queued_messages(s):
    frog = s.peer('frog')
    home = s.home(account(s.server))
    t = s.terminal(home, '--no-connect')
    t.shows_text('1:console')
    t.line('/msg frog@%s later' % DOMAIN)
    t.shows('later')
    t.line('/quit')
    assert t.ends() == 0
    assert (
        t.stderr()
        == 'natterjack: 1 message to frog@pond.example waits; it is sent when you are online '
        'again.\n'
    ), t.stderr()
    t = s.terminal(home)
    frog.receives('^later$')
    t.line('/quit')
    assert t.ends() == 0 and t.stderr() == '', t.stderr()
