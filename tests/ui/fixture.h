/* Helpers of the tests of the screen: a client with one account and contacts, and comparisons of a
 * surface with text. */
#ifndef NJ_TESTS_UI_FIXTURE_H
#define NJ_TESTS_UI_FIXTURE_H

#include <locale.h>

#include "../model/fixture.h"
#include "base/clock.h"
#include "model/chat.h"
#include "model/room.h"
#include "ui/surface.h"

#define MINUTE 60000
/* Friday, 20 November 2026, 12:00 UTC */
#define NOON G_GINT64_CONSTANT(1795176000000)

typedef struct {
    char *dir; /* NULL: without a store */
    NjClient *client;
    NjAccount *account;
} UiFixture;

/* Makes the client and stops the clock at NOON until ui_fixture_free(). stored: with a store in a
 * temporary directory. */
UiFixture ui_fixture_new(bool stored);
void ui_fixture_free(UiFixture *fixture);

/* Adds a contact in one group (group may be NULL), with presence unless show is offline. */
void add_person(UiFixture *fixture, const char *address, const char *name, const char *group,
                NjShow show, const char *status);

/* Adds a message to the chat, which owns it. who: NULL for a sent message; for a received one the
 * nick in a room, and any text elsewhere. time in ms. */
NjMessage *say(NjChat *chat, const char *who, gint64 time, const char *body);

/* Fails unless the surface is exactly this text; prints the first row that differs. */
void shows(const NjSurface *surface, const char *wanted);

/* Is part somewhere in the text of the surface? */
bool has(const NjSurface *surface, const char *part);

#endif
