"""Plain-text logs (option text-logs)."""
import os, re
from harness import *


def test_text_logs_are_turned_on_and_off(s):
    frog, newt = s.peer('frog'), s.peer('newt')
    newt.join()
    home = s.home(account(s.server))
    logs = home.dir + '/logs'
    t = s.terminal(home)
    t.shows('● Frog')
    t.line('/msg frog@%s before' % DOMAIN)
    frog.receives('^before$')
    t.line('/set text-logs ~/logs')
    t.shows('text-logs = ')
    t.line('first line')
    frog.receives('^first line$')
    frog.send('toad@' + DOMAIN, 'two\nlines')
    t.shows('lines')
    t.line('/join ' + ROOM)
    t.shows('newt')
    newt.send(ROOM, 'to the room', 'groupchat')
    t.shows('to the room')
    t.line('/set text-logs default')
    t.shows('text-logs = +│')
    newt.send(ROOM, 'off the log', 'groupchat')
    t.shows('off the log')
    t.line('/quit')
    assert t.ends() == 0
    place = logs + '/toad@' + DOMAIN
    text = open('%s/frog@%s.log' % (place, DOMAIN)).read()
    assert re.fullmatch(
        r'(\S+ \S+) <toad> first line\n\S+ \S+ <Frog> two\n {25}lines\n', text
    ), text
    assert re.match(r'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+0000 ', text), text
    room = open('%s/%s.log' % (place, ROOM)).read()
    assert re.search(r'<newt> to the room\n', room) and 'off the log' not in room, room
    for where, folders, files in os.walk(logs):
        assert os.stat(where).st_mode & 0o777 == 0o700, where
        for name in files:
            assert os.stat(os.path.join(where, name)).st_mode & 0o777 == 0o600, name


def test_text_logs_without_directory_are_reported(s):
    frog = s.peer('frog')
    home = s.home('[options]\ntext-logs = /proc/nowhere\n' + account(s.server))
    t = s.terminal(home)
    t.shows_text('Cannot create the directory /proc/nowhere')
    t.shows('● Frog')
    t.line('/msg frog@%s all the same' % DOMAIN)
    frog.receives('^all the same$')
    t.line('/quit')
    assert t.ends() == 0


def test_relative_text_log_path_starts_at_home(s):
    """A relative path is relative to $HOME, not to the working directory."""
    frog = s.peer('frog')
    home = s.home(account(s.server))
    house = home.dir + '/house'
    os.mkdir(house)
    t = s.terminal(home, env=home.env(HOME=house))
    t.shows('● Frog')
    t.line('/set text-logs logs')
    t.shows('text-logs = logs')
    t.line('/msg frog@%s at home' % DOMAIN)
    frog.receives('^at home$')
    t.line('/quit')
    assert t.ends() == 0
    assert 'at home' in open('%s/logs/toad@%s/frog@%s.log' % (house, DOMAIN, DOMAIN)).read()
    assert not os.path.exists(home.dir + '/logs')


def test_stranger_is_logged_when_accepted(s):
    heron = s.stranger()
    home = s.home('[options]\ntext-logs = ~/logs\n' + account(s.server))
    t = s.terminal(home)
    t.shows_text('Online as toad@')
    heron.send('toad@' + DOMAIN, 'a word')
    heron.send('toad@' + DOMAIN, 'and another')
    t.shows('1 request')
    path = '%s/logs/toad@%s/heron@%s.log' % (home.dir, DOMAIN, DOMAIN)
    assert not os.path.exists(path)
    t.line('/requests accept heron@' + DOMAIN)
    t.shows('and another')
    heron.send('toad@' + DOMAIN, 'thank you')
    t.shows('thank you')
    t.line('/quit')
    assert t.ends() == 0
    assert re.findall('> (.*)', open(path).read()) == ['a word', 'and another', 'thank you']
