/* One account on the wire.  The session outlives its links: each try is a new NjLink, freed inside the hook that tells of its end.
   The keep-alive is one timer that is armed again only when it fires: bytes that arrive move nothing,
   they are looked at when it does. */
#include "xmpp/session.h"

#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "model/client.h"
#include "model/events.h"
#include "model/jid.h"
#include "model/outbox.h"
#include "model/room.h"
#include "model/store.h"
#include "xmpp/login.h"
#include "xmpp/sm.h"
#include "xmpp/xep/xep.h"

#define BACK_OFF_FIRST 800          /* ms; the half of it and more: who is let in again at once is back within a second */
#define BACK_OFF_LAST  (300 * 1000)
#define PATIENT_AFTER  12           /* tries */
#define STABLE_US      (60 * G_USEC_PER_SEC)      /* a link that lived this long starts the back-off anew */
#define ANSWER_US      (15 * G_USEC_PER_SEC)      /* after something was said that has to be answered */
#define OWED_US        (120 * G_USEC_PER_SEC)     /* for an acknowledgement, while other things come before it */
#define STUCK_US       (2 * G_USEC_PER_SEC)
#define WAKE_TIMEOUT_US (8 * G_USEC_PER_SEC)
#define CLOSING_MS     600          /* for acknowledgements, before the stream is closed; the program has two seconds for all of its end */

/* A password that somebody is being asked for; it may be answered after the session is gone. */
typedef struct {
    NjSession *session;
} Question;

struct NjSession {
    NjAccount *account;
    const NjTable *modules;
    NjLinkMaker maker;
    NjPipeline *pipeline;
    NjIqs *iqs;
    NjSm *sm;
    GHashTable *states;         /* NjModule -> what its attach returned */
    NjLink *link;
    bool online;                /* there is a link, and stanzas go both ways */
    bool begun;                 /* the modules were told of a session, which may have no link for a while */
    bool ended;                 /* freed when the loop turns */
    bool paused;
    bool wanted;                /* stay connected: come back after a loss */
    char *domain;
    char *trust_once;
    bool trust_lent;            /* to the link, which has not judged a certificate yet */
    NjCertificate *certificate;
    char *password;             /* as a person gave it, for this run */
    char *refused;              /* the one the server did not take: not tried again unasked */
    char *tried;                /* the one this link was given */
    Question *question;
    bool link_asks;
    guint tries;
    guint retry;                /* source */
    gint64 opened_us, online_us;
    guint keep_alive;           /* source */
    gint64 asked_us;            /* when a sign of life was asked for, 0: none is waited for */
    gint64 owed_us;             /* since when an acknowledgement is waited for, whatever else comes; 0: it came */
    GSource *closing;           /* when patience with what is open ends */
};

static gboolean on_keep_alive(void *data);
static const NjLinkHooks link_hooks;

static bool write_xml(NjXml *xml, void *owner);
static const NjSmHooks sm_hooks;

static void arm_keep_alive(NjSession *session, gint64 delay_us);
static void close_when_settled(NjSession *session);
static void probe(NjSession *session, gint64 timeout_us);

static void
wipe(char **secret)
{
    if (*secret)
        explicit_bzero(*secret, strlen(*secret));
    g_clear_pointer(secret, g_free);
}

static void
stop(guint *source)
{
    if (*source)
        g_source_remove(*source);
    *source = 0;
}

static gint64
option_us(NjSession *session, const char *name)
{
    return nj_options_int(nj_session_client(session)->options, name) * G_USEC_PER_SEC;
}

/* --- life --- */

NjSession *
nj_session_new(NjAccount *account, const NjTable *modules, NjLinkMaker maker)
{
    NjSession *session = g_new0(NjSession, 1);
    session->account = account;
    session->modules = modules;
    session->maker = maker;
    session->domain = nj_jid_domain(account->bare);
    session->pipeline = nj_pipeline_new(modules);
    session->iqs = nj_iqs_new(session);
    session->sm = nj_sm_new(account, &sm_hooks, session);
    session->states = g_hash_table_new(NULL, NULL);
    account->session = session;
    for (guint i = 0; i < nj_table_length(modules); i++) {
        const NjModule *module = nj_table_at(modules, i);
        if (module->attach)
            g_hash_table_insert(session->states, (void *) module, module->attach(session));
    }
    return session;
}

static void
free_link(NjSession *session)
{
    NjLink *link = g_steal_pointer(&session->link);
    if (link)
        link->class->free(link);
}

static gboolean
destroy(void *data)
{
    NjSession *session = data;
    nj_iqs_free(session->iqs);
    nj_sm_free(session->sm);
    for (guint i = nj_table_length(session->modules); i-- > 0;) {
        const NjModule *module = nj_table_at(session->modules, i);
        if (module->detach)
            module->detach(session, g_hash_table_lookup(session->states, module));
    }
    g_hash_table_unref(session->states);
    nj_pipeline_free(session->pipeline);
    nj_certificate_free(session->certificate);
    g_free(session->trust_once);
    g_free(session->domain);
    g_free(session);
    return G_SOURCE_REMOVE;
}

/* Neither bus nor store call for it any more. */
static void
silence(NjSession *session, const void *owner)
{
    NjClient *client = nj_session_client(session);
    nj_bus_forget(client->bus, owner);
    if (client->store)
        nj_store_forget(client->store, owner);
}

static void
silence_state(void *module, void *state, void *session)
{
    (void) module;
    if (state)
        silence(session, state);
}

/* A command may end it from inside an answer or an event, with half of this folder on the stack: it is silent from
   now on, and its memory stays until the loop turns. */
void
nj_session_free(NjSession *session)
{
    if (!session)
        return;
    session->ended = true;
    session->online = session->wanted = false;
    session->account->session = NULL;
    stop(&session->retry);
    stop(&session->keep_alive);
    nj_clock_cancel(&session->closing);
    free_link(session);
    nj_sm_end(session->sm);
    silence(session, session);
    g_hash_table_foreach(session->states, silence_state, session);
    nj_iqs_offline(session->iqs);               /* whoever waits is told; what they ask for now is dropped */
    nj_iqs_drop(session->iqs);
    if (session->question)
        session->question->session = NULL;
    wipe(&session->password);
    wipe(&session->refused);
    wipe(&session->tried);
    g_idle_add(destroy, session);
}

NjSession *
nj_session_of(const NjAccount *account)
{
    return account->session;
}

NjAccount *
nj_session_account(const NjSession *session)
{
    return session->account;
}

NjClient *
nj_session_client(const NjSession *session)
{
    return session->account->client;
}

void *
nj_session_state(const NjSession *session, const NjModule *module)
{
    return g_hash_table_lookup(session->states, module);
}

const NjTable *
nj_session_modules(const NjSession *session)
{
    return session->modules;
}

NjIqs *
nj_session_iqs(const NjSession *session)
{
    return session->iqs;
}

NjPipeline *
nj_session_pipeline(const NjSession *session)
{
    return session->pipeline;
}

const char *
nj_session_domain(const NjSession *session)
{
    return session->domain;
}

const NjXml *
nj_session_features(const NjSession *session)
{
    return session->online ? session->link->class->features(session->link) : NULL;
}

/* What is sent behind the end of the stream reaches nobody. */
bool
nj_session_online(const NjSession *session)
{
    return session->online && session->account->state != NJ_ACCOUNT_CLOSING;
}

bool
nj_session_begun(const NjSession *session)
{
    if (session->ended || session->account->state == NJ_ACCOUNT_CLOSING)
        return false;
    return session->online || (session->begun && nj_sm_can_resume(session->sm));
}

bool
nj_session_send_row(NjSession *session, NjXml *stanza, gint64 row)
{
    if (nj_session_begun(session))
        return nj_sm_send(session->sm, stanza, row);
    nj_xml_free(stanza);
    return false;
}

bool
nj_session_send(NjSession *session, NjXml *stanza)
{
    return nj_session_send_row(session, stanza, 0);
}

bool
nj_session_send_nonza(NjSession *session, NjXml *element)
{
    if (nj_session_online(session))
        return write_xml(element, session);
    nj_xml_free(element);
    return false;
}

NjPeer
nj_session_peer(const NjSession *session, const char *from)
{
    NjAccount *account = session->account;
    if (!from || nj_account_is_own(account, from))
        return NJ_PEER_OWN;
    if (g_str_equal(from, session->domain))
        return NJ_PEER_SERVER;
    const NjContact *contact = nj_roster_find(account->roster, from);
    if (contact && account->show != NJ_SHOW_OFFLINE &&
        (contact->subscription == NJ_SUB_FROM || contact->subscription == NJ_SUB_BOTH))
        return NJ_PEER_CONTACT;
    g_autofree char *bare = nj_jid_bare(from);
    const NjChat *chat = nj_chat_find(account, bare);
    if (chat && chat->kind == NJ_CHAT_ROOM && chat->room->state == NJ_ROOM_IN)
        return NJ_PEER_OCCUPANT;
    return NJ_PEER_STRANGER;
}

/* --- certificates and passwords --- */

static void
keep_certificate(NjSession *session)
{
    const NjCertificate *certificate = session->link ? session->link->class->certificate(session->link) : NULL;
    if (!certificate)
        return;
    if (session->trust_lent)                    /* a link that came to nothing before has not used it up */
        g_clear_pointer(&session->trust_once, g_free);
    session->trust_lent = false;
    nj_certificate_free(session->certificate);
    session->certificate = nj_certificate_copy(certificate);
}

const NjCertificate *
nj_session_certificate(const NjSession *session)
{
    return session->certificate;
}

void
nj_session_forget_password(NjSession *session)
{
    wipe(&session->password);
    wipe(&session->refused);
}

void
nj_session_trust_once(NjSession *session, const char *pin)
{
    g_free(session->trust_once);
    session->trust_once = g_strdup(pin);
    session->trust_lent = false;
}

static void
give_password(NjSession *session, const char *password)
{
    session->link_asks = false;
    wipe(&session->tried);
    session->tried = g_strdup(password);
    session->link->class->password(session->link, password);
}

static void
on_answer(const char *password, const char *why, void *data)
{
    Question *question = data;
    NjSession *session = question->session;
    g_free(question);
    if (!session)
        return;
    session->question = NULL;
    if (password) {
        wipe(&session->password);
        session->password = g_strdup(password);
        wipe(&session->refused);
    } else if (why) {
        nj_client_notice(nj_session_client(session), session->account, NULL, NJ_NOTICE_ERROR, "%s", why);
    }
    if (session->link && session->link_asks)
        give_password(session, password);
}

static void
on_password(NjLink *link, void *owner)
{
    NjSession *session = owner;
    const NjHooks *hooks = &nj_session_client(session)->hooks;
    const char *settled = session->password ? session->password : session->account->settings->password;
    (void) link;
    if (settled && g_strcmp0(settled, session->refused) != 0) {
        give_password(session, settled);
        return;
    }
    session->link_asks = true;
    if (session->question)
        return;                                 /* the question still stands: its answer is for this link */
    if (!hooks->ask_password) {
        give_password(session, NULL);
        return;
    }
    session->question = g_new0(Question, 1);
    session->question->session = session;
    hooks->ask_password(session->account, on_answer, session->question, hooks->owner);
}

/* An account of the command line stands in no file, and is not written to one. */
static bool
is_configured(NjSession *session)
{
    const GPtrArray *accounts = nj_options_accounts(nj_session_client(session)->options);
    for (guint i = 0; i < accounts->len; i++)
        if (g_str_equal(((const NjAccountSettings *) accounts->pdata[i])->name, session->account->settings->name))
            return true;
    return false;
}

/* What was seen once must not be lost: whoever takes SCRAM out of the offer later does not get the password in plain. */
static void
remember_scram(NjSession *session)
{
    NjAccountSettings *settings = session->account->settings;
    int rank = session->link->class->scram_rank(session->link);
    if (rank <= settings->scram_seen)
        return;
    settings->scram_seen = rank;
    if (!is_configured(session))
        return;
    char text[16];
    g_autoptr(GError) error = NULL;
    g_snprintf(text, sizeof text, "%d", rank);
    if (!nj_options_account_set(nj_session_client(session)->options, settings->name, "scram-seen", text, &error))
        g_warning("the login mechanism could not be remembered: %s", error->message);
}

/* --- the link's ups and downs --- */

static void
open_link(NjSession *session)
{
    NjAccount *account = session->account;
    stop(&session->retry);
    session->opened_us = nj_clock_us();
    session->link = session->maker(account->settings, account->bare, session->trust_once, &link_hooks, session);
    session->trust_lent = true;
    nj_account_set_state(account, NJ_ACCOUNT_CONNECTING, NULL);
    if (session->link)
        session->link->class->open(session->link);
}

void
nj_session_connect(NjSession *session)
{
    session->wanted = true;
    if (session->online)
        nj_session_wake(session);
    if (session->link)
        return;
    session->tries = 0;
    open_link(session);
}

void
nj_session_wake(NjSession *session)
{
    NjAccountState state = session->account->state;
    /* A try that began before may wait for an answer from a network that is gone. */
    bool stuck = state == NJ_ACCOUNT_CONNECTING && session->link && !session->link_asks && nj_clock_us() - session->opened_us > STUCK_US;
    if (stuck)
        free_link(session);
    if (session->retry || stuck) {
        session->tries = 0;
        open_link(session);
    } else if (session->online && state == NJ_ACCOUNT_ONLINE) {
        probe(session, WAKE_TIMEOUT_US);
    }
}

static gboolean
on_retry(void *data)
{
    NjSession *session = data;
    session->retry = 0;
    open_link(session);
    return G_SOURCE_REMOVE;
}

/* At first more than once a second, for that is how long a server takes to start again and a network to come back; then ever more rarely, up to
   5 minutes.  Up to half of it is left to chance, so that a server that comes back is not met by everybody at once. */
static void
wait_and_retry(NjSession *session, const char *why)
{
    guint doubled = session->tries < PATIENT_AFTER ? 0 : MIN(session->tries - PATIENT_AFTER + 1, 16);
    guint delay = MIN(BACK_OFF_FIRST << doubled, BACK_OFF_LAST);
    session->tries++;
    delay = delay / 2 + nj_random_below(delay / 2 + 1);
    session->account->retry_us = nj_clock_us() + (gint64) delay * 1000;
    session->retry = g_timeout_add(delay, on_retry, session);
    nj_account_set_state(session->account, NJ_ACCOUNT_WAITING, why);
}

static void
begin(NjSession *session)
{
    session->begun = true;
    for (guint i = 0; i < nj_table_length(session->modules); i++) {
        const NjModule *module = nj_table_at(session->modules, i);
        if (module->online)
            module->online(session);
    }
}

static void
go_on(NjSession *session)
{
    for (guint i = 0; i < nj_table_length(session->modules); i++) {
        const NjModule *module = nj_table_at(session->modules, i);
        if (module->resumed)
            module->resumed(session);
    }
}

static void end_session(NjSession *session);

/* The wire before the news: the first presence waits for nobody who listens.  A session of another run is settled as far as messages go; who is there and
   what we are to others begins anew. */
static void
go_online(NjSession *session)
{
    NjAccount *account = session->account;
    const NjLink *link = session->link;
    const NjXml *resumed = link->class->resumed(link);
    if (!resumed)
        end_session(session);
    if (session->link != link || account->state == NJ_ACCOUNT_CLOSING)
        return;                                 /* somebody who heard of it ended it */
    session->online = true;
    session->paused = false;
    session->online_us = nj_clock_us();
    session->asked_us = session->owed_us = 0;
    nj_iqs_resume(session->iqs);
    nj_account_set_jid(account, resumed ? nj_sm_jid(session->sm) : session->link->class->jid(session->link));
    g_free(session->domain);
    session->domain = nj_jid_domain(account->bare);
    wipe(&session->tried);
    wipe(&session->refused);
    remember_scram(session);
    if (!resumed) {
        nj_sm_begin(session->sm, session->link->class->features(session->link));
        begin(session);
    } else if (nj_sm_resumed(session->sm, resumed) && session->begun) {
        go_on(session);
    } else if (nj_session_online(session)) {
        nj_session_send(session, nj_xml_presence("unavailable", NULL));
        begin(session);
    }
    if (!nj_session_online(session))
        return;                                 /* somebody who heard of it ended it */
    if (!session->asked_us)
        arm_keep_alive(session, option_us(session, "ping-interval"));
    nj_account_set_state(account, NJ_ACCOUNT_ONLINE, NULL);
}

/* The link is gone; the session may come back. */
static void
lose_link(NjSession *session)
{
    if (!session->online)
        return;
    session->online = false;
    if (nj_clock_us() - session->online_us >= STABLE_US)
        session->tries = 0;
    stop(&session->keep_alive);
    nj_clock_cancel(&session->closing);
    nj_sm_suspend(session->sm);
    nj_iqs_suspend(session->iqs);
}

static void
end_session(NjSession *session)
{
    if (!session->begun)
        return;
    session->begun = false;
    nj_iqs_offline(session->iqs);
    for (guint i = nj_table_length(session->modules); i-- > 0;) {
        const NjModule *module = nj_table_at(session->modules, i);
        if (module->offline)
            module->offline(session);
    }
    if (!session->ended)
        nj_roster_offline(session->account->roster);
}

static void
end_link(NjSession *session, const GError *reason)
{
    g_autoptr(GError) why = reason ? g_error_copy(reason) : NULL;       /* the link's, which goes */
    keep_certificate(session);
    free_link(session);
    session->link_asks = false;
    bool again = why && session->wanted && nj_link_error_retry(why->code);
    lose_link(session);
    if (!again || !nj_sm_can_resume(session->sm))
        end_session(session);
    if (why && why->code == NJ_LINK_ERROR_PASSWORD && session->tried) {
        wipe(&session->refused);
        session->refused = g_steal_pointer(&session->tried);
        wipe(&session->password);
    }
    wipe(&session->tried);
    if (session->link || session->ended)
        return;                                 /* somebody who heard of it connects again already, or took the account away */
    if (why && session->wanted && nj_link_error_retry(why->code)) {
        wait_and_retry(session, why->message);
        return;
    }
    end_session(session);
    if (!why && session->wanted) {
        open_link(session);                     /* wanted again while it was closing */
        return;
    }
    session->wanted = false;
    nj_account_set_state(session->account, NJ_ACCOUNT_OFFLINE, why ? why->message : NULL);
}

static void
on_state(NjLink *link, NjLinkState state, const GError *why, void *owner)
{
    NjSession *session = owner;
    if (link != session->link)
        return;
    if (state == NJ_LINK_AUTHENTICATING)
        keep_certificate(session);
    else if (state == NJ_LINK_ONLINE)
        go_online(session);
    else if (state == NJ_LINK_CLOSED)
        end_link(session, why);
}

/* What is on its way is acknowledged and what came is committed before the stream is closed, or else it would come twice, or be in doubt. */
static void
close_when_settled(NjSession *session)
{
    if (!session->closing || !nj_sm_all_settled(session->sm))
        return;
    nj_clock_cancel(&session->closing);
    nj_sm_close(session->sm);
    session->link->class->close(session->link);
}

/* When the server has our unavailable presence, too, no message is on its way to us: one that we had read behind our last <a/> would come once more. */
static void
ask_for_the_rest(NjSession *session)
{
    if (session->closing && !nj_sm_all_acknowledged(session->sm))
        nj_sm_ask(session->sm);
}

static void
on_counted(void *data)
{
    close_when_settled(data);
}

static void
watch_the_store(NjSession *session)
{
    NjStore *store = nj_session_client(session)->store;
    if (session->closing && store)
        nj_store_after(store, on_counted, session, session);
}

static gboolean
on_closing(void *data)
{
    NjSession *session = data;
    nj_clock_cancel(&session->closing);
    end_link(session, NULL);                    /* without </stream:stream>: the next connection resumes the session and settles it */
    return G_SOURCE_REMOVE;
}

void
nj_session_disconnect(NjSession *session)
{
    session->wanted = false;
    stop(&session->retry);
    if (!session->link) {
        end_session(session);
        if (session->account->state != NJ_ACCOUNT_OFFLINE)
            nj_account_set_state(session->account, NJ_ACCOUNT_OFFLINE, NULL);
        return;
    }
    if (session->account->state == NJ_ACCOUNT_CLOSING)
        return;
    bool online = session->online;
    if (online)
        nj_session_send(session, nj_xml_presence("unavailable", NULL));
    nj_account_set_state(session->account, NJ_ACCOUNT_CLOSING, NULL);
    if (!session->link)
        return;                                 /* somebody who heard of it ended it */
    if (!online && nj_sm_can_resume(session->sm)) {
        end_link(session, NULL);                /* the server may have resumed it already: </stream:stream> would end it, and nobody would know what arrived */
        return;
    }
    if (!online) {
        session->link->class->close(session->link);
        return;
    }
    nj_sm_ask(session->sm);
    session->closing = nj_clock_after(CLOSING_MS, on_closing, session);
    watch_the_store(session);
    close_when_settled(session);
}

/* --- keep-alive --- */

/* Something was said that the server has to answer.  Any byte is life. */
static void
expect_life(NjSession *session, gint64 timeout_us)
{
    gint64 last = session->link->class->last_byte_us(session->link);
    if (session->asked_us && last < session->asked_us)
        return;                                 /* the first one that is not answered counts */
    session->asked_us = nj_clock_us();
    stop(&session->keep_alive);
    session->keep_alive = g_timeout_add((guint) (timeout_us / 1000), on_keep_alive, session);
}

static void
on_pong(NjSession *session, const NjXml *stanza, const GError *error, void *data)
{
    (void) data;
    (void) error;
    if (stanza)
        session->owed_us = 0;
}

/* The answer to a ping that was sent before a message says nothing of that message. */
static void
on_pong_behind(NjSession *session, const NjXml *stanza, const GError *error, void *data)
{
    on_pong(session, stanza, error, data);
    if (stanza)
        nj_sm_answered(session->sm);
}

static void
send_ping(NjSession *session, NjIqFunc done)
{
    NjXml *ping = nj_xml_iq("get", session->domain, NULL);
    nj_xml_add_new(ping, "ping", "urn:xmpp:ping");
    nj_iq_send(session, ping, (guint) (option_us(session, "ping-timeout") / G_USEC_PER_SEC) + 5, done, NULL, NULL, session);
}

static void
probe(NjSession *session, gint64 timeout_us)
{
    expect_life(session, timeout_us);           /* first: asking has a patience of its own */
    if (!nj_sm_ask(session->sm))
        send_ping(session, on_pong);
}

static void
give_up_link(NjSession *session)
{
    g_autoptr(GError) why = g_error_new_literal(NJ_LINK_ERROR, NJ_LINK_ERROR_LOST, _("The server stopped answering; the connection is taken for lost."));
    end_link(session, why);
}

/* Where only our direction is dead, bytes go on to come, and no answer is among them. */
static void
wait_for_debt(NjSession *session, gint64 left_us)
{
    if (left_us > 0)
        session->keep_alive = g_timeout_add((guint) (left_us / 1000) + 1, on_keep_alive, session);
    else
        give_up_link(session);
}

static gboolean
on_keep_alive(void *data)
{
    NjSession *session = data;
    gint64 now = nj_clock_us(), last = session->link->class->last_byte_us(session->link);
    gint64 interval = option_us(session, "ping-interval");
    session->keep_alive = 0;
    if (session->asked_us && last < session->asked_us && !session->paused) {       /* what we do not read says nothing */
        give_up_link(session);
        return G_SOURCE_REMOVE;
    }
    session->asked_us = 0;
    if (session->owed_us && !session->paused) {
        wait_for_debt(session, MIN(last + ANSWER_US, session->owed_us + OWED_US) - now);
        return G_SOURCE_REMOVE;
    }
    if (session->paused || now - last < interval - G_USEC_PER_SEC / 2)
        arm_keep_alive(session, session->paused ? interval : MAX(interval - (now - last), G_USEC_PER_SEC / 2));
    else if (interval > 0)
        probe(session, option_us(session, "ping-timeout"));
    return G_SOURCE_REMOVE;
}

/* An interval of 0 means: no pings.  Long ones fall on whole seconds, where GLib lets the accounts share a wake-up. */
static void
arm_keep_alive(NjSession *session, gint64 delay_us)
{
    stop(&session->keep_alive);
    if (option_us(session, "ping-interval") <= 0)
        return;
    if (delay_us >= 10 * G_USEC_PER_SEC)
        session->keep_alive = g_timeout_add_seconds((guint) (delay_us / G_USEC_PER_SEC), on_keep_alive, session);
    else
        session->keep_alive = g_timeout_add((guint) (MAX(delay_us, 0) / 1000 + 1), on_keep_alive, session);
}

/* --- back-pressure --- */

static void
mind_the_store(NjSession *session)
{
    NjStore *store = nj_session_client(session)->store;
    if (!session->paused && session->online && store && nj_store_full(store)) {
        session->paused = true;
        session->link->class->pause(session->link, true);
    }
}

void
nj_session_resume_reading(NjSession *session)
{
    if (!session->paused)
        return;
    session->paused = false;
    if (session->link)
        session->link->class->pause(session->link, false);
}

/* --- stanzas --- */

static void
answer_error(NjSession *session, const NjXml *iq, const char *kind, const char *condition)
{
    nj_session_send(session, nj_xml_error_reply(iq, kind, condition));
}

static void
receive_request(NjSession *session, NjXml *iq, const char *from, NjStanzaKind kind)
{
    NjXml *child = nj_xml_first(iq);
    if (nj_session_peer(session, from) == NJ_PEER_STRANGER)
        answer_error(session, iq, "cancel", "service-unavailable");
    else if (!child || nj_xml_next(child))
        answer_error(session, iq, "modify", "bad-request");
    else if (!nj_pipeline_handle(session->pipeline, session, kind, iq))
        answer_error(session, iq, "cancel",
                     nj_pipeline_knows(session->pipeline, kind, child) ? "feature-not-implemented" : "service-unavailable");
}

static void
receive_iq(NjSession *session, NjXml *iq, const char *from)
{
    const char *type = nj_xml_attr(iq, "type");
    if (!nj_xml_attr(iq, "id"))                 /* no answer to it could be valid (RFC 6120, 8.1.3) */
        g_debug("dropped an iq without an id");
    else if (g_strcmp0(type, "result") == 0 || g_strcmp0(type, "error") == 0)
        nj_iqs_answer(session->iqs, iq);
    else if (g_strcmp0(type, "get") == 0)
        receive_request(session, iq, from, NJ_KIND_IQ_GET);
    else if (g_strcmp0(type, "set") == 0)
        receive_request(session, iq, from, NJ_KIND_IQ_SET);
    else if (nj_session_peer(session, from) != NJ_PEER_STRANGER)
        answer_error(session, iq, "modify", "bad-request");
}

static void
deal_with(NjSession *session, NjXml *stanza)
{
    NjAccount *account = session->account;
    const char *from = nj_xml_attr(stanza, "from"), *to = nj_xml_attr(stanza, "to");
    if (from && !nj_jid_valid(from)) {
        g_debug("dropped a stanza whose sender is no address");
        return;
    }
    if (to && !nj_account_is_own(account, to)) {
        g_debug("dropped a stanza that is not for us");
        return;
    }
    if (nj_xml_is(stanza, "message", NJ_NS_CLIENT))
        nj_pipeline_receive(session->pipeline, session, stanza, from ? from : account->bare);
    else if (nj_xml_is(stanza, "presence", NJ_NS_CLIENT))
        nj_pipeline_handle(session->pipeline, session, NJ_KIND_PRESENCE, stanza);
    else
        receive_iq(session, stanza, from);
}

static bool
is_stanza(const NjXml *xml)
{
    return nj_xml_is(xml, "message", NJ_NS_CLIENT) || nj_xml_is(xml, "presence", NJ_NS_CLIENT) || nj_xml_is(xml, "iq", NJ_NS_CLIENT);
}

/* Whatever becomes of a stanza, it counts; and only after what it brought. */
static void
count(NjSession *session)
{
    if (session->ended)
        return;
    nj_sm_received(session->sm);
    mind_the_store(session);
    watch_the_store(session);
    close_when_settled(session);
}

/* What it brings and its count are committed together: of one without the other a program that is killed in between would make two messages. */
static void
take_stanza(NjSession *session, NjLink *link, NjXml *stanza)
{
    NjClient *client = session->account->client;
    if (client->store)
        nj_store_hold(client->store);
    if (!nj_sm_skips(session->sm))
        deal_with(session, stanza);
    if (link == session->link)              /* else it came from a link that was ended by it */
        count(session);
    if (client->store)
        nj_store_release(client->store);
}

static void
on_stanza(NjLink *link, NjXml *stanza, void *owner)
{
    NjSession *session = owner;
    if (link != session->link || !session->online)
        return;
    if (nj_xml_is(stanza, "a", NJ_NS_SM))
        session->owed_us = 0;
    if (is_stanza(stanza)) {
        take_stanza(session, link, stanza);
    } else if (nj_sm_take(session->sm, stanza)) {
        ask_for_the_rest(session);
        close_when_settled(session);
    } else {
        g_debug("dropped an element that is no stanza");
    }
}

static void
on_skipped(NjLink *link, void *owner)
{
    NjSession *session = owner;
    if (link == session->link && session->online)
        count(session);
}

static bool
wants_items(NjLink *link, const NjXml *head, const NjXml *list, void *owner)
{
    NjSession *session = owner;
    (void) list;
    return link == session->link && session->online && !nj_sm_skips(session->sm) && nj_iqs_wants_items(session->iqs, head);
}

static void
on_item(NjLink *link, const NjXml *head, NjXml *item, void *owner)
{
    NjSession *session = owner;
    if (link == session->link && session->online)
        nj_iqs_item(session->iqs, head, item);
}

static bool
prepare(NjLink *link, NjXml *stanza, gint64 until_us, void *owner)
{
    NjSession *session = owner;
    (void) link;
    return !nj_xml_is(stanza, "message", NJ_NS_CLIENT) || nj_pipeline_prepare(session->pipeline, stanza, until_us);
}

/* --- acknowledgements --- */

static NjXml *
resume(NjLink *link, const NjXml *features, void *owner)
{
    NjSession *session = owner;
    return link == session->link ? nj_sm_resume(session->sm, features) : NULL;
}

static void
not_resumed(NjLink *link, const NjXml *answer, void *owner)
{
    NjSession *session = owner;
    if (link == session->link)
        nj_sm_not_resumed(session->sm, answer);
}

static bool
write_xml(NjXml *xml, void *owner)
{
    NjSession *session = owner;
    if (session->link)
        return session->link->class->send(session->link, xml);
    nj_xml_free(xml);
    return false;
}

static void
on_asked(void *owner)
{
    NjSession *session = owner;
    if (!session->owed_us)
        session->owed_us = nj_clock_us();
    expect_life(session, ANSWER_US);
}

static void
on_broken(const char *sentence, void *owner)
{
    g_autoptr(GError) why = g_error_new_literal(NJ_LINK_ERROR, NJ_LINK_ERROR_PROTOCOL, sentence);
    end_link(owner, why);
}

static void
on_written(gint64 row, void *owner)
{
    nj_message_written(owner, row);
}

static void
on_acknowledged(gint64 row, void *owner)
{
    nj_message_acknowledged(owner, row);
}

static void
on_unsent(gint64 row, void *owner)
{
    nj_message_unsent(owner, row);
}

static void
on_unknown(gint64 row, void *owner)
{
    nj_message_unknown(owner, row);
}

static void
ping(void *owner)
{
    send_ping(owner, on_pong_behind);
}

static const NjSmHooks sm_hooks = { write_xml, on_written, on_acknowledged, on_unsent, on_unknown, on_asked, ping, on_broken };

void
nj_session_store_trouble(NjSession *session, bool trouble)
{
    if (trouble)
        nj_sm_store_trouble(session->sm);
    else if (nj_session_online(session))
        nj_message_pump(session);
}

static const NjLinkHooks link_hooks = { on_state, on_stanza, on_password, wants_items, on_item, prepare, on_skipped, resume, not_resumed };
