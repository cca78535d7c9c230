/* An import: the thread that reads, and the slices in which this thread stores.
 *
 * The thread may hang in a disk for as long as it likes: whoever gives the import up only lets go
 * of it.  What it has read waits in a short queue, and it waits when that is full; this thread
 * stops when the store is full and goes on when all of that is committed. */
#include "model/import.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "model/events.h"
#include "model/jid.h"

#define BATCH_ROWS 500
#define BATCH_BYTES (256 * 1024)
#define BATCHES 8 /* that wait */
#define SLICE_US 500
#define KEY_BYTES 12
#define PAGE 500

/* Some messages of one file. */
typedef struct {
    char *address;
    bool first; /* of its file */
    GPtrArray *messages;
    guint lines;
    guint64 bytes;
    char *left_out; /* instead: a name in the directory that is no log */
} Batch;

/* What both threads have. */
typedef struct {
    gint refs;     /* atomic */
    gint given_up; /* atomic */
    const NjImportFormat *format;
    char *path, *by; /* by: "import:FORMAT" */
    GSource *news;
    GMutex mutex;
    GCond moved;
    GQueue batches;
    guint64 total;
    GError *error;
    bool over; /* nothing comes any more */
} Shared;

struct NjImport {
    Shared *shared;
    NjAccount *account;
    NjStore *store;
    NjImportHooks hooks;
    NjImportCounts counts;
    Batch *batch; /* that is being stored, from `at` on */
    guint at;
    /* Its chat. */
    gint64 chat;
    /* fresh: it had no messages, so none can be there already */
    bool room, fresh;
    char *address;
    gint64 read_time, read_id; /* the marker */
    gint64 unread_time;        /* of the first message that nobody has seen */
    bool waiting;              /* for the store */
    /* the history could not be read: it may have these messages already */
    bool blind;
};

static void
free_batch(void *data)
{
    Batch *batch = data;
    g_free(batch->address);
    g_free(batch->left_out);
    if (batch->messages)
        g_ptr_array_unref(batch->messages);
    g_free(batch);
}

static void
unref_shared(Shared *shared)
{
    if (!g_atomic_int_dec_and_test(&shared->refs))
        return;

    g_queue_clear_full(&shared->batches, free_batch);
    g_source_unref(shared->news);
    g_mutex_clear(&shared->mutex);
    g_cond_clear(&shared->moved);
    g_clear_error(&shared->error);
    g_free(shared->path);
    g_free(shared->by);
    g_free(shared);
}

/* The thread */

typedef struct {
    Shared *shared;
    char *address;
    Batch *batch;
    gsize weight; /* of the batch */
    bool begun;   /* the file has a batch already */
    gint64 key_time;
    /* of the messages of that time: those that are equal are counted */
    GHashTable *keys;
} Reading;

static bool
is_given_up(Shared *shared)
{
    return g_atomic_int_get(&shared->given_up);
}

/* Takes it. */
static void
hand_over(Shared *shared, Batch *batch)
{
    g_mutex_lock(&shared->mutex);
    while (shared->batches.length >= BATCHES && !is_given_up(shared))
        g_cond_wait(&shared->moved, &shared->mutex);
    g_queue_push_tail(&shared->batches, batch);
    if (shared->batches.length == 1 && !is_given_up(shared))
        g_source_set_ready_time(shared->news, 0);
    g_mutex_unlock(&shared->mutex);
}

static Batch *
batch_of(Reading *reading)
{
    if (!reading->batch) {
        reading->batch = g_new0(Batch, 1);
        reading->batch->address = g_strdup(reading->address);
        reading->batch->first = !reading->begun;
        reading->batch->messages =
            g_ptr_array_new_with_free_func((GDestroyNotify) nj_message_unref);
        reading->begun = true;
        reading->weight = 0;
    }

    return reading->batch;
}

static void
send_batch(Reading *reading)
{
    if (reading->batch)
        hand_over(reading->shared, g_steal_pointer(&reading->batch));
}

/* The same line gives the same key wherever it stands in its file, so a log that grew or lost its
 * beginning is known again.  Of equal lines of one second the second has a key of its own. */
static char *
make_key(Reading *reading, const NjImportText *text)
{
    guint8 digest[32];
    gsize length = sizeof digest;
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree char *head =
        g_strdup_printf("%c%" G_GINT64_FORMAT " ", text->out ? '>' : '<', text->time);
    g_checksum_update(sum, (const guchar *) head, (gssize) strlen(head));

    g_checksum_update(sum, (const guchar *) text->text, (gssize) text->length);
    g_checksum_get_digest(sum, digest, &length);

    char *key = g_base64_encode(digest, KEY_BYTES);
    if (text->time != reading->key_time)
        g_hash_table_remove_all(reading->keys);
    reading->key_time = text->time;

    guint before = GPOINTER_TO_UINT(g_hash_table_lookup(reading->keys, key));
    g_hash_table_replace(reading->keys, g_strdup(key), GUINT_TO_POINTER(before + 1));
    if (!before)
        return key;

    char *own = g_strdup_printf("%s.%u", key, before);
    g_free(key);
    return own;
}

static void
take_text(const NjImportText *text, void *owner)
{
    Reading *reading = owner;
    Batch *batch = batch_of(reading);
    NjMessage *message = nj_message_new();

    message->time = text->time;
    message->out = text->out;
    nj_message_set_state(message, text->out ? NJ_STATE_ACKNOWLEDGED : NJ_STATE_RECEIVED, NULL);
    message->body = nj_text_body(text->text, (gssize) text->length);
    message->archive_id = make_key(reading, text);
    message->archive_by = g_strdup(reading->shared->by);
    g_ptr_array_add(batch->messages, message);
    reading->weight += text->length;
    if (batch->messages->len == BATCH_ROWS || reading->weight > BATCH_BYTES)
        send_batch(reading);
}

static void
skip_lines(guint lines, void *owner)
{
    batch_of(owner)->lines += lines;
}

static int
open_log(const char *path, int flags, guint64 *size)
{
    struct stat info;

    /* O_NONBLOCK: a FIFO in its place must not hold us. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags);
    if (fd >= 0 && !fstat(fd, &info) && S_ISREG(info.st_mode)) {
        *size = (guint64) info.st_size;
        return fd;
    }

    if (fd >= 0) {
        close(fd);
        errno = EINVAL;
    }

    return -1;
}

/* False: it is no log, or it can not be read to its end. */
static bool
read_file(Reading *reading, int fd)
{
    Shared *shared = reading->shared;
    const NjImportSink sink = { take_text, skip_lines, reading };
    void *reader = shared->format->begin(&sink);
    g_autofree char *bytes = g_malloc(65536);
    ssize_t got = 0;
    bool good = true;

    while (good && !is_given_up(shared)
           && ((got = read(fd, bytes, 65536)) > 0 || (got < 0 && errno == EINTR))) {
        if (got < 0)
            continue;
        good = shared->format->feed(reader, bytes, (gsize) got);
        if (good)
            batch_of(reading)->bytes += (guint64) got;
    }

    shared->format->end(reader);
    return good && got == 0;
}

static void
leave_out(Shared *shared, const char *name)
{
    Batch *batch = g_new0(Batch, 1);
    batch->left_out = nj_text_line(name, -1, 0);
    hand_over(shared, batch);
}

static void
read_log(Shared *shared, const char *path, int flags)
{
    Reading reading = { .shared = shared,
                        .keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL) };
    g_autofree char *name = g_path_get_basename(path);
    guint64 size;

    reading.address = g_utf8_validate(name, -1, NULL) ? nj_jid_prepare(name, NULL) : NULL;
    int fd = reading.address ? open_log(path, flags, &size) : -1;
    bool good = fd >= 0 && read_file(&reading, fd);
    if (fd >= 0)
        close(fd);

    bool empty = !reading.batch || !reading.batch->messages->len;
    if (!good && reading.begun && empty && reading.batch && reading.batch->first)
        g_clear_pointer(&reading.batch, free_batch); /* nothing of it was a log */
    send_batch(&reading);
    if (!good && !is_given_up(shared))
        leave_out(shared, name);

    g_free(reading.address);
    g_hash_table_unref(reading.keys);
}

static void
set_error(Shared *shared, int reason)
{
    g_set_error(&shared->error, G_FILE_ERROR, (gint) g_file_error_from_errno(reason),
                _("%s can not be read (%s): name a directory of logs, or one of them."),
                shared->path, g_strerror(reason));
}

static void
read_directory(Shared *shared, GDir *dir)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    const char *name;
    guint64 total = 0;

    while ((name = g_dir_read_name(dir)) && !is_given_up(shared)) {
        struct stat info;
        if (name[0] == '.')
            continue;
        char *path = g_build_filename(shared->path, name, NULL);
        /* Others are not even opened: who waits behind a FIFO would take us for its reader. */
        if (lstat(path, &info) || !S_ISREG(info.st_mode)) {
            leave_out(shared, name);
            g_free(path);
            continue;
        }
        total += (guint64) info.st_size;
        g_ptr_array_add(paths, path);
    }

    g_mutex_lock(&shared->mutex);
    shared->total = total;
    g_mutex_unlock(&shared->mutex);
    for (guint i = 0; i < paths->len && !is_given_up(shared); i++)
        read_log(shared, g_ptr_array_index(paths, i), O_NOFOLLOW);
}

static void
read_path(Shared *shared)
{
    struct stat info;
    if (stat(shared->path, &info)) {
        set_error(shared, errno);
        return;
    }

    GDir *dir = S_ISDIR(info.st_mode) ? g_dir_open(shared->path, 0, NULL) : NULL;
    if (dir) {
        read_directory(shared, dir);
        g_dir_close(dir);
    } else if (S_ISDIR(info.st_mode)) {
        set_error(shared, EACCES);
    } else if (S_ISREG(info.st_mode)) {
        guint64 size;
        int fd = open_log(shared->path, 0, &size);
        if (fd < 0) {
            set_error(shared, errno);
            return;
        }
        close(fd);
        shared->total = size;
        read_log(shared, shared->path, 0);
    } else {
        set_error(shared, EINVAL);
    }
}

static void *
read_all(void *data)
{
    Shared *shared = data;
    read_path(shared);
    g_mutex_lock(&shared->mutex);
    shared->over = true;
    if (!is_given_up(shared))
        g_source_set_ready_time(shared->news, 0);

    g_mutex_unlock(&shared->mutex);
    unref_shared(shared);
    return NULL;
}

/* The slices */

/* The first message that came here and that nobody has seen; imported ones, of an import that was
 * interrupted, are read up to there. */
static void
find_unread(NjImport *import)
{
    for (;;) {
        g_autoptr(GPtrArray) page = nj_store_page_after(import->store, import->chat,
                                                        import->read_time, import->read_id, PAGE);
        for (guint i = 0; i < page->len; i++) {
            const NjMessage *message = g_ptr_array_index(page, i);
            if (!message->out
                && (!message->archive_by || !g_str_has_prefix(message->archive_by, "import:"))) {
                import->unread_time = message->time;
                return;
            }
            import->read_time = message->time;
            import->read_id = message->id;
        }
        if (page->len < PAGE)
            return;
    }
}

/* A log tells of one address, and may be a room's: that knows who has been there. */
static void
begin_file(NjImport *import, const char *address)
{
    NjStoredChat row;
    NjChat *open = nj_chat_find(import->account, address);

    import->room =
        open ? open->kind == NJ_CHAT_ROOM
             : nj_store_find_chat(import->store, import->account->row, NJ_CHAT_ROOM, address, &row);
    if (!open && import->room)
        nj_stored_chat_clear(&row);

    import->chat = 0;
    if (!nj_store_ensure_chat(import->store, import->account->row,
                              import->room ? NJ_CHAT_ROOM : NJ_CHAT_PERSON, address, &row))
        return;

    import->chat = row.id;
    import->fresh = !row.last_id;
    import->read_time = row.read_time;
    import->read_id = row.read_id;
    import->unread_time = G_MAXINT64;
    if (row.unread)
        find_unread(import);

    g_free(import->address);
    import->address = g_strdup(address);
    nj_stored_chat_clear(&row);
}

static void
store_message(NjImport *import, NjMessage *message)
{
    guint failed = nj_store_failed_reads(import->store);
    if (!import->fresh
        && nj_store_has_archive_id(import->store, import->chat, message->archive_by,
                                   message->archive_id)) {
        import->counts.known++;
        return;
    }

    if (nj_store_failed_reads(import->store) != failed) {
        import->blind = true;
        return;
    }

    message->chat = import->chat;
    message->time = MIN(message->time, nj_clock_wall_ms());
    message->type = import->room ? NJ_MESSAGE_GROUPCHAT : NJ_MESSAGE_CHAT;
    if (import->room)
        message->sender = import->shared->format->nick(&message->body);
    else
        message->sender = g_strdup(message->out ? import->account->bare : import->address);

    nj_store_add_message(import->store, message);
    import->counts.messages++;

    /* It was read where it was written; what is unread here stays so. */
    if (message->time < import->unread_time
        && nj_is_after(message->time, message->id, import->read_time, import->read_id)) {
        import->read_time = message->time;
        import->read_id = message->id;
    }
}

static void
begin_batch(NjImport *import, Batch *batch)
{
    NjImportCounts *counts = &import->counts;
    if (batch->left_out) {
        counts->left_out++;
        if (!counts->example)
            counts->example = g_steal_pointer(&batch->left_out);
        return;
    }

    counts->bytes += batch->bytes;
    counts->lines += batch->lines;
    if (!batch->first)
        return;

    guint failed = nj_store_failed_reads(import->store);
    begin_file(import, batch->address);
    import->blind = nj_store_failed_reads(import->store) != failed;
    counts->files++;
}

/* What was stored of the batch is read. */
static void
end_batch(NjImport *import)
{
    Batch *batch = g_steal_pointer(&import->batch);
    if (batch->messages && import->chat) {
        NjChat *chat = nj_chat_find(import->account, import->address);
        bool open = chat && chat->id == import->chat;
        if (open
            && nj_is_after(chat->read_time, chat->read_id, import->read_time, import->read_id)) {
            import->read_time = chat->read_time; /* meanwhile */
            import->read_id = chat->read_id;
        }
        nj_store_set_read_marker(import->store, import->chat, import->read_time, import->read_id);
        if (open)
            nj_chat_refresh(chat);
    }

    free_batch(batch);
}

static void go_on(void *data);

/* False: there is nothing to store at present. */
static bool
take_batch(NjImport *import, bool *over)
{
    Shared *shared = import->shared;
    g_mutex_lock(&shared->mutex);
    import->batch = g_queue_pop_head(&shared->batches);
    import->counts.total = shared->total;
    *over = !import->batch && shared->over;
    g_cond_signal(&shared->moved);
    g_mutex_unlock(&shared->mutex);
    import->at = 0;
    if (import->batch)
        begin_batch(import, import->batch);

    return import->batch != NULL;
}

static void
finish(void *data)
{
    NjImport *import = data;
    g_autoptr(GError) blind =
        !import->blind
            ? NULL
            : g_error_new(
                G_FILE_ERROR, G_FILE_ERROR_IO,
                _("The history could not be read, so nobody can say what is in it already. What "
                  "was imported stays;"
                  " when it can be read again, importing the same again goes on from there."));

    import->hooks.done(blind ? blind : import->shared->error, &import->counts, import->hooks.owner);
    nj_import_cancel(import);
}

/* Stores for a while; false: it waits to be woken. */
static bool
store_some(NjImport *import)
{
    gint64 until = nj_clock_us() + SLICE_US;
    bool over = false;

    while (nj_clock_us() < until) {
        if (!import->batch && !take_batch(import, &over)) {
            if (over)
                nj_store_call_when_committed(import->store, finish, import, import);
            import->waiting = over;
            return false;
        }
        if (nj_store_queue_is_full(import->store)) {
            import->waiting = true;
            nj_store_call_when_committed(import->store, go_on, import, import);
            return false;
        }
        const GPtrArray *messages = import->batch->messages;
        for (guint i = 0; !import->blind && messages && import->at < messages->len && i < 16; i++)
            store_message(import, g_ptr_array_index(messages, import->at++));
        if (import->blind) {
            import->waiting = true;
            nj_store_call_when_committed(import->store, finish, import, import);
            return false;
        }
        if (!messages || import->at >= messages->len)
            end_batch(import);
    }

    return true;
}

static gboolean
on_news(void *data)
{
    NjImport *import = data;
    if (!import->waiting && store_some(import))
        g_source_set_ready_time(import->shared->news, 0);
    return G_SOURCE_CONTINUE;
}

static void
go_on(void *data)
{
    NjImport *import = data;
    import->waiting = false;
    g_source_set_ready_time(import->shared->news, 0);
}

static void
on_account_removed(NjAccount *account, void *owner)
{
    NjImport *import = owner;
    if (account != import->account)
        return;
    g_autoptr(GError) error =
        g_error_new(G_FILE_ERROR, G_FILE_ERROR_FAILED,
                    _("Account %s is gone: the rest was not imported."), account->settings->name);
    import->hooks.done(error, &import->counts, import->hooks.owner);
    nj_import_cancel(import);
}

NjImport *
nj_import_begin(NjAccount *account, const NjImportFormat *format, const char *path,
                const NjImportHooks *hooks)
{
    g_return_val_if_fail(account->client->store, NULL);
    Shared *shared = g_new0(Shared, 1);
    shared->refs = 2;
    shared->format = format;
    shared->path = nj_files_expand(path);
    shared->by = g_strconcat("import:", format->name, NULL);
    g_mutex_init(&shared->mutex);
    g_cond_init(&shared->moved);

    NjImport *import = g_new0(NjImport, 1);
    import->shared = shared;
    import->account = account;
    import->store = account->client->store;
    import->hooks = *hooks;
    shared->news = nj_clock_signal(G_PRIORITY_DEFAULT_IDLE, on_news, import);
    nj_on_account_removed(account->client->bus, on_account_removed, import);
    g_thread_unref(g_thread_new("import", read_all, shared));

    return import;
}

const NjImportCounts *
nj_import_counts(const NjImport *import)
{
    return &import->counts;
}

void
nj_import_cancel(NjImport *import)
{
    if (!import)
        return;

    Shared *shared = import->shared;
    nj_bus_forget(import->account->client->bus, import);
    nj_store_cancel_calls(import->store, import);
    g_mutex_lock(&shared->mutex);
    g_atomic_int_set(&shared->given_up, 1);
    g_cond_signal(&shared->moved);
    g_mutex_unlock(&shared->mutex);
    g_source_destroy(shared->news);
    unref_shared(shared);

    if (import->batch)
        end_batch(import);
    g_free(import->counts.example);
    g_free(import->address);
    g_free(import);
}

const NjImportFormat *const nj_import_formats[] = { &nj_import_mcabber, NULL };
