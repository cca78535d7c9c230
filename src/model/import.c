/* An import: the thread that reads files, and the slices in which the main thread stores messages.
 *
 * A slow disk may block the thread for any time, so cancelling the import does not wait for the
 * thread. The thread puts batches into a short queue and waits while that is full. The main thread
 * pauses when the store's queue is full, and continues when all of that is committed. */
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
#define MAX_BATCHES 8 /* in the queue */
#define SLICE_US 500  /* the main thread stores messages for so long at a time */
#define KEY_BYTES 12  /* bytes of the digest that are used for a key */
#define PAGE 500      /* messages read from the store at a time */

/* Some messages of one file. */
typedef struct {
    char *address;
    bool first; /* the first batch of its file */
    GPtrArray *messages;
    guint lines;    /* number of lines that were not understood */
    guint64 bytes;  /* number of bytes read */
    char *left_out; /* name of a file that is not a log: the other fields are empty; or NULL */
} Batch;

/* Shared by both threads. */
typedef struct {
    gint refs;      /* atomic */
    gint cancelled; /* atomic */
    const NjImportFormat *format;
    char *path, *archive_by; /* archive_by: "import:FORMAT" */
    GSource *batch_source;   /* fired when there are batches, or the thread has ended */
    GMutex mutex;            /* protects the fields below */
    GCond moved;             /* signalled when a batch was taken, or the import was cancelled */
    GQueue batches;          /* of Batch */
    guint64 total;           /* number of bytes of all files */
    GError *error;
    bool over; /* the thread has ended */
} Shared;

struct NjImport {
    Shared *shared;
    NjAccount *account;
    NjStore *store;
    NjImportHooks hooks;
    NjImportCounts counts;

    /* The batch that is being stored; NULL: none. The fields below describe the chat of its
     * file. */
    Batch *batch;
    guint at;    /* index of the next message of the batch */
    gint64 chat; /* row; 0: the store cannot be read */
    bool room;   /* the chat is a room */
    bool fresh;  /* the chat had no messages, so none is imported already */
    char *address;
    gint64 read_time, read_id; /* read position */
    gint64 unread_time;        /* time of the first unread message */

    bool waiting;      /* nothing is stored until the store has committed its queue */
    bool cannot_check; /* the history could not be read, so duplicates cannot be found */
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
    g_source_unref(shared->batch_source);
    g_mutex_clear(&shared->mutex);
    g_cond_clear(&shared->moved);
    g_clear_error(&shared->error);
    g_free(shared->path);
    g_free(shared->archive_by);
    g_free(shared);
}

/* --- reading thread --- */

typedef struct {
    Shared *shared;
    char *address;
    Batch *batch;
    gsize text_bytes; /* number of bytes of text in the batch */
    bool begun;       /* the file has had a batch */
    gint64 key_time;  /* time of the last message */
    GHashTable *keys; /* key -> number of messages of that time with that key */
} Reading;

static bool
is_cancelled(Shared *shared)
{
    return g_atomic_int_get(&shared->cancelled);
}

/* Queues a batch for the main thread, which then owns it; waits while the queue is full. */
static void
queue_batch(Shared *shared, Batch *batch)
{
    g_mutex_lock(&shared->mutex);
    while (shared->batches.length >= MAX_BATCHES && !is_cancelled(shared))
        g_cond_wait(&shared->moved, &shared->mutex);
    g_queue_push_tail(&shared->batches, batch);
    if (shared->batches.length == 1 && !is_cancelled(shared))
        g_source_set_ready_time(shared->batch_source, 0);
    g_mutex_unlock(&shared->mutex);
}

static Batch *
current_batch(Reading *reading)
{
    if (!reading->batch) {
        reading->batch = g_new0(Batch, 1);
        reading->batch->address = g_strdup(reading->address);
        reading->batch->first = !reading->begun;
        reading->batch->messages =
            g_ptr_array_new_with_free_func((GDestroyNotify) nj_message_unref);
        reading->begun = true;
        reading->text_bytes = 0;
    }

    return reading->batch;
}

static void
send_batch(Reading *reading)
{
    if (reading->batch)
        queue_batch(reading->shared, g_steal_pointer(&reading->batch));
}

/* Returns the key by which a message is recognised when it is imported again. The key depends on
 * the line and not on its position, because a log may have grown or lost its beginning. Of equal
 * lines of one second, all but the first get a number. */
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

    char *numbered = g_strdup_printf("%s.%u", key, before);
    g_free(key);
    return numbered;
}

static void
take_text(const NjImportText *text, void *owner)
{
    Reading *reading = owner;
    Batch *batch = current_batch(reading);
    NjMessage *message = nj_message_new();

    message->time = text->time;
    message->out = text->out;
    nj_message_set_state(message, text->out ? NJ_STATE_ACKNOWLEDGED : NJ_STATE_RECEIVED, NULL);
    message->body = nj_text_body(text->text, (gssize) text->length);
    message->archive_id = make_key(reading, text);
    message->archive_by = g_strdup(reading->shared->archive_by);
    g_ptr_array_add(batch->messages, message);
    reading->text_bytes += text->length;
    if (batch->messages->len == BATCH_ROWS || reading->text_bytes > BATCH_BYTES)
        send_batch(reading);
}

static void
skip_lines(guint lines, void *owner)
{
    current_batch(owner)->lines += lines;
}

/* Opens a regular file and sets *size; returns -1 and sets errno on failure. flags: in addition. */
static int
open_log(const char *path, int flags, guint64 *size)
{
    struct stat info;

    /* O_NONBLOCK: opening a FIFO must not block. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags);
    if (fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
        *size = (guint64) info.st_size;
        return fd;
    }

    if (fd >= 0) {
        close(fd);
        errno = EINVAL;
    }

    return -1;
}

/* Returns false if the file is not a log or cannot be read to its end. */
static bool
read_file(Reading *reading, int fd)
{
    Shared *shared = reading->shared;
    const NjImportSink sink = { take_text, skip_lines, reading };
    void *reader = shared->format->begin(&sink);
    g_autofree char *bytes = g_malloc(65536);
    ssize_t got = 0;
    bool good = true;

    while (good && !is_cancelled(shared)) {
        got = read(fd, bytes, 65536);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        good = shared->format->feed(reader, bytes, (gsize) got);
        if (good)
            current_batch(reading)->bytes += (guint64) got;
    }

    shared->format->end(reader);
    return good && got == 0;
}

static void
report_left_out(Shared *shared, const char *name)
{
    Batch *batch = g_new0(Batch, 1);
    batch->left_out = nj_text_line(name, -1, 0);
    queue_batch(shared, batch);
}

/* True if no message was found and nothing of the file has been queued. */
static bool
has_no_message(const Batch *batch)
{
    return batch && batch->first && !batch->messages->len;
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

    if (!good && has_no_message(reading.batch))
        g_clear_pointer(&reading.batch, free_batch); /* the file is not a log */
    send_batch(&reading);
    if (!good && !is_cancelled(shared))
        report_left_out(shared, name);

    g_free(reading.address);
    g_hash_table_unref(reading.keys);
}

static void
set_error(Shared *shared, int reason)
{
    g_set_error(&shared->error, G_FILE_ERROR, (gint) g_file_error_from_errno(reason),
                _("Cannot read %s: %s. Give a directory of logs, or one log."), shared->path,
                g_strerror(reason));
}

static void
read_directory(Shared *shared, GDir *dir)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    const char *name;
    guint64 total = 0;

    while ((name = g_dir_read_name(dir)) && !is_cancelled(shared)) {
        struct stat info;
        if (name[0] == '.')
            continue;
        char *path = g_build_filename(shared->path, name, NULL);
        /* Other files are not opened: a process that waits for a reader of its FIFO would begin to
         * write. */
        if (lstat(path, &info) != 0 || !S_ISREG(info.st_mode)) {
            report_left_out(shared, name);
            g_free(path);
            continue;
        }
        total += (guint64) info.st_size;
        g_ptr_array_add(paths, path);
    }

    g_mutex_lock(&shared->mutex);
    shared->total = total;
    g_mutex_unlock(&shared->mutex);
    for (guint i = 0; i < paths->len && !is_cancelled(shared); i++)
        read_log(shared, g_ptr_array_index(paths, i), O_NOFOLLOW);
}

static void
read_path(Shared *shared)
{
    struct stat info;
    if (stat(shared->path, &info) != 0) {
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
run_thread(void *data)
{
    Shared *shared = data;
    read_path(shared);
    g_mutex_lock(&shared->mutex);
    shared->over = true;
    if (!is_cancelled(shared))
        g_source_set_ready_time(shared->batch_source, 0);

    g_mutex_unlock(&shared->mutex);
    unref_shared(shared);
    return NULL;
}

/* --- slices of the main thread --- */

static bool
is_imported(const NjMessage *message)
{
    return message->archive_by && g_str_has_prefix(message->archive_by, "import:");
}

/* Finds the first unread message that this program received itself, and sets unread_time to its
 * time. An interrupted import may have left imported messages before it unread: these count as
 * read, so read_time and read_id move behind them. */
static void
find_unread(NjImport *import)
{
    for (;;) {
        g_autoptr(GPtrArray) page = nj_store_page_after(import->store, import->chat,
                                                        import->read_time, import->read_id, PAGE);
        for (guint i = 0; i < page->len; i++) {
            const NjMessage *message = g_ptr_array_index(page, i);
            if (!message->out && !is_imported(message)) {
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

/* Finds or creates the chat of a file. The format does not tell whether the log is that of a room:
 * it is if a room with that address is open or stored. */
static void
begin_file(NjImport *import, const char *address)
{
    NjStoredChat row;
    NjChat *open = nj_chat_find(import->account, address);

    if (open) {
        import->room = open->kind == NJ_CHAT_ROOM;
    } else {
        import->room =
            nj_store_find_chat(import->store, import->account->row, NJ_CHAT_ROOM, address, &row);
        if (import->room)
            nj_stored_chat_clear(&row);
    }

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
        import->cannot_check = true;
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

    /* The user has read the message in the other program. Unread messages of this program, and
     * what follows them, stay unread. */
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
    import->cannot_check = nj_store_failed_reads(import->store) != failed;
    counts->files++;
}

/* Marks the stored messages of the batch as read, and frees the batch. */
static void
end_batch(NjImport *import)
{
    Batch *batch = g_steal_pointer(&import->batch);
    if (batch->messages && import->chat) {
        NjChat *chat = nj_chat_find(import->account, import->address);
        bool open = chat && chat->id == import->chat;
        if (open
            && nj_is_after(chat->read_time, chat->read_id, import->read_time, import->read_id)) {
            import->read_time = chat->read_time; /* the user has read further */
            import->read_id = chat->read_id;
        }
        nj_store_set_read_marker(import->store, import->chat, import->read_time, import->read_id);
        if (open)
            nj_chat_refresh(chat);
    }

    free_batch(batch);
}

static void continue_storing(void *data);

/* Takes the next batch; returns false if there is none. *over: no batch will follow, either. */
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

    return import->batch;
}

static void
finish_import(void *data)
{
    NjImport *import = data;
    g_autoptr(GError) unreadable = NULL;
    if (import->cannot_check)
        unreadable = g_error_new(
            G_FILE_ERROR, G_FILE_ERROR_IO,
            _("The history could not be read, so duplicates cannot be found. The messages imported "
              "so far stay; repeat the import when the history can be read again."));

    import->hooks.done(unreadable ? unreadable : import->shared->error, &import->counts,
                       import->hooks.owner);
    nj_import_cancel(import);
}

/* Stores messages for SLICE_US; returns false if the import must wait for the thread or for the
 * store. */
static bool
store_slice(NjImport *import)
{
    gint64 until = nj_clock_us() + SLICE_US;
    bool over = false;

    while (nj_clock_us() < until) {
        if (!import->batch && !take_batch(import, &over)) {
            if (over)
                nj_store_call_when_committed(import->store, finish_import, import, import);
            import->waiting = over;
            return false;
        }
        if (nj_store_queue_is_full(import->store)) {
            import->waiting = true;
            nj_store_call_when_committed(import->store, continue_storing, import, import);
            return false;
        }
        /* At most 16 messages before the clock is read again. */
        const GPtrArray *messages = import->batch->messages;
        const guint end = messages ? MIN(import->at + 16, messages->len) : 0;
        while (import->at < end && !import->cannot_check)
            store_message(import, g_ptr_array_index(messages, import->at++));
        if (import->cannot_check) {
            import->waiting = true;
            nj_store_call_when_committed(import->store, finish_import, import, import);
            return false;
        }
        if (!messages || import->at >= messages->len)
            end_batch(import);
    }

    return true;
}

static gboolean
on_batch(void *data)
{
    NjImport *import = data;
    if (!import->waiting && store_slice(import))
        g_source_set_ready_time(import->shared->batch_source, 0);
    return G_SOURCE_CONTINUE;
}

static void
continue_storing(void *data)
{
    NjImport *import = data;
    import->waiting = false;
    g_source_set_ready_time(import->shared->batch_source, 0);
}

static void
on_account_removed(NjAccount *account, void *owner)
{
    NjImport *import = owner;
    if (account != import->account)
        return;
    g_autoptr(GError) error =
        g_error_new(G_FILE_ERROR, G_FILE_ERROR_FAILED,
                    _("The account %s was removed; the other messages were not imported."),
                    account->settings->name);
    import->hooks.done(error, &import->counts, import->hooks.owner);
    nj_import_cancel(import);
}

NjImport *
nj_import_begin(NjAccount *account, const NjImportFormat *format, const char *path,
                const NjImportHooks *hooks)
{
    g_return_val_if_fail(account->client->store, NULL);
    Shared *shared = g_new0(Shared, 1);
    shared->refs = 2; /* of the main thread and of the reading thread */
    shared->format = format;
    shared->path = nj_files_expand(path);
    shared->archive_by = g_strconcat("import:", format->name, NULL);
    g_mutex_init(&shared->mutex);
    g_cond_init(&shared->moved);

    NjImport *import = g_new0(NjImport, 1);
    import->shared = shared;
    import->account = account;
    import->store = account->client->store;
    import->hooks = *hooks;
    shared->batch_source = nj_clock_signal(G_PRIORITY_DEFAULT_IDLE, on_batch, import);
    nj_on_account_removed(account->client->bus, on_account_removed, import);
    g_thread_unref(g_thread_new("import", run_thread, shared));

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
    g_atomic_int_set(&shared->cancelled, 1);
    g_cond_signal(&shared->moved);
    g_mutex_unlock(&shared->mutex);
    g_source_destroy(shared->batch_source);
    unref_shared(shared);

    if (import->batch)
        end_batch(import);
    g_free(import->counts.example);
    g_free(import->address);
    g_free(import);
}

const NjImportFormat *const nj_import_formats[] = { &nj_import_mcabber, NULL };
