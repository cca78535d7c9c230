/* XEP-0352: the server hears that nobody looks, and holds back what can wait: presence, who types.
 * Nobody looks when the terminal has had no focus for a minute, or when no key has come for five;
 * without a terminal somebody always does, for who reads events wants all of them.
 *
 * A timer is armed for the moment that may come and looks again when it does: keys move nothing. */
#include "xmpp/xep/xep.h"

#include "base/clock.h"

#define NS "urn:xmpp:csi:0"
#define OPTION "client-state"
#define IDLE_US (5 * 60 * G_USEC_PER_SEC)

typedef struct {
    NjSession *session;
    gint64 left_us; /* since when nobody looks; 0: somebody does */
    bool inactive;  /* as this connection was told */
    GSource *timer;
} State;

static gboolean on_timer(void *data);

/* A key is heard of when none came for NJ_CLIENT_REST_US, so that is how long the focus may be gone
 * before we say so: it can always be taken back. */
static gint64
leaves_at(const State *state)
{
    const NjClient *client = nj_session_client(state->session);
    gint64 idle = client->active_us + IDLE_US;
    return state->left_us ? MIN(idle, MAX(state->left_us, client->active_us) + NJ_CLIENT_REST_US)
                          : idle;
}

static bool
is_offered(const State *state)
{
    const NjClient *client = nj_session_client(state->session);
    const NjXml *features = nj_session_features(state->session);
    return nj_session_online(state->session) && features && nj_xml_child(features, "csi", NS)
           && !client->headless && nj_options_bool(client->options, OPTION);
}

static void
settle(State *state)
{
    gint64 left = leaves_at(state) - nj_clock_us();
    bool offered = is_offered(state), inactive = offered && left <= 0;
    nj_clock_cancel(&state->timer);
    if (inactive != state->inactive && nj_session_online(state->session))
        nj_session_send_nonza(state->session, nj_xml_new(inactive ? "inactive" : "active", NS));
    state->inactive = inactive;
    if (offered && !inactive)
        state->timer = nj_clock_after((guint) (left / 1000 + 1), on_timer, state);
}

static gboolean
on_timer(void *data)
{
    settle(data);
    return G_SOURCE_REMOVE;
}

static void
on_person_changed(NjClient *client, void *owner)
{
    State *state = owner;
    if (client->looking)
        state->left_us = 0;
    else if (!state->left_us)
        state->left_us = nj_clock_us();
    settle(state);
}

static void
on_option_changed(NjOption *option, void *owner)
{
    if (g_str_equal(option->name, OPTION))
        settle(owner);
}

static void *
attach(NjSession *session)
{
    NjClient *client = nj_session_client(session);
    State *state = g_new0(State, 1);
    state->session = session;
    state->left_us = client->looking ? 0 : nj_clock_us();
    nj_on_person_changed(client->bus, on_person_changed, state);
    nj_on_option_changed(client->bus, on_option_changed, state);
    return state;
}

static void
detach(NjSession *session, void *data)
{
    State *state = data;
    (void) session;
    nj_clock_cancel(&state->timer);
    g_free(state);
}

/* 4, 5.2: a stream begins as active, also one that is resumed. */
static void
begin(NjSession *session)
{
    State *state = nj_session_state(session, &nj_xep_0352);
    state->inactive = false;
    settle(state);
}

static void
offline(NjSession *session)
{
    State *state = nj_session_state(session, &nj_xep_0352);
    nj_clock_cancel(&state->timer);
}

const NjModule nj_xep_0352 = {
    .spec = "XEP-0352",
    .name = N_("Client State Indication"),
    .after = { "RFC 6121 (4)" },
    .attach = attach,
    .detach = detach,
    .online = begin,
    .offline = offline,
    .resumed = begin,
};
