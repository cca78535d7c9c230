/* Helpers of the tests of cmd/: a client with all commands, and functions that run a line and check
 * its result. The sessions are real; their connection is a stub that is online at once and counts
 * and drops what is sent. */
#ifndef NJ_TESTS_CMD_FIXTURE_H
#define NJ_TESTS_CMD_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/json.h"
#include "model/events.h"
#include "xmpp/session.h"

typedef struct {
    NjClient *client;
    NjCmd *cmd;
    char *dir;
    int answers; /* number of calls that ended */
    char *code;  /* error code of the last call; NULL: no error */
    char *text;  /* its error sentence */
    char *json;  /* its result as JSON */
} CmdFixture;

extern int test_connections_sent; /* stanzas, of all connections together */

/* accounts: NAME=ADDRESS strings and a NULL at the end, or NULL for no account. */
void cmd_fixture_open(CmdFixture *fixture, const char *const *accounts);

void cmd_fixture_close(CmdFixture *fixture);

NjAccount *cmd_fixture_account(CmdFixture *fixture, const char *name);

/* The callback of a call: stores its end in the fixture, which is data. */
void cmd_fixture_on_answer(const GError *error, NjRecord *result, void *data);

/* Runs a line from this source in this chat (NULL: none). Returns whether the call has ended
 * without an error when this function returns. */
bool run_line_in(CmdFixture *fixture, NjSource source, NjChat *chat, const char *line);

/* As run_line_in(), with the source of -x and no chat. */
bool run_line(CmdFixture *fixture, const char *line);

/* Runs a line and fails unless it succeeds and part is in its result. */
void expect_ok(CmdFixture *fixture, const char *line, const char *part);

/* Runs a line and fails unless it fails with this code and part is in the sentence. */
void expect_failure(CmdFixture *fixture, const char *line, const char *code, const char *part);

/* Iterates the main loop until the condition holds; fails the test after 30 seconds. */
#define wait_until(condition)                                           \
    do {                                                                \
        gint64 wait_end = g_get_monotonic_time() + 30 * G_USEC_PER_SEC; \
        while (!(condition)) {                                          \
            if (g_get_monotonic_time() > wait_end)                      \
                fail_msg("timed out waiting for %s", #condition);       \
            g_main_context_iteration(NULL, FALSE);                      \
            g_usleep(200);                                              \
        }                                                               \
    } while (0)

#endif
