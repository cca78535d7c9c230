"""Client state indication (XEP-0352): after a minute without focus the server holds back presence
and sends it when the terminal gets the focus again. For make check-long."""
import time
from harness import *


def test_inactive_client_gets_presence_when_focused_again(s):
    server = s.keep(Server(s.home().dir + '/server', log='debug'))
    frog = s.keep(Peer(server, 'frog'))
    t = s.terminal(s.home(account(server)))
    t.shows('contacts +1/2')
    t.line('/msg frog@' + DOMAIN)
    t.shows('Frog›')
    t.type('\x1b[O')  # the terminal has lost the focus
    end = now() + 90
    while SERVER_KIND == 'prosody' and '<inactive' not in server.log():
        assert now() < end, 'the server never received <inactive/>'
        time.sleep(1)
    # After Prosody has flushed its queue it holds nothing back for five seconds.
    time.sleep(8 if SERVER_KIND == 'prosody' else 65)
    frog.raw('<presence><show>dnd</show></presence>')
    time.sleep(2)
    assert 'busy' not in t.text(), 'the presence was not held back'
    frog.send('toad@' + DOMAIN, 'this matters')
    t.shows('this matters')
    frog.raw('<presence><show>away</show></presence>')
    t.type('\x1b[I')
    t.shows('Frog +away')
