/* A room (XEP-0045): its occupants, its subject, our nick and state in it. */
#ifndef NJ_MODEL_ROOM_H
#define NJ_MODEL_ROOM_H

#include "base/base.h"
#include "model/chat.h"
#include "model/roster.h"

typedef enum { NJ_ROOM_OUT, NJ_ROOM_JOINING, NJ_ROOM_IN } NjRoomState;
typedef enum { NJ_OCCUPANT_VISITOR, NJ_OCCUPANT_PARTICIPANT, NJ_OCCUPANT_MODERATOR } NjRoomRole;
typedef enum {
    NJ_AFFILIATION_OUTCAST,
    NJ_AFFILIATION_NONE,
    NJ_AFFILIATION_MEMBER,
    NJ_AFFILIATION_ADMIN,
    NJ_AFFILIATION_OWNER
} NjAffiliation;

#define NJ_MAX_OCCUPANTS 20000 /* of one room; a room could invent occupants to fill our memory */

typedef struct {
    char *nick;    /* as the room sends it */
    char *shown;   /* nick, sanitised */
    char *address; /* real address; NULL: the room does not disclose it */
    NjRoomRole role;
    NjAffiliation affiliation;
    NjShow show;
    char *status;
    gint64 spoke; /* Unix ms of the occupant's last message; 0: none */
} NjOccupant;

struct NjRoom {
    NjChat *chat; /* owns the room */
    NjRoomState state;
    char *nick;            /* ours, as the room spells it */
    char *subject;         /* sanitised; NULL: none */
    char *subject_by;      /* nick of its author, sanitised; NULL: unknown */
    char *why;             /* OUT: a sentence with the reason; NULL: the user left */
    bool wanted;           /* the room is joined again after a reconnection or a restart */
    bool full;             /* all occupants are known: status 110 was received */
    char *password;        /* of the room, not stored; NULL: none */
    GHashTable *occupants; /* nick -> NjOccupant */
};

/* Finds or opens the room and its chat. nick: our nick; ignored while we are in the room or joining
 * it. NULL: the room keeps its nick, which is that of the account at first. */
NjRoom *nj_room_open(NjAccount *account, const char *address, const char *nick);

/* Called only by model/chat.c. The nick is that of the account. */
NjRoom *nj_room_new(NjChat *chat);
void nj_room_free(NjRoom *room);

/* Finds an occupant; NULL: none has that nick. */
NjOccupant *nj_room_occupant(NjRoom *room, const char *nick);

/* Adds or changes an occupant; emits occupant_changed if it changes. The texts are copied. Returns
 * NULL if the room has NJ_MAX_OCCUPANTS already. */
NjOccupant *nj_room_put(NjRoom *room, const char *nick, const char *address, NjRoomRole role,
                        NjAffiliation affiliation, NjShow show, const char *status);

/* Removes an occupant: emits occupant_removed, then frees it. */
void nj_room_take_out(NjRoom *room, const char *nick);

/* Changes a nick; emits occupant_changed, and room_changed if it is ours. */
void nj_room_rename(NjRoom *room, const char *old_nick, const char *new_nick);

/* Removes all occupants, before a join or after leaving: sets room->full to false, then emits
 * occupant_removed for each. Listeners display no line for joins and leaves while full is false. */
void nj_room_clear(NjRoom *room);

/* Sets state and reason (copied); emits room_changed if they change. */
void nj_room_set_state(NjRoom *room, NjRoomState state, const char *why);

/* Stores whether the room shall be joined again, with our nick. */
void nj_room_set_wanted(NjRoom *room, bool wanted);

/* Sets the password for joining; NULL: none. The old one is wiped. */
void nj_room_set_password(NjRoom *room, const char *password);

/* Sanitises and sets the subject; emits room_changed if it changes. */
void nj_room_set_subject(NjRoom *room, const char *subject, const char *by);

#endif
