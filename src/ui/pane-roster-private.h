/* The rows of the roster pane, shared by pane-roster-rows.c, which keeps them in order, and
 * pane-roster.c, which draws them and moves the selection. No other file includes this header. */
#ifndef NJ_UI_PANE_ROSTER_PRIVATE_H
#define NJ_UI_PANE_ROSTER_PRIVATE_H

#include "ui/pane.h"

typedef enum {
    NJ_ROSTER_ACCOUNT,  /* heading of an account */
    NJ_ROSTER_REQUESTS, /* how many requests an account has */
    NJ_ROSTER_GROUP,    /* heading of a group */
    NJ_ROSTER_ROOM,
    NJ_ROSTER_CONTACT
} NjRosterKind;

/* The sections of an account, in the order of their rows. */
typedef enum {
    NJ_ROSTER_SECTION_HEAD,
    NJ_ROSTER_SECTION_REQUESTS,
    NJ_ROSTER_SECTION_ROOMS,
    NJ_ROSTER_SECTION_GROUPS,
    NJ_ROSTER_SECTION_UNGROUPED /* contacts without a group */
} NjRosterSection;

/* A group of contacts; the rooms and the contacts without a group are groups, too. */
typedef struct {
    NjRosterSection section;
    char *name;          /* NULL unless the section is GROUPS */
    char *key;           /* collation key of the name */
    GSequenceIter *iter; /* row of its heading; NULL: not shown */
    guint shown;         /* how many rows are below the heading */
    guint online, total; /* numbers of contacts, also of those without a row */
} NjRosterGroup;

typedef struct NjRosterAccount NjRosterAccount;

typedef struct {
    NjRosterKind kind;
    NjRosterAccount *account;
    NjRosterGroup *group; /* NULL unless the kind is GROUP, ROOM or CONTACT */
    NjContact *contact;   /* NULL unless the kind is CONTACT */
    NjChat *chat;         /* NULL unless the kind is ROOM */
    int rank;             /* of a contact, from its presence: 0 comes first */
    char *key;            /* collation key of the label; NULL for headings */
    GSequenceIter *iter;  /* its place in NjRosterRows.rows */
} NjRosterRow;

struct NjRosterAccount {
    NjAccount *account;
    guint number;            /* accounts are sorted by it: the order in which they were added */
    GSequenceIter *head;     /* row of its heading; NULL: not shown */
    GSequenceIter *requests; /* row of its requests; NULL: not shown */
    GHashTable *groups;      /* name -> NjRosterGroup */
    NjRosterGroup *ungrouped, *rooms;
};

typedef struct {
    NjPane *pane;            /* redrawn when a row changes */
    GSequence *rows;         /* of NjRosterRow */
    GSequenceIter *selected; /* NULL: no row, such as while the pane does not get the keys */
    guint online, total;     /* numbers of contacts of all accounts */

    GHashTable *accounts;  /* NjAccount -> NjRosterAccount */
    GHashTable *entries;   /* NjContact -> its rows, see pane-roster-rows.c */
    GHashTable *room_rows; /* NjChat -> NjRosterRow */
    guint next_number;
    bool show_offline; /* option show-offline */
} NjRosterRows;

/* Lists all accounts and follows their events from now on. */
NjRosterRows *nj_roster_rows_new(NjPane *pane);
void nj_roster_rows_free(NjRosterRows *rows);

/* Returns the row of a room, or the row of the contact of a chat (in its first group). Returns NULL
 * if there is no such row. */
GSequenceIter *nj_roster_rows_find(NjRosterRows *rows, NjChat *chat);

#endif
