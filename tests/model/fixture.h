/* Helpers of the tests of the model: a temporary data directory, a store in it, a client with one
 * account, messages. */
#ifndef NJ_TESTS_MODEL_FIXTURE_H
#define NJ_TESTS_MODEL_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <glib/gstdio.h>

#include "model/events.h"

/* Makes an empty directory; the caller passes the path to drop_dir(). */
char *make_dir(void);

/* Removes dir with its files (not with directories in it) and frees the path. */
void drop_dir(char *dir);

/* Opens the store in dir; the test fails if that fails. */
NjStore *open_store(const char *dir);

/* A client without a store and without connections; its one account is toad@pond.example. */
NjClient *make_client(void);
NjAccount *first_account(NjClient *client);

/* A message between toad and frog; time in ms. The caller owns a reference. */
NjMessage *make_message(gint64 time, bool out, const char *body);

#endif
