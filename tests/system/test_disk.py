"""Disks that are full or read-only: the program reports it at once, loses nothing, sends nothing
that is not stored, and continues by itself. And network file systems."""
import os
from harness import *

SHIM = BUILD + '/tests/shim/disk.so'


def failing(home, word=None, **more):
    """Returns an environment in which calls on history.db fail with the error in the file
    home/disk. word: the error to start with."""
    if not os.path.exists(SHIM):
        raise Skip('tests/shim/disk.so is not built')
    if word:
        set_disk_error(home, word)
    plain = home.env()
    return home.env(
        LD_PRELOAD=':'.join(filter(None, (SHIM, plain.get('LD_PRELOAD')))),
        NJ_DISK=home.dir + '/disk',
        ASAN_OPTIONS='verify_asan_link_order=0:' + plain['ASAN_OPTIONS'],
        **more
    )


def set_disk_error(home, word):
    """Makes calls on history.db fail with this error until home/disk is removed."""
    with open(home.dir + '/disk.new', 'w') as f:
        f.write(word)
    os.rename(home.dir + '/disk.new', home.dir + '/disk')


def test_full_disk_keeps_messages_until_written(s):
    frog = s.peer('frog')
    home = s.home(account(s.server))
    t = s.terminal(home, env=failing(home), cols=120)
    t.shows_text('Online as toad@')
    t.line('/msg frog@%s before' % DOMAIN)
    frog.receives('^before$')
    set_disk_error(home, 'ENOSPC')
    frog.send('toad@' + DOMAIN, 'heard while full')
    t.shows('heard while full')
    t.shows_text('is full: new messages are kept in memory only')
    t.line('said while full')
    t.shows('said while full')
    time.sleep(2)
    assert not [m for m in frog.messages if 'while full' in m['body']], frog.messages
    assert home.rows("select count(*) from message where body like '%while full'") == [(0,)]
    os.unlink(home.dir + '/disk')
    frog.receives('^said while full$', wait=30)
    home.has(
        "select body from message where body like '%while full' order by id",
        [('heard while full',), ('said while full',)],
    )
    t.line('/quit')
    assert t.ends() == 0
    assert len([m for m in frog.messages if 'said while full' in m['body']]) == 1


def test_read_only_disk_at_start_keeps_messages_until_written(s):
    frog = s.peer('frog')
    home = s.home(account(s.server))
    t = s.terminal(home)
    t.shows_text('Online as toad@')
    t.line('/msg frog@%s of old' % DOMAIN)
    frog.receives('^of old$')
    t.line('/quit')
    assert t.ends() == 0
    t = s.terminal(home, env=failing(home, 'EROFS'), cols=120)
    t.shows_text('cannot be written: new messages are kept in memory only')
    t.shows_text('Online as toad@')
    t.line('/msg frog@' + DOMAIN)
    t.shows('of old')
    frog.send('toad@' + DOMAIN, 'heard in between')
    t.shows('heard in between')
    t.line('said in between')
    t.shows('said in between')
    assert home.rows('select body from message') == [('of old',)]
    os.unlink(home.dir + '/disk')
    frog.receives('^said in between$', wait=40)
    home.has(
        'select body from message order by id',
        [('of old',), ('heard in between',), ('said in between',)],
    )
    t.line('/quit')
    assert t.ends() == 0


def test_quit_with_full_disk_asks_first(s):
    """Messages that are only in memory would be lost: /quit asks first, and the program reports
    them."""
    frog = s.peer('frog')
    home = s.home(account(s.server))
    t = s.terminal(home, env=failing(home), cols=120)
    t.shows_text('Online as toad@')
    t.line('/msg frog@%s before' % DOMAIN)
    frog.receives('^before$')
    set_disk_error(home, 'ENOSPC')
    t.line('said while full')
    t.shows_text('is full: new messages are kept in memory only')
    t.line('/quit')
    t.shows_text('1 unsent message would be lost. End anyway')
    t.type('n')
    t.line('said later')
    t.shows('said later')
    t.line('/quit')
    t.shows_text('2 unsent messages would be lost. End anyway')
    t.type('y')
    assert t.ends() == 1
    assert (
        t.stderr() == 'natterjack: 2 messages could be neither written nor sent, and are lost.\n'
    ), t.stderr()
    assert not [m for m in frog.messages if m['body'] != 'before'], frog.messages


def test_network_file_system_stores_and_searches(s):
    """statfs() reports NFS: there is no WAL file, and everything works as on a local disk."""
    frog = s.peer('frog')
    home = s.home(account(s.server))
    env = failing(home, NJ_DISK_KIND='0x6969')
    t = s.terminal(home, env=env, cols=120)
    t.shows_text('Online as toad@')
    t.line('/msg frog@%s over the network' % DOMAIN)
    frog.receives('^over the network$')
    for i in range(50):
        frog.send('toad@' + DOMAIN, 'line %d heliotrope' % i)
    t.shows('line 49 heliotrope')
    home.has("select count(*) from message where body like 'line %'", [(50,)])
    assert not os.path.exists(home.database + '-wal')
    t.line('/search heliotrope')
    t.shows('line 49 heliotrope')
    t.line('/quit')
    assert t.ends() == 0
    t = s.terminal(home, env=env, cols=120)
    t.shows_text('Online as toad@')
    t.line('/msg frog@' + DOMAIN)
    t.shows('line 49 heliotrope')
    t.line('/quit')
    assert t.ends() == 0
