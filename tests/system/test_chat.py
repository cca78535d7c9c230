"""Talking: with a contact, in a room, with strangers."""
import time
from harness import *


def online(s, rc=None, **kw):
    home = s.home(rc or account(s.server))
    t = s.terminal(home, **kw)
    t.sees(r'(?i)online|logged in')
    return home, t


def test_chat_sends_receives_and_stores(s):
    frog = s.peer('frog')
    home, t = online(s)
    t.line('/msg frog@%s hello frog' % DOMAIN)
    frog.hears('^hello frog$')
    t.line('a second line, // and all')
    frog.hears('a second line')
    t.line('//me with a slash')
    frog.hears('^/me with a slash$')
    frog.say('toad@' + DOMAIN, 'hello toad 🐸 漢字 שלום é')
    t.sees('hello toad')
    t.sees('漢 ?字')
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
    t.sees(r'(?i)online|logged in')
    t.line('/msg frog@' + DOMAIN)
    t.sees('hello toad')
    t.sees('hello frog')
    t.line('/quit')
    assert t.ends() == 0


def test_unread_chat_is_shown_and_opened_by_key(s):
    frog = s.peer('frog')
    home, t = online(s)
    t.line('/window console')
    frog.say('toad@' + DOMAIN, 'are you there?')
    t.sees(r'2:Frog 1')
    t.type('\x1ba')
    t.sees('are you there')


def test_control_characters_do_not_reach_screen(s):
    frog = s.peer('frog')
    home, t = online(s)
    t.line('/msg frog@' + DOMAIN)
    frog.say('toad@' + DOMAIN, 'red \u009b31m csi \u202e bidi \u0085 nel')
    t.sees('csi')
    assert b'\xc2\x9b' not in t.raw and b'\xc2\x85' not in t.raw
    t.line('/quit')
    t.ends()


def test_paste_is_one_message(s):
    frog = s.peer('frog')
    home, t = online(s)
    t.line('/msg frog@' + DOMAIN)
    t.sees(r'frog@|Frog')
    t.paste('one\r\ntwo\nthree')
    t.sees('three')
    t.type('\r')
    frog.hears('^one\ntwo\nthree$')
    t.paste('whole\nlines\n')  # the end of the last one is no line of its own
    t.sees('lines')
    t.type('\r')
    frog.hears(r'^whole\nlines\Z')


def test_long_paste_asks_first(s):
    frog = s.peer('frog')
    home, t = online(s)
    t.line('/msg frog@' + DOMAIN)
    t.paste('\n'.join('line %d' % i for i in range(30)))
    t.type('\r')
    t.sees(r'30')
    t.type('n')
    time.sleep(0.5)
    assert not [m for m in frog.messages if 'line 3' in m['body']]
    t.paste('\n'.join('line %d' % i for i in range(30)))
    t.type('\r')
    t.sees(r'30')
    t.type('e')
    t.sees('line 29')
    t.type('\r')
    t.sees(r'30')
    t.type('y')
    frog.hears('line 29')


def test_drafts_stay_with_their_chats(s):
    home, t = online(s)
    t.line('/msg frog@' + DOMAIN)
    t.type('half a sentence for frog')
    t.sees('half a sentence')
    t.type('\x1b1')
    t.sees(r'\[1:console\]')
    t.gone('half a sentence')
    t.line('/msg newt@' + DOMAIN)
    t.sees(r'\[3:')
    t.never('half a sentence', 0.5)
    t.line('/window frog@' + DOMAIN)
    t.sees('half a sentence for frog')


def test_room_join_talk_and_close(s):
    newt = s.peer('newt')
    newt.join()
    home, t = online(s, cols=100)
    t.line('/join %s toad' % ROOM)
    t.sees('newt')
    t.line('hello room')
    newt.hears('^hello room$')
    newt.say(ROOM, 'hello toad, and welcome', 'groupchat')
    t.sees('and welcome')
    newt.raw("<message to='%s' type='groupchat'><subject>About water</subject></message>" % ROOM)
    t.sees('About water')
    t.line('/me waves')
    newt.hears('^/me waves$')
    t.sees('toad waves')
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
    t.sees(r'(?i)nick|name')
    t.sees(r'(?i)taken|in use|already')


def test_message_of_stranger_waits_for_acceptance(s):
    heron = s.stranger()
    home, t = online(s)
    heron.say('toad@' + DOMAIN, 'buy my fish')
    heron.raw("<presence type='subscribe' to='toad@%s'/>" % DOMAIN)
    t.sees(r'(?i)request')
    t.never('buy my fish', 1)
    t.line('/requests accept heron@' + DOMAIN)
    heron.notices('subscribed', 'toad@' + DOMAIN)
    t.line('/msg heron@' + DOMAIN)
    t.sees('buy my fish')


def test_contact_is_renamed_pinged_and_sees_status(s):
    frog = s.peer('frog')
    home, t = online(s)
    t.sees('Pond +1/2')  # the roster is here
    t.line('/roster rename frog@%s Grandmother Frog' % DOMAIN)
    t.sees('Grandmother')
    t.line('/roster rename frog@%s Frog' % DOMAIN)
    t.line('/ping frog@%s/peer' % DOMAIN)
    t.sees(r'ms')
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
    t.sees(r'(?i)online|logged in')
    own.stop()
    t.sees(r'(?i)again|lost|closed|shut|broke|retry|trying')
    t.type('typed meanwhile')
    t.sees('typed meanwhile')
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
    frog.notices('available', 'toad@' + DOMAIN)
    t.sees('toad.*newt|newt.*toad')
    t.line('/toad:msg frog@%s from toad' % DOMAIN)
    m = frog.hears('^from toad$')
    assert m['from'].bare == 'toad@' + DOMAIN
