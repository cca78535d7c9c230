/* /search and /history: find messages, go to a date, import logs of other programs.
 *
 * At the prompt a search opens the pane that lists the hits; without a screen, and for scripts, the
 * hits are the result of the call. */
#include "cmd/history.h"

#include <string.h>

#include "base/clock.h"
#include "cmd/call.h"
#include "cmd/topic.h"
#include "cmd/when.h"
#include "model/import.h"

#define MAX_HITS 50 /* of a search without limit=, unless the list on the screen shows them */
/* With more messages that are not in the word index yet, a notice says that the search waits. */
#define MANY_UNINDEXED 20000
#define PROGRESS_MS 3000 /* between two progress notices of an import */

/* The store; NULL if it is not open yet: the call has failed. */
static NjStore *
ready_store(NjCall *call)
{
    NjStore *store = nj_call_client(call)->store;
    if (!store)
        nj_call_fail(call, "not-ready", _("The history is not open yet; try again in a moment."));
    return store;
}

/* Reads a typed date (cmd/when.h) into *out; typed NULL: does not change *out. Returns false if the
 * call has failed. */
static bool
read_when(NjCall *call, const char *typed, NjSpan *out)
{
    if (!typed)
        return true;
    if (nj_when_parse(typed, nj_clock_wall_ms(), out))
        return true;
    g_autoptr(GError) error = nj_when_error(typed);
    nj_call_fail_error(call, "usage", error);
    return false;
}

/* --- /search --- */

static NjRecord *
hit_record(const NjClient *client, const NjFound *found)
{
    const NjMessage *message = found->message;
    const NjAccount *account = nj_client_account_of_row(client, found->account);
    g_autofree char *time = nj_clock_format(message->time);
    g_autofree char *full = found->kind == NJ_CHAT_ROOM && message->sender
                                ? g_strdup_printf("%s/%s", found->address, message->sender)
                                : NULL;
    const char *from = message->out ? found->account_address : found->address;
    const char *id = message->origin_id;

    if (full)
        from = full;
    else if (message->sender)
        from = message->sender;
    if (!id)
        id = message->wire_id ? message->wire_id : message->archive_id;

    NjRecord *record = nj_record_new();

    nj_record_set_text(record, "account",
                       account ? account->settings->name : found->account_address);
    nj_record_set_text(record, "chat", found->address);
    nj_record_set_text(record, "from", from);
    nj_record_set_text(record, "id", id);

    nj_record_set_text(record, "time", time);
    nj_record_set_text(record, "type", nj_message_type_name(message));
    nj_record_set_text(record, "direction", message->out ? "out" : "in");
    nj_record_set_text(record, "subject", message->subject);
    nj_record_set_text(record, "body", message->body);

    return record;
}

static void
on_found(GPtrArray *found, const GError *error, void *data)
{
    NjCall *call = data;
    if (error) {
        nj_call_fail_error(call, "failed", error);
        return;
    }

    GPtrArray *hits = g_ptr_array_new_with_free_func((GDestroyNotify) nj_record_free);
    for (guint i = 0; i < found->len; i++)
        g_ptr_array_add(hits, hit_record(nj_call_client(call), g_ptr_array_index(found, i)));
    if (!found->len)
        nj_call_notice(call, NJ_NOTICE_INFO, _("No message was found."));

    nj_record_set_list(nj_call_result(call), "hits", hits);
    nj_call_done(call);
}

static void
on_search_end(NjCall *call, void *data)
{
    nj_store_search_cancel(data, call);
    nj_call_release(call);
}

/* Reads since= and until=. Returns false if the call has failed. */
static bool
read_period(NjCall *call, NjSpan *since, NjSpan *until)
{
    return read_when(call, nj_call_arg(call, "since"), since)
           && read_when(call, nj_call_arg(call, "until"), until);
}

/* Returns the row id of the stored chat with an address; *where receives its account. only: the
 * account to search, or NULL for all. Returns 0 if there is no such chat, and -1 if several
 * accounts have one: then the call has failed. */
static gint64
find_chat(NjCall *call, NjStore *store, const NjAccount *only, const char *address,
          const NjAccount **where)
{
    const NjClient *client = nj_call_client(call);
    gint64 chat = 0;

    for (guint i = 0; i < client->accounts->len; i++) {
        const NjAccount *account = g_ptr_array_index(client->accounts, i);
        for (int kind = NJ_CHAT_PERSON; kind <= NJ_CHAT_PRIVATE; kind++) {
            NjStoredChat row;
            if ((only && account != only)
                || !nj_store_find_chat(store, account->row, (NjChatKind) kind, address, &row))
                continue;
            if (chat && *where != account) {
                nj_stored_chat_clear(&row);
                nj_call_fail(call, "which-account",
                             _("Both accounts %s and %s have a chat with %s; add account=%s or "
                               "account=%s."),
                             (*where)->settings->name, account->settings->name, address,
                             (*where)->settings->name, account->settings->name);
                return -1;
            }
            /* The address of a room may also have a row as a person: prefer one with messages. */
            chat = row.last_id || !chat ? row.id : chat;
            *where = account;
            nj_stored_chat_clear(&row);
        }
    }

    return chat;
}

/* Reads account= and chat= into *search. Returns false if the call has failed. */
static bool
read_place(NjCall *call, NjStore *store, NjSearch *search)
{
    const char *name = nj_call_arg(call, "account"), *address = nj_call_arg(call, "chat");
    const NjAccount *account = call->named ? nj_call_account(call) : NULL, *where = NULL;
    g_autoptr(GError) error = NULL;

    if (name) {
        account = nj_cmd_choose_account(nj_call_cmd(call), name, NULL, &error);
        if (!account) {
            nj_call_fail_error(call, "no-account", error);
            return false;
        }
    }

    search->account = account ? account->row : 0;
    if (!address)
        return true;

    if (strcmp(address, "here") == 0) {
        const NjChat *chat = nj_call_chat(call);
        if (!chat)
            nj_call_fail(call, "no-chat", _("No chat is in front; type chat=ADDRESS."));
        else if (!chat->id)
            nj_call_fail(call, "no-chat", _("The history has no chat with %s."), chat->address);
        search->chat = chat ? chat->id : 0;
        return search->chat > 0;
    }

    search->chat = find_chat(call, store, account, address, &where);
    if (!search->chat)
        nj_call_fail(call, "no-chat", _("The history has no chat with %s."), address);
    return search->chat > 0;
}

/* The search as it was typed, for the title of its list; the caller frees it. */
static char *
search_title(NjCall *call, const NjSearch *search)
{
    static const char *const keys[] = { "chat", "account", "from", "since", "until", "has" };
    GString *title = g_string_new(search->words);

    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        const char *value = nj_call_arg(call, keys[i]);
        if (!value)
            continue;
        if (strcmp(value, "here") == 0 && nj_call_chat(call))
            value = nj_call_chat(call)->address;
        g_string_append_printf(title, "%s%s=%s", title->len ? " " : "", keys[i], value);
    }

    return g_string_free(title, FALSE);
}

/* Whether neither words nor a restriction other than account= were typed. */
static bool
is_empty_search(const NjSearch *search)
{
    bool has_text = search->words || search->sender || search->links;
    bool has_place = search->chat || search->since || search->until;
    return !has_text && !has_place;
}

static void
run_search(NjCall *call)
{
    NjStore *store = ready_store(call);
    const char *limit = nj_call_arg(call, "limit");
    NjSpan since = { 0, 0 }, until = { 0, 0 };
    NjSearch search = { .words = nj_call_arg(call, "words"),
                        .sender = nj_call_arg(call, "from"),
                        .links = nj_call_arg(call, "has") != NULL };

    search.limit = limit ? (guint) MAX(atoi(limit), 1) : 0;
    if (!store || !read_period(call, &since, &until) || !read_place(call, store, &search))
        return;

    search.since = since.start;
    search.until = until.end;
    if (is_empty_search(&search)) {
        nj_call_fail(call, "usage",
                     _("Missing WORDS. Example: /search pond; /help search explains more."));
        return;
    }

    guint missing = nj_store_count_unindexed(store);
    NjScreen *screen = nj_call_screen(call);
    NjSource source = nj_call_source(call);
    if (missing > MANY_UNINDEXED && screen)
        nj_call_notice(
            call, NJ_NOTICE_INFO,
            ngettext("%u message is still being indexed; the search starts when that is done.",
                     "%u messages are still being indexed; the search starts when that is done.",
                     missing),
            missing);

    if (screen && source != NJ_SOURCE_FIFO && source != NJ_SOURCE_STDIN) {
        g_autofree char *title = search_title(call, &search);
        nj_screen_search(screen, &search, title);
        nj_call_done(call);
        return;
    }

    search.limit = limit ? search.limit : MAX_HITS;
    nj_call_on_end(call, on_search_end, store);
    nj_store_search(store, &search, on_found, nj_call_hold(call), call);
}

/* --- /history import --- */

typedef struct {
    NjCall *call;
    NjImport *import;
    const NjImportFormat *format;
    GSource *progress; /* timer of the progress notices; NULL for scripts */
} Importing;

static void
on_import_end(NjCall *call, void *data)
{
    Importing *importing = data;
    nj_clock_cancel(&importing->progress);
    nj_import_cancel(importing->import);
    g_free(importing);
    nj_call_release(call);
}

static void
report_counts(NjCall *call, const NjImportCounts *counts)
{
    nj_call_notice(call, NJ_NOTICE_SUCCESS,
                   ngettext("Imported %u message.", "Imported %u messages.", counts->messages),
                   counts->messages);
    if (counts->known)
        nj_call_notice(call, NJ_NOTICE_INFO,
                       ngettext("Skipped %u message that was imported before.",
                                "Skipped %u messages that were imported before.", counts->known),
                       counts->known);

    if (counts->lines)
        nj_call_notice(call, NJ_NOTICE_WARNING,
                       ngettext("Skipped %u line that is not a message.",
                                "Skipped %u lines that are not messages.", counts->lines),
                       counts->lines);
    if (counts->left_out)
        nj_call_notice(
            call, NJ_NOTICE_WARNING,
            ngettext(
                "Skipped %u file that is not a readable log or not named after an address: %s.",
                "Skipped %u files that are not readable logs or not named after an address, among "
                "them %s.",
                counts->left_out),
            counts->left_out, counts->example);
}

static void
on_imported(const GError *error, const NjImportCounts *counts, void *owner)
{
    Importing *importing = owner;
    NjCall *call = importing->call;
    NjRecord *result = nj_call_result(call);
    NjScreen *screen = nj_call_screen(call);

    importing->import = NULL; /* it is freed after this hook (model/import.h) */
    if (screen && counts->messages)
        nj_screen_store_ready(screen);
    nj_record_set_int(result, "messages", counts->messages);
    nj_record_set_int(result, "known", counts->known);
    nj_record_set_int(result, "files", counts->files);
    nj_record_set_int(result, "left_out", counts->left_out);
    nj_record_set_int(result, "lines", counts->lines);

    if (error) {
        nj_call_fail_error(call, "failed", error);
    } else if (!counts->files) {
        nj_call_fail(call, "failed",
                     _("There is no log of %s there; such files are named after addresses, as in "
                       "frog@example.org."),
                     importing->format->name);
    } else {
        report_counts(call, counts);
        nj_call_done(call);
    }
}

static gboolean
on_progress(void *data)
{
    Importing *importing = data;
    const NjImportCounts *counts = nj_import_counts(importing->import);
    int percent = counts->total ? (int) MIN(counts->bytes * 100 / counts->total, 100) : 0;
    guint messages = counts->messages + counts->known;

    nj_call_notice(importing->call, NJ_NOTICE_INFO,
                   ngettext("%u message so far, %d %%; /history cancel stops the import.",
                            "%u messages so far, %d %%; /history cancel stops the import.",
                            messages),
                   messages, percent);

    nj_clock_cancel(&importing->progress);
    importing->progress = nj_clock_after(PROGRESS_MS, on_progress, importing);
    return G_SOURCE_REMOVE;
}

static const NjImportFormat *
find_format(NjCall *call, const char *name)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (const NjImportFormat *const *format = nj_import_formats; *format; format++) {
        if (strcmp((*format)->name, name) == 0)
            return *format;
        g_string_append_printf(names, "%s%s", names->len ? ", " : "", (*format)->name);
    }

    nj_call_fail(call, "usage", _("“%s” is not a format that can be imported. Formats: %s."), name,
                 names->str);
    return NULL;
}

/* Whether an import is running. Two imports of the same log would store its messages twice: neither
 * finds the messages that the other has not committed yet. */
static bool
is_importing(const NjCmd *cmd)
{
    GHashTableIter iter;
    void *call;
    g_hash_table_iter_init(&iter, cmd->calls);
    while (g_hash_table_iter_next(&iter, &call, NULL))
        if (((NjCall *) call)->on_end == on_import_end)
            return true;
    return false;
}

/* The account that the messages are imported into: that of account=, else that of "/name:", else
 * nj_cmd_choose_account() decides. Returns NULL if the call has failed. */
static NjAccount *
import_account(NjCall *call)
{
    const char *name = nj_call_arg(call, "account");
    if (call->named && !name)
        return nj_call_account(call);

    g_autoptr(GError) error = NULL;
    NjAccount *account = nj_cmd_choose_account(nj_call_cmd(call), name, nj_call_chat(call), &error);
    if (!account)
        nj_call_fail_error(call, nj_cmd_error_code(error), error);
    return account;
}

static void
run_import(NjCall *call)
{
    const NjImportFormat *format = find_format(call, nj_call_arg(call, "format"));
    NjAccount *account = format && ready_store(call) ? import_account(call) : NULL;
    if (!account)
        return;

    if (is_importing(nj_call_cmd(call))) {
        nj_call_fail(call, "refused",
                     _("An import is running; wait until it is done, or stop it with /history "
                       "cancel."));
        return;
    }

    Importing *importing = g_new0(Importing, 1);
    const NjImportHooks hooks = { .done = on_imported, .owner = importing };
    importing->call = nj_call_hold(call);
    importing->format = format;
    importing->import = nj_import_begin(account, format, nj_call_arg(call, "path"), &hooks);
    nj_record_set_text(nj_call_result(call), "account", account->settings->name);
    if (nj_call_screen(call) && nj_call_source(call) != NJ_SOURCE_FIFO
        && nj_call_source(call) != NJ_SOURCE_STDIN)
        importing->progress = nj_clock_after(PROGRESS_MS, on_progress, importing);

    nj_call_on_end(call, on_import_end, importing);
}

bool
nj_history_cancel(NjCmd *cmd)
{
    g_autoptr(GPtrArray) open = g_ptr_array_new_with_free_func((GDestroyNotify) nj_call_release);
    GHashTableIter iter;
    void *value;

    g_hash_table_iter_init(&iter, cmd->calls);
    while (g_hash_table_iter_next(&iter, &value, NULL)) {
        NjCall *call = value;
        if (call->on_end == on_import_end || call->on_end == on_search_end)
            g_ptr_array_add(open, nj_call_hold(call));
    }

    for (guint i = 0; i < open->len; i++) {
        NjCall *call = g_ptr_array_index(open, i);
        if (call->on_end == on_import_end)
            nj_call_fail(call, "cancelled",
                         _("The import was cancelled; imported messages stay, and the next import "
                           "continues from there."));
        else
            nj_call_fail(call, "cancelled", _("The search was cancelled."));
    }

    return open->len > 0;
}

/* --- /history --- */

static void
run_history(NjCall *call)
{
    g_autofree char *time = g_strjoinv(" ", (char **) nj_call_args(call, "time"));
    g_autofree char *typed = g_strconcat(nj_call_arg(call, "date"), *time ? " " : "", time, NULL);
    NjSpan span;

    if (!read_when(call, typed, &span))
        return;

    NjScreen *screen = nj_call_screen(call);
    if (!nj_call_chat(call)) {
        nj_call_fail(
            call, "no-chat",
            _("This needs a chat or room in front; /msg ADDRESS or /join ROOM opens one."));
    } else if (!screen) {
        nj_call_fail(call, "no-screen",
                     _("Going to a date needs a screen; /search chat=ADDRESS since=DATE works "
                       "without one."));
    } else if (span.start > nj_clock_wall_ms()) {
        nj_call_fail(call, "refused", _("“%s” is in the future; type an earlier date."), typed);
    } else {
        nj_screen_show_time(screen, nj_call_chat(call), span.start);
        nj_call_done(call);
    }
}

static void
run_cancel(NjCall *call)
{
    if (nj_history_cancel(nj_call_cmd(call)))
        nj_call_done(call);
    else
        nj_call_fail(call, "refused", _("No import or search is running."));
}

static const NjCommand cmd_search = {
    .name = "search",
    .summary = N_("Find messages in the whole history"),
    .details =
        N_("A word also finds longer words that start with it; words in quotation marks must stand "
           "together. Restrictions come before the words: chat=here means the chat in front, "
           "from=me your messages, has=link messages with a link. Dates are those of /history; "
           "until= includes its day. In the list, the arrow keys choose, Enter goes to the "
           "message, Alt-s comes back, and Esc leaves."),
    .params = { { "chat",
                  NJ_PARAM_CONTACT,
                  NJ_OPTIONAL | NJ_KEYWORD,
                  N_("only the chat with this address"),
                  { "here" } },
                { "account", NJ_PARAM_ACCOUNT, NJ_OPTIONAL | NJ_KEYWORD,
                  N_("only chats of this account") },
                { "from",
                  NJ_PARAM_WORD,
                  NJ_OPTIONAL | NJ_KEYWORD,
                  N_("the sender: an address, a nick, or the start of one"),
                  { "me" } },
                { "since",
                  NJ_PARAM_WORD,
                  NJ_OPTIONAL | NJ_KEYWORD,
                  N_("not before this date or time"),
                  { "today", "yesterday" } },
                { "until",
                  NJ_PARAM_WORD,
                  NJ_OPTIONAL | NJ_KEYWORD,
                  N_("not after this date or time"),
                  { "today", "yesterday" } },
                { "has",
                  NJ_PARAM_CHOICE,
                  NJ_OPTIONAL | NJ_KEYWORD,
                  N_("only messages with a link"),
                  { "link" } },
                { "limit", NJ_PARAM_NUMBER, NJ_OPTIONAL | NJ_KEYWORD,
                  N_("how many hits at most; by default 50, or all in the list on the screen") },
                { "words", NJ_PARAM_TEXT, NJ_OPTIONAL, N_("the words") } },
    .examples = { "/search pond", "/search chat=here since=monday \"lily pad\"",
                  "/search from=frog has=link",
                  "/search chat=frog@example.org until=2026-11-02 fly" },
    .run = run_search,
};

static const NjCommand cmd_history = {
    .name = "history",
    .summary = N_("Go to a date in the chat in front"),
    .details = N_("Dates: 2026-11-02, 2.11., yesterday, monday, 12:30, 3d for three days ago, "
                  "yesterday 18:00."),
    .params = { { "date", NJ_PARAM_WORD, 0, N_("a date"), { "today", "yesterday" } },
                { "time", NJ_PARAM_WORD, NJ_OPTIONAL | NJ_REPEAT, N_("a time of that day") } },
    .examples = { "/history 2026-11-02", "/history yesterday 18:00" },
    .run = run_history,
};

static const NjCommand cmd_history_import = {
    .name = "import",
    .parent = "history",
    .summary = N_("Import the history of another program"),
    .details = N_("Messages that were imported before are skipped. The format is mcabber."),
    .params = { { "format", NJ_PARAM_WORD, 0, N_("the format of the logs"), { "mcabber" } },
                { "path", NJ_PARAM_WORD, 0, N_("a directory of logs, or one log") },
                { "account", NJ_PARAM_ACCOUNT, NJ_OPTIONAL | NJ_KEYWORD,
                  N_("the account of the messages; by default that of the chat, or the only "
                     "one") } },
    .examples = { "/history import mcabber ~/.mcabber/histo",
                  "/history import mcabber ~/.mcabber/histo account=home" },
    .run = run_import,
};

static const NjCommand cmd_history_cancel = {
    .name = "cancel",
    .parent = "history",
    .summary = N_("Cancel the running import or search"),
    .examples = { "/history cancel" },
    .run = run_cancel,
};

static const NjCommand *const commands[] = { &cmd_search, &cmd_history, &cmd_history_import,
                                             &cmd_history_cancel, NULL };

static const NjAliasRow aliases[] = {
    { "grep", "/search", "WeeChat" },
    { "lastlog", "/search chat=here", "irssi" },
    { NULL },
};

const NjTopic nj_topic_history = { "history", N_("History"), commands, aliases, NULL };
