/* XEP-0107: moods. Ours is published with PEP; those of contacts are kept for /info until the
 * session ends. */
#include "xmpp/xep/xep.h"
#include "xmpp/xep/0107.h"
#include "xmpp/xep/0163.h"

#include "base/text.h"

#define NS "http://jabber.org/protocol/mood"
#define MAX_TEXT 1024 /* bytes of a contact's text */

const char *const nj_moods[] = {
    "afraid",      "amazed",     "amorous",     "angry",         "annoyed",    "anxious",
    "aroused",     "ashamed",    "bored",       "brave",         "calm",       "cautious",
    "cold",        "confident",  "confused",    "contemplative", "contented",  "cranky",
    "crazy",       "creative",   "curious",     "dejected",      "depressed",  "disappointed",
    "disgusted",   "dismayed",   "distracted",  "embarrassed",   "envious",    "excited",
    "flirtatious", "frustrated", "grateful",    "grieving",      "grumpy",     "guilty",
    "happy",       "hopeful",    "hot",         "humbled",       "humiliated", "hungry",
    "hurt",        "impressed",  "in_awe",      "in_love",       "indignant",  "interested",
    "intoxicated", "invincible", "jealous",     "lonely",        "lost",       "lucky",
    "mean",        "moody",      "nervous",     "neutral",       "offended",   "outraged",
    "playful",     "proud",      "relaxed",     "relieved",      "remorseful", "restless",
    "sad",         "sarcastic",  "satisfied",   "serious",       "shocked",    "shy",
    "sick",        "sleepy",     "spontaneous", "stressed",      "strong",     "surprised",
    "thankful",    "thirsty",    "tired",       "undefined",     "weak",       "worried",
    NULL,
};

typedef struct {
    const char *word; /* in nj_moods */
    char *text;       /* sanitised; NULL */
} Mood;

static void
mood_free(void *data)
{
    Mood *mood = data;
    g_free(mood->text);
    g_free(mood);
}

/* The module's state: bare address of a contact -> Mood. */
static void *
attach_moods(NjSession *session)
{
    (void) session;
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, mood_free);
}

static void
detach_moods(NjSession *session, void *moods)
{
    (void) session;
    g_hash_table_unref(moods);
}

static void
stop_moods(NjSession *session)
{
    g_hash_table_remove_all(nj_session_state(session, &nj_xep_0107));
}

/* Returns the mood's word in nj_moods; NULL: it has none, or an unknown one. */
static const char *
read_word(const NjXml *payload)
{
    for (NjXml *child = nj_xml_first(payload); child; child = nj_xml_next(child))
        for (gsize i = 0; nj_moods[i]; i++)
            if (nj_xml_is(child, nj_moods[i], NS))
                return nj_moods[i];
    return NULL;
}

static void
on_event(NjSession *session, const char *bare, const NjXml *payload)
{
    GHashTable *moods = nj_session_state(session, &nj_xep_0107);
    const char *word = payload && nj_xml_is(payload, "mood", NS) ? read_word(payload) : NULL;

    if (!word) {
        g_hash_table_remove(moods, bare);
        return;
    }

    g_autofree char *text = nj_xml_child_text(payload, "text", NS);
    Mood *mood = g_new0(Mood, 1);
    mood->word = word;
    mood->text = text && *text ? nj_text_line(text, -1, MAX_TEXT) : NULL;
    g_hash_table_insert(moods, g_strdup(bare), mood);
}

static void
add_info(NjSession *session, const char *address, NjRecord *record, const NjXml *payload)
{
    g_autofree char *bare = nj_jid_bare(address);
    const Mood *mood = g_hash_table_lookup(nj_session_state(session, &nj_xep_0107), bare);

    (void) payload;
    if (!mood)
        return;

    nj_record_set_text(record, "mood", mood->word);
    nj_record_set_text(record, "mood-text", mood->text);
}

void
nj_mood_publish(NjAccount *account, const char *mood, const char *text, NjDone done, void *data)
{
    NjXml *payload = nj_xml_new("mood", NS);
    if (mood)
        nj_xml_add_new(payload, mood, NS);
    if (mood && text && *text)
        nj_xml_add_with_text(payload, "text", NS, text);
    nj_pep_publish(account, payload, done, data);
}

const NjModule nj_xep_0107 = {
    .spec = "XEP-0107",
    .name = N_("User Mood"),
    .doap = { "complete" },
    .features = { NS },
    .events = { { NS, on_event } },
    .info = { .read = add_info },
    .attach = attach_moods,
    .detach = detach_moods,
    .offline = stop_moods,
};
