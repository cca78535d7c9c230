/* Fuzzes search with any words and any texts: no search may fail, and a text must be found by words
 * cut out of it. */
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/store.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static void
must(bool holds)
{
    if (!holds)
        abort();
}

typedef struct {
    gint64 wanted; /* id of the message that must be among the hits; 0: none must */
    bool answered;
} Question;

static void
on_found(GPtrArray *found, const GError *error, void *data)
{
    Question *question = data;
    must(found && !error);
    bool there = !question->wanted;
    for (guint i = 0; i < found->len; i++)
        there |= ((NjFound *) g_ptr_array_index(found, i))->message->id == question->wanted;
    must(there);
    question->answered = true;
}

static void
ask(NjStore *store, const NjSearch *search, gint64 wanted)
{
    Question question = { wanted, false };
    nj_store_search(store, search, on_found, &question, &question);
    while (!question.answered)
        g_main_context_iteration(NULL, TRUE);
}

static char *dir;
static NjStore *store;

static void
clean_up(void)
{
    static const char *const names[] = { "history.db", "history.db-wal", "history.db-shm", "lock" };
    nj_store_close(store, 5000);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(dir, names[i], NULL);
        g_remove(path);
    }
    g_rmdir(dir);
    g_free(dir);
}

static gint64
make_chat(void)
{
    NjStoredChat row;
    must(nj_store_ensure_chat(store, nj_store_ensure_account(store, "toad@pond.example"),
                              NJ_CHAT_PERSON, "frog@pond.example", &row));
    gint64 chat = row.id;
    nj_stored_chat_clear(&row);
    return chat;
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    static gint64 chat, time;
    if (!store) {
        dir = g_dir_make_tmp("natterjack-fuzz-XXXXXX", NULL);
        store = nj_store_open(dir, NULL);
        must(store != NULL);
        chat = make_chat();
        atexit(clean_up);
    }

    if (++time % 500 == 0) {
        nj_store_delete_chat(store, chat);
        chat = make_chat();
    }

    const guint8 *zero = memchr(data, 0, size);
    gsize length = zero ? (gsize) (zero - data) : size;
    g_autofree char *words = g_strndup((const char *) data, length),
                    *body = nj_text_line((const char *) data, (gssize) length, 500);
    ask(store, &(NjSearch){ .words = words, .limit = 10 }, 0);
    ask(store, &(NjSearch){ .sender = words, .limit = 10, .links = size % 2 }, 0);
    if (!*body)
        return 0;

    g_autoptr(NjMessage) message = nj_message_new();
    message->chat = chat;
    message->time = time;
    message->body = g_strdup(body);
    nj_store_add_message(store, message);

    /* Up to 30 words, because a search takes no more; a quotation mark would join some of them. */
    g_auto(GStrv) pieces = g_strsplit_set(body, " \"", 31);
    if (g_strv_length(pieces) == 31)
        pieces[30][0] = '\0';

    g_autofree char *all = g_strjoinv(" ", pieces);
    ask(store, &(NjSearch){ .words = all, .limit = 10, .since = message->time }, message->id);
    return 0;
}
