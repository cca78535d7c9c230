"""Chats with a contact, in a room, with strangers."""
import time
from harness import *


def online(s, rc=None, **kw):
    home = s.home(rc or account(s.server))
    t = s.terminal(home, **kw)
    t.shows(r'(?i)online|logged in')
    return home, t


def test_chat_sends_receives_and_stores(s):
    frog = s.peer('frog')
    home, t = online(s)
    t.line('/msg frog@%s hello frog' % DOMAIN)
    frog.receives('^hello frog$')
    t.line('a second line, // and all')
    frog.receives('a second line')
    t.line('//me with a slash')
    frog.receives('^/me with a slash$')
    frog.send('toad@' + DOMAIN, 'hello toad 🐸 漢字 שלום é')
    t.shows('hello toad')
    t.shows('漢 ?字')
    t.line('/quit')
    assert t.ends() == 0
    bodies = [r[0] for r in home.rows('select body from message order by time, id')]
    assert bodies == [
        'hello frog',
        'a second line, // and all',
        '/me with a slash',
        'hello toad 🐸 漢字 שלום é',
    ], bodies
    t = s.terminal(home)
    t.shows(r'(?i)online|logged in')
    t.line('/msg frog@' + DOMAIN)
    t.shows('hello toad')
    t.shows('hello frog')
    t.line('/quit')
    assert t.ends() == 0


def test_unread_chat_is_shown_and_opened_by_key(s):
    frog = s.peer('frog')
    home, t = online(s)
    t.line('/window console')
    frog.send('toad@' + DOMAIN, 'are you there?')
    t.shows(r'2:Frog 1')
    t.type('\x1ba')
    t.shows('are you there')


def test_control_characters_do_not_reach_screen(s):
    frog = s.peer('frog')
    home, t = online(s)
    t.line('/msg frog@' + DOMAIN)
    frog.send('toad@' + DOMAIN, 'red \u009b31m csi \u202e bidi \u0085 nel')
    t.shows('csi')
    assert b'\xc2\x9b' not in t.raw and b'\xc2\x85' not in t.raw
    t.line('/quit')
    t.ends()


def test_paste_is_one_message(s):
    frog = s.peer('frog')
    home, t = online(s)
    t.line('/msg frog@' + DOMAIN)
    t.shows(r'frog@|Frog')
    t.paste('one\r\ntwo\nthree')
    t.shows('three')
    t.type('\r')
    frog.receives('^one\ntwo\nthree$')
    t.paste('whole\nlines\n')  # the last newline ends a line and does not start one
    t.shows('lines')
    t.type('\r')
    frog.receives(r'^whole\nlines\Z')


def test_long_paste_asks_first(s):
    frog = s.peer('frog')
    home, t = online(s)
    t.line('/msg frog@' + DOMAIN)
    t.paste('\n'.join('line %d' % i for i in range(30)))
    t.type('\r')
    t.shows(r'30')
    t.type('n')
    time.sleep(0.5)
    assert not [m for m in frog.messages if 'line 3' in m['body']]
    t.paste('\n'.join('line %d' % i for i in range(30)))
    t.type('\r')
    t.shows(r'30')
    t.type('e')
    t.shows('line 29')
    t.type('\r')
    t.shows(r'30')
    t.type('y')
    frog.receives('line 29')


def test_drafts_stay_with_their_chats(s):
    home, t = online(s)
    t.line('/msg frog@' + DOMAIN)
    t.type('half a sentence for frog')
    t.shows('half a sentence')
    t.type('\x1b1')
    t.shows(r'\[1:console\]')
    t.gone('half a sentence')
    t.line('/msg newt@' + DOMAIN)
    t.shows(r'\[3:')
    t.never_shows('half a sentence', 0.5)
    t.line('/window frog@' + DOMAIN)
    t.shows('half a sentence for frog')


def test_room_join_talk_and_close(s):
    newt = s.peer('newt')
    newt.join()
    home, t = online(s, cols=100)
    t.line('/join %s toad' % ROOM)
    t.shows('newt')
    t.line('hello room')
    newt.receives('^hello room$')
    newt.send(ROOM, 'hello toad, and welcome', 'groupchat')
    t.shows('and welcome')
    newt.raw("<message to='%s' type='groupchat'><subject>About water</subject></message>" % ROOM)
    t.shows('About water')
    t.line('/me waves')
    newt.receives('^/me waves$')
    t.shows('toad waves')
    assert len([m for m in newt.messages if m['body'] == 'hello room']) == 1
    t.line('/close')
    t.gone('hello room')
    t.line('/quit')
    assert t.ends() == 0
    own = home.rows("select count(*) from message where body = 'hello room'")
    assert own == [(1,)], own


def test_nick_conflict_is_reported(s):
    newt = s.peer('newt')
    newt.join()
    home, t = online(s)
    t.line('/join %s newt' % ROOM)
    t.shows(r'(?i)nick|name')
    t.shows(r'(?i)taken|in use|already')


def test_message_of_stranger_waits_for_acceptance(s):
    heron = s.stranger()
    home, t = online(s)
    heron.send('toad@' + DOMAIN, 'buy my fish')
    heron.raw("<presence type='subscribe' to='toad@%s'/>" % DOMAIN)
    t.shows(r'(?i)request')
    t.never_shows('buy my fish', 1)
    t.line('/requests accept heron@' + DOMAIN)
    heron.receives_presence('subscribed', 'toad@' + DOMAIN)
    t.line('/msg heron@' + DOMAIN)
    t.shows('buy my fish')


def test_contact_is_renamed_pinged_and_sees_status(s):
    frog = s.peer('frog')
    home, t = online(s)
    t.shows('Pond +1/2')  # the roster has arrived
    t.line('/roster rename frog@%s Grandmother Frog' % DOMAIN)
    t.shows('Grandmother')
    t.line('/roster rename frog@%s Frog' % DOMAIN)
    t.line('/ping frog@%s/peer' % DOMAIN)
    t.shows(r'ms')
    t.line('/status away gone fishing')
    frog._wait(
        frog.presences,
        lambda p: p['type'] == 'away' and p['status'] == 'gone fishing',
        10,
        0,
        'away presence',
    )


def test_server_restart_reconnects(s):
    own = s.keep(Server(s.home().dir + '/server'))
    home = s.home(account(own))
    t = s.terminal(home)
    t.shows(r'(?i)online|logged in')
    own.stop()
    t.shows(r'(?i)again|lost|closed|shut|broke|retry|trying')
    t.type('typed meanwhile')
    t.shows('typed meanwhile')
    own.start()
    t.line('')
    end = now() + 30 * SLOW
    while own.logins('toad') < 2 and now() < end:
        time.sleep(0.2)
    assert own.logins('toad') >= 2, own.log()[-2000:]


def test_two_accounts_are_online_at_once(s):
    home = s.home(account(s.server) + account(s.server, 'newt'))
    frog = s.peer('frog')
    t = s.terminal(home)
    frog.receives_presence('available', 'toad@' + DOMAIN)
    t.shows('toad.*newt|newt.*toad')
    t.line('/toad:msg frog@%s from toad' % DOMAIN)
    m = frog.receives('^from toad$')
    assert m['from'].bare == 'toad@' + DOMAIN
