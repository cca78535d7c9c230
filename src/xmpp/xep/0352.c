/* XEP-0352: sends the server the state "inactive" while the user does not look at the terminal, so
 * that the server can delay presence and chat states. The user does not look when the terminal has
 * had no focus for a minute, or when no key was pressed for five minutes. Without a terminal the
 * state stays active, because a program reads the events and wants all of them. */
#include "xmpp/xep/xep.h"

#include <string.h>

#include "model/idle.h"

#define NS "urn:xmpp:csi:0"
#define OPTION "client-state"
#define KEYLESS_US (5 * 60 * G_USEC_PER_SEC)

typedef struct {
    NjSession *session;
    bool inactive; /* the state that was last sent in this stream */
} State;

/* Does the server of the current stream support client states? */
static bool
is_offered(const State *state)
{
    const NjXml *features = nj_session_features(state->session);
    return nj_session_online(state->session) && features && nj_xml_child(features, "csi", NS);
}

static bool
may_become_inactive(const State *state)
{
    const NjClient *client = nj_session_client(state->session);
    return is_offered(state) && !client->headless && nj_options_bool(client->options, OPTION);
}

/* Sends the state if it has changed. A key emits person_changed only if none was pressed for
 * NJ_CLIENT_REST_US. So the focus must be gone for that long, too, before we become inactive:
 * otherwise the next key would not make us active again. */
static void
update_state(void *data)
{
    State *state = data;
    NjClient *client = nj_session_client(state->session);

    gint64 keyless_us = may_become_inactive(state) ? KEYLESS_US : 0;
    bool inactive = nj_idle_watch(client, keyless_us, NJ_CLIENT_REST_US, update_state, state);
    if (inactive != state->inactive && nj_session_online(state->session))
        nj_session_send_nonza(state->session, nj_xml_new(inactive ? "inactive" : "active", NS));
    state->inactive = inactive;
}

static void
on_option_changed(NjOption *option, void *owner)
{
    if (strcmp(option->name, OPTION) == 0)
        update_state(owner);
}

static void *
attach_client_state(NjSession *session)
{
    NjClient *client = nj_session_client(session);
    State *state = g_new0(State, 1);
    state->session = session;
    nj_idle_watch(client, 0, 0, update_state, state);
    nj_on_option_changed(client->bus, on_option_changed, state);
    return state;
}

static void
detach_client_state(NjSession *session, void *data)
{
    (void) session;
    g_free(data);
}

/* Sections 4 and 5.2: each new stream begins in the state active, also one that resumes a
 * session. */
static void
begin_stream(NjSession *session)
{
    State *state = nj_session_state(session, &nj_xep_0352);
    state->inactive = false;
    update_state(state);
}

static void
stop_watch(NjSession *session)
{
    nj_idle_watch(nj_session_client(session), 0, 0, update_state,
                  nj_session_state(session, &nj_xep_0352));
}

const NjModule nj_xep_0352 = {
    .spec = "XEP-0352",
    .name = N_("Client State Indication"),
    .doap = { "complete" },
    .after = { "RFC 6121 (4)" },
    .attach = attach_client_state,
    .detach = detach_client_state,
    .online = begin_stream,
    .offline = stop_watch,
    .resumed = begin_stream,
};
