"""Rooms: refused joins, kicks, private messages, mentions, rejoining."""
import time
from harness import *

NS_ADMIN, NS_OWNER = 'http://jabber.org/protocol/muc#admin', 'http://jabber.org/protocol/muc#owner'


def online(s, **kw):
    home = s.home(account(s.server))
    t = s.terminal(home, cols=100, **kw)
    t.shows_text('Online as toad@')
    return home, t


def made_room(s, name, **settings):
    """newt creates a room and configures it; returns (address, newt)."""
    newt = s.peer('newt')
    room = '%s@rooms.%s' % (name, DOMAIN)
    newt.join(room)
    newt.receives_presence('available', room)
    if settings:
        newt.configure(room, **{'muc#roomconfig_' + k: v for k, v in settings.items()})
    return room, newt


def enter(t, room, words=''):
    """Joins the room, in which newt is."""
    t.line('/join %s toad%s' % (room, words))
    t.shows(re.escape(room) + r' \(2\)')


def test_room_with_password_is_joined_with_it(s):
    room, newt = made_room(s, 'cellar', passwordprotectedroom='1', roomsecret='toadstool')
    home, t = online(s)
    t.line('/join %s toad' % room)
    t.shows_text(r'This room requires a password')
    enter(t, room, ' password=toadstool')
    t.line('let me in')
    newt.receives('^let me in$')
    t.line('/quit')
    assert t.ends() == 0
    assert b'toadstool' not in home.everything()


def test_members_only_room_refuses_others(s):
    room, newt = made_room(s, 'club', membersonly='1')
    home, t = online(s)
    t.line('/join %s toad' % room)
    t.shows_text(r'Only members may enter')
    newt.affiliate(room, 'member', 'toad@' + DOMAIN)
    enter(t, room)
    newt.affiliate(room, 'none', 'toad@' + DOMAIN)
    t.shows_text(r'no longer a member')


def test_banned_user_cannot_join_room(s):
    room, newt = made_room(s, 'terrace')
    newt.affiliate(room, 'outcast', 'toad@' + DOMAIN)
    home, t = online(s)
    t.line('/join %s toad' % room)
    t.shows_text(r'You are banned from this room')
    assert ask(home, '/window list')[0] == 0


def test_kicked_user_sees_reason_and_joins_again(s):
    room, newt = made_room(s, 'pier')
    home, t = online(s)
    enter(t, room)
    newt.raw(
        "<iq type='set' id='kick' to='%s'><query xmlns='%s'><item nick='toad' role='none'>"
        "<reason>Too loud</reason></item></query></iq>" % (room, NS_ADMIN)
    )
    t.shows(r'You were kicked from this room')
    t.shows_text(r'Too loud')
    t.line('can you hear me?')
    t.shows_text(r'You are not in this room')
    t.shows('pier› can you hear me')  # the text is still in the prompt
    t.type('\x03')
    t.line('/join ' + room)
    t.shows(r'\(2\)')
    t.line('sorry')
    newt.receives('^sorry$')
    assert not [m for m in newt.messages if 'can you hear' in m['body']]


def test_destroyed_room_shows_reason(s):
    room, newt = made_room(s, 'bridge')
    home, t = online(s)
    enter(t, room)
    newt.raw(
        "<iq type='set' id='d1' to='%s'><query xmlns='%s'><destroy><reason>High water</reason>"
        "</destroy></query></iq>" % (room, NS_OWNER)
    )
    t.shows(r'destroyed')
    t.shows_text(r'High water')


def test_private_message_in_room_has_own_window(s):
    room, newt = made_room(s, 'corner')
    home, t = online(s)
    enter(t, room)
    newt.send(room + '/toad', 'only for you')
    t.shows(r'3:newt 1')
    t.line('/window 3')
    t.shows('only for you')
    t.line('only for newt')
    m = newt.receives('^only for newt$')
    assert m['type'] == 'chat' and m['from'] == room + '/toad', m
    t.line('/window 2')
    t.shows(r'\[2:')
    t.never_shows('only for', 0.3)


def test_occupant_joins_changes_nick_and_leaves(s):
    room, newt = made_room(s, 'hall')
    home, t = online(s)
    enter(t, room)
    frog = s.peer('frog')
    frog.join(room, 'Kröte')
    t.shows('Kröte')
    frog.raw("<presence to='%s/frog'/>" % room)
    t.shows('frog')
    frog.send(room, 'toad: are you here?', 'groupchat')
    t.shows('are you here')
    frog.raw("<presence type='unavailable' to='%s/frog'/>" % room)
    newt.receives_presence('unavailable', room, nick='frog')
    t.shows(re.escape(room) + r' \(2\)')
    t.line('/names')
    t.shows(r'2 occupants: \S+, \S+')


def test_mention_in_background_room_is_highlighted(s):
    room, newt = made_room(s, 'garden')
    home, t = online(s)
    enter(t, room)
    t.line('/window console')
    newt.send(room, 'nobody in particular', 'groupchat')
    newt.send(room, 'Toad, look at this', 'groupchat')
    t.shows(r'2:garden\S* 2')
    t.wrote(lambda raw: b'\x07' in raw)
    t.type('\x1ba')
    t.shows('look at this')
    t.shows('new')  # the separator above the unread messages


def test_subject_is_shown_and_change_is_refused(s):
    room, newt = made_room(s, 'tower')
    home, t = online(s)
    enter(t, room)
    t.line('/subject Frogs and newts')
    t.shows_text(r'(?i)not allowed|may not|forbidden')
    newt.raw("<message to='%s' type='groupchat'><subject>Of owls</subject></message>" % room)
    t.shows('Of owls')


def test_room_is_rejoined_after_server_restart(s):
    own = s.keep(Server(s.home().dir + '/server'))
    home = s.home(account(own))
    t = s.terminal(home)
    t.shows_text('Online as toad@')
    t.line('/join %s toad' % ROOM)
    t.shows('You have created this room')
    own.stop()
    t.shows('✗ toad')
    own.start()
    frog = s.keep(Peer(own, 'frog'))
    frog.join()
    t.shows(r'\(2\)', wait=20)
    t.line('here again')
    frog.receives('^here again$')
