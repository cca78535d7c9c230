/* A room (XEP-0045) as it is seen from inside: who is there, the subject, us. */
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

#define NJ_MAX_OCCUPANTS 20000 /* a larger room is one that makes its people up */

typedef struct {
    char *nick;    /* the wire's spelling */
    char *shown;   /* sanitised */
    char *address; /* the real one, where the room tells; NULL */
    NjRoomRole role;
    NjAffiliation affiliation;
    NjShow show;
    char *status;
    gint64 spoke; /* wall ms of the last line; 0 never */
} NjOccupant;

struct NjRoom {
    NjChat *chat; /* the room's window; owns the room */
    NjRoomState state;
    char *nick;    /* ours, as the room spells it */
    char *subject; /* sanitised; NULL */
    char *subject_by;
    char *why;             /* OUT: the sentence that says why, NULL: we left */
    bool wanted;           /* join again after a reconnect or a restart */
    bool full;             /* all occupants were told (status 110 came) */
    char *password;        /* for this run only */
    GHashTable *occupants; /* nick -> NjOccupant */
};

NjRoom *nj_room_open(NjAccount *account, const char *address,
                     const char *nick /* NULL: as before, or the account's */); /* with its chat */
/* chat.c's: the nick is the account's */
NjRoom *nj_room_new(NjChat *chat);

/* chat.c's */
void nj_room_free(NjRoom *room);

/* NULL */
NjOccupant *nj_room_occupant(NjRoom *room, const char *nick);

/* Puts or changes one; emits occupant_changed.  NULL: there are too many. */
NjOccupant *nj_room_put(NjRoom *room, const char *nick, const char *address, NjRoomRole role,
                        NjAffiliation affiliation, NjShow show, const char *status);

/* emits occupant_removed, then frees */
void nj_room_take_out(NjRoom *room, const char *nick);

/* emits occupant_changed, and room_changed if it is us */
void nj_room_rename(NjRoom *room, const char *old_nick, const char *new_nick);

/* All occupants: before a join, after the end.  room->full is false first, then occupant_removed
 * for each: who comes and goes while it is false is not worth a line. */
void nj_room_clear(NjRoom *room);

/* emits room_changed */
void nj_room_set_state(NjRoom *room, NjRoomState state, const char *why);

/* kept in the store, with our nick */
void nj_room_set_wanted(NjRoom *room, bool wanted);

/* of the room's door; NULL: none */
void nj_room_set_password(NjRoom *room, const char *password);

/* emits room_changed */
void nj_room_set_subject(NjRoom *room, const char *subject, const char *by);

#endif
