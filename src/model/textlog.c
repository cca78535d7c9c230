/* Text logs. The main thread formats lines and a worker thread writes them, so that a slow disk
 * delays only the logs. The queue is bounded; lines that do not fit are dropped, counted and
 * reported. Directories have mode 0700, files 0600. Links, and files of other users, are refused:
 * in a directory that others can write to, a link could lead to any file of the user. */
#include "model/textlog.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "model/events.h"
#include "model/jid.h"

#define MAX_BYTES (8 * 1024 * 1024) /* of text in the queue */
#define MAX_LINES 50000             /* jobs in the queue */
#define MAX_NAME 180 /* bytes of a file name; longer ones are shortened; file systems allow 255 */
#define MAX_CLOSE_US (G_USEC_PER_SEC / 2) /* nj_textlog_free() waits for the worker */

/* The text of one message, to be appended to dir/folder/name. */
typedef struct {
    char *dir, *folder, *name;
    char *text; /* NULL: only check that `dir` can be used */
} Job;

struct NjTextlog {
    gint refs; /* atomic: one of the main thread, one of the worker */
    NjClient *client;
    char *dir;              /* NULL: the option is empty */
    GSource *notice_source; /* fired by either thread; shows `sentence` on the main thread */

    GMutex mutex;   /* protects the fields up to `kind` */
    GCond work;     /* signalled when `jobs` or `closing` changes */
    GCond done;     /* signalled when `finished` changes */
    GQueue jobs;    /* of Job, the oldest first */
    gsize bytes;    /* of text in `jobs` */
    bool closing;   /* nj_textlog_free() waits; the worker ends when `jobs` is empty */
    bool finished;  /* the worker has ended */
    guint missing;  /* number of messages not written since the last notice of recovery */
    bool full;      /* a notice has said that the queue is full */
    char *failed;   /* path of the reported failure, until it can be written; NULL: none */
    char *sentence; /* notice to show; NULL: none */
    NjNoticeKind kind;

    GThread *thread; /* NULL until the option is set for the first time */
};

/* --- names and lines --- */

static bool
must_escape(const char *address, const char *at)
{
    const bool is_first_dot = *at == '.' && at == address;
    return is_first_dot || *at == '/' || *at == '%' || g_ascii_iscntrl(*at);
}

/* These characters are escaped with "%": a slash, which would name another directory; a leading
 * dot, which would hide the file or name the parent directory; control characters; and "%" itself.
 * A name that is too long is cut and ends in a digest. */
char *
nj_textlog_name(const char *address)
{
    GString *name = g_string_new(NULL);
    for (const char *at = address; *at; at++) {
        if (must_escape(address, at))
            g_string_append_printf(name, "%%%02X", (guchar) *at);
        else
            g_string_append_c(name, *at);
    }

    if (name->len > MAX_NAME) {
        g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, address, -1);
        gsize end = MAX_NAME;
        while (((guchar) name->str[end] & 0xC0) == 0x80)
            end--;
        g_string_truncate(name, end);
        g_string_append_printf(name, "~%.16s", digest);
    }

    return g_string_free(name, FALSE);
}

/* A message that is not stored in the history has no positive id and is not logged. Messages that
 * were sent encrypted are logged, too, as plain text like in the history. */
static bool
may_log(const NjMessageEvent *event)
{
    const NjMessage *message = event->message;
    return message->id > 0 && (message->body || message->subject);
}

static char *
speaker_nick(const NjChat *chat, const NjMessage *message)
{
    const NjAccount *account = chat->account;
    char *nick;

    if (chat->kind == NJ_CHAT_ROOM && message->sender)
        nick = nj_text_line(message->sender, -1, 0);
    else if (!message->out)
        nick = g_strdup(nj_chat_label(chat));
    else if (account->settings->nick)
        nick = g_strdup(account->settings->nick);
    else
        nick = nj_jid_local(account->bare);

    /* A nick like "frog> hi" must not look like a message of frog. */
    return nick ? g_strdelimit(nick, "<>", '_') : g_strdup(account->bare);
}

/* Appends text with a newline; indents every line but the first. */
static void
append_text(GString *line, const char *text, gsize indent)
{
    for (;;) {
        const char *end = strchrnul(text, '\n');
        g_string_append_len(line, text, end - text);
        g_string_append_c(line, '\n');
        if (!*end)
            return;
        g_string_append_printf(line, "%*s", (int) indent, "");
        text = end + 1;
    }
}

static char *
format_message(const NjChat *chat, const NjMessage *message)
{
    g_autofree char *nick = speaker_nick(chat, message);
    const char *body = message->body ? message->body : "";
    char stamp[48] = "";
    time_t seconds = message->time / 1000;
    struct tm local;
    GString *line = g_string_new(NULL);

    if (localtime_r(&seconds, &local))
        strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S%z", &local);
    g_string_append_printf(line, "%s ", stamp);

    gsize indent = line->len; /* further lines begin below the nick */
    if (g_str_has_prefix(body, "/me ")) {
        g_string_append_printf(line, "* %s ", nick);
        body += strlen("/me ");
    } else {
        g_string_append_printf(line, "<%s> ", nick);
    }

    if (message->subject) {
        g_autofree char *subject = nj_text_line(message->subject, -1, 0);
        g_string_append_printf(line, _("Subject: %s"), subject);
        g_string_append(line, *body ? "\n" : "");
        g_string_append_printf(line, "%*s", *body ? (int) indent : 0, "");
    }

    append_text(line, body, indent);
    return g_string_free(line, FALSE);
}

/* --- worker thread --- */

static void
free_job(void *data)
{
    Job *job = data;
    g_free(job->dir);
    g_free(job->folder);
    g_free(job->name);
    g_free(job->text);
    g_free(job);
}

static void
unref_log(NjTextlog *log)
{
    if (!g_atomic_int_dec_and_test(&log->refs))
        return;

    g_queue_clear_full(&log->jobs, free_job);
    g_mutex_clear(&log->mutex);
    g_cond_clear(&log->work);
    g_cond_clear(&log->done);
    g_free(log->dir);
    g_free(log->failed);
    g_free(log->sentence);
    g_free(log);
}

/* Shows a notice on the main thread, and drops the one before it if that is not shown yet. Takes
 * ownership of the sentence. Called with the mutex locked. */
static void
report_notice(NjTextlog *log, NjNoticeKind kind, char *sentence)
{
    g_free(log->sentence);
    log->sentence = sentence;
    log->kind = kind;
    if (!log->closing)
        g_source_set_ready_time(log->notice_source, 0);
}

/* Called with the mutex locked. */
static void
report_recovery(NjTextlog *log)
{
    const guint missing = log->missing;
    char *sentence;
    if (missing > 0)
        sentence = g_strdup_printf(
            ngettext("The text logs can be written again; %u message is missing in them.",
                     "The text logs can be written again; %u messages are missing in them.",
                     missing),
            missing);
    else
        sentence = g_strdup(_("The text logs can be written again."));

    log->missing = 0;
    log->full = false;
    report_notice(log, NJ_NOTICE_SUCCESS, sentence);
}

static const char *
reason_of(int why)
{
    switch (why) {
    case ELOOP:
        return _("it is a link");
    case EPERM:
        return _("it belongs to another user");
    case EISDIR:
    case ENXIO:
        return _("it is not a regular file");
    default:
        return g_strerror(why);
    }
}

static bool
set_error(GError **error, int why, const char *path)
{
    g_set_error(error, G_FILE_ERROR, (gint) g_file_error_from_errno(why),
                _("The text log %s cannot be written: %s. The history has the missing messages; "
                  "/set text-logs sets another directory."),
                path, reason_of(why));
    return false;
}

/* Opens a file or directory and checks that it is not a link, belongs to our user and is of that
 * kind (S_IFREG or S_IFDIR); returns -1 and sets errno on failure. */
static int
open_checked(int folder, const char *name, int flags, mode_t kind)
{
    struct stat about;
    int why;

    flags |= O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    int fd = openat(folder, name, flags, 0600);
    if (fd < 0)
        return -1;
    if (fstat(fd, &about) != 0)
        why = errno;
    else if ((about.st_mode & S_IFMT) != kind)
        why = EISDIR;
    else if (about.st_uid != geteuid())
        why = EPERM;
    else
        return fd;

    close(fd);
    errno = why;
    return -1;
}

static bool
protect_folder(int folder)
{
    struct stat about;
    return fstat(folder, &about) == 0 && (!(about.st_mode & 077) || fchmod(folder, 0700) == 0);
}

/* Writes all of text. If that fails, removes the part that was written, because a reader could take
 * it for a whole message, and returns false with errno. */
static bool
write_whole(int fd, const char *text, gsize length)
{
    struct stat about;
    gsize done = 0;

    if (fstat(fd, &about) != 0)
        return false;

    while (done < length) {
        ssize_t put = write(fd, text + done, length - done);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            break;
        done += (gsize) put;
    }

    if (done == length)
        return true;

    int why = errno;
    if (done && ftruncate(fd, about.st_size) != 0)
        g_info("a text log ends in an incomplete line: %s", g_strerror(errno));
    errno = why;

    return false;
}

static bool
write_job(const Job *job, const char *path, GError **error)
{
    g_autofree char *folder_path = g_build_filename(job->dir, job->folder, NULL);
    if (!nj_files_ensure_dir(job->dir, error)
        || (job->text && !nj_files_ensure_dir(folder_path, error)))
        return false;
    if (!job->text)
        return true;

    int folder = open_checked(AT_FDCWD, folder_path, O_RDONLY | O_DIRECTORY, S_IFDIR);
    int fd = folder < 0 || !protect_folder(folder)
                 ? -1
                 : open_checked(folder, job->name, O_WRONLY | O_APPEND | O_CREAT, S_IFREG);
    bool done = fd >= 0 && write_whole(fd, job->text, strlen(job->text));
    int why = errno;

    if (fd >= 0 && close(fd) != 0 && done) {
        done = false;
        why = errno;
    }

    if (folder >= 0)
        close(folder);
    return done || set_error(error, why, path);
}

/* Counts the messages of a failed job, and reports a failure once. The recovery is reported as soon
 * as the failed file, or a file in the failed directory, was written. */
static void
finish_job(NjTextlog *log, const Job *job, const char *path, guint messages, const GError *error)
{
    g_mutex_lock(&log->mutex);
    if (error) {
        log->missing += messages;
        if (!log->failed) {
            log->failed = g_strdup(path);
            report_notice(log, NJ_NOTICE_ERROR, g_strdup(error->message));
        }
    } else if (log->failed && job->text && g_str_has_prefix(path, log->failed)) {
        g_clear_pointer(&log->failed, g_free);
        report_recovery(log);
    }

    g_mutex_unlock(&log->mutex);
}

/* True if both jobs write to the same file; next may be NULL. */
static bool
has_same_file(const Job *job, const Job *next)
{
    if (!job->text || !next || !next->text)
        return false;
    return strcmp(next->name, job->name) == 0 && strcmp(next->folder, job->folder) == 0
           && strcmp(next->dir, job->dir) == 0;
}

/* Writes the jobs in order; consecutive jobs for one file are joined into one. */
static void
write_jobs(NjTextlog *log, GQueue *jobs)
{
    Job *job;
    while ((job = g_queue_pop_head(jobs))) {
        g_autofree char *path = job->text ? g_build_filename(job->dir, job->folder, job->name, NULL)
                                          : g_strdup(job->dir);
        g_autoptr(GError) error = NULL;
        GString *text = g_string_new(job->text);
        guint messages = job->text ? 1 : 0;
        for (; has_same_file(job, g_queue_peek_head(jobs)); messages++) {
            const Job *next = g_queue_peek_head(jobs);
            g_string_append(text, next->text);
            free_job(g_queue_pop_head(jobs));
        }
        g_free(job->text);
        job->text = g_string_free(text, !messages);
        write_job(job, path, &error);
        finish_job(log, job, path, messages, error);
        free_job(job);
    }
}

static void *
run_worker(void *data)
{
    NjTextlog *log = data;
#ifdef __linux__
    (void) !nice(10); /* on Linux only this thread: the main thread handles input first */
#endif
    g_mutex_lock(&log->mutex);

    for (;;) {
        while (g_queue_is_empty(&log->jobs) && !log->closing)
            g_cond_wait(&log->work, &log->mutex);
        if (g_queue_is_empty(&log->jobs))
            break;
        GQueue jobs = log->jobs;
        g_queue_init(&log->jobs);
        log->bytes = 0;
        g_mutex_unlock(&log->mutex);
        write_jobs(log, &jobs);
        g_mutex_lock(&log->mutex);
        if (log->full && !log->failed && g_queue_is_empty(&log->jobs))
            report_recovery(log);
    }

    log->finished = true;
    g_cond_signal(&log->done);
    g_mutex_unlock(&log->mutex);
    unref_log(log);

    return NULL;
}

/* --- main thread --- */

static void
queue_job(NjTextlog *log, char *folder, char *name, char *text)
{
    Job *job = g_new(Job, 1);
    *job = (Job){ g_strdup(log->dir), folder, name, text };

    gsize size = text ? strlen(text) : 0;
    g_mutex_lock(&log->mutex);

    bool fits = log->jobs.length < MAX_LINES && log->bytes + size <= MAX_BYTES;
    if (fits) {
        log->bytes += size;
        g_queue_push_tail(&log->jobs, job);
        g_cond_signal(&log->work);
    } else {
        log->missing++;
        if (!log->full)
            report_notice(
                log, NJ_NOTICE_WARNING,
                g_strdup(_("The disk is too slow for the text logs; the history has the messages "
                           "that are missing in them.")));
        log->full = true;
        free_job(job);
    }

    g_mutex_unlock(&log->mutex);
}

static void
on_message_added(NjMessageEvent *event, void *owner)
{
    NjTextlog *log = owner;
    if (!log->dir || !may_log(event))
        return;
    g_autofree char *name = nj_textlog_name(event->chat->address);
    queue_job(log, nj_textlog_name(event->chat->account->bare), g_strconcat(name, ".log", NULL),
              format_message(event->chat, event->message));
}

/* Logs the messages of a stranger when the user accepts him. */
static void
on_chat_let_in(NjChat *chat, void *owner)
{
    NjTextlog *log = owner;
    NjStore *store = chat->account->client->store;

    if (!log->dir || !store || !chat->id)
        return;

    g_autoptr(GPtrArray) page =
        nj_store_page_before(store, chat->id, G_MAXINT64, G_MAXINT64, NJ_MAX_REQUEST_MESSAGES);
    for (guint i = 0; i < page->len; i++) {
        NjMessageEvent event = { chat, page->pdata[i] };
        if (!event.message->out
            && nj_is_after(event.message->time, event.message->id, chat->read_time, chat->read_id))
            on_message_added(&event, log);
    }
}

static void
start_worker(NjTextlog *log)
{
    if (log->thread)
        return;
    g_atomic_int_inc(&log->refs);
    log->thread = g_thread_new("text logs", run_worker, log);
}

/* Reads the option text-logs. A job without text checks the directory now, so that an error is
 * reported before the first message. A relative path is resolved against $HOME, not against the
 * working directory. */
static void
use_option(NjTextlog *log)
{
    const char *dir = nj_options_text(log->client->options, "text-logs");
    g_autofree char *home = nj_files_expand("~");
    g_free(log->dir);
    log->dir = *dir ? g_canonicalize_filename(dir, home) : NULL;
    g_mutex_lock(&log->mutex);
    g_clear_pointer(&log->failed, g_free);
    log->full = false;
    g_mutex_unlock(&log->mutex);
    if (!log->dir)
        return;

    start_worker(log);
    queue_job(log, NULL, NULL, NULL);
}

static void
on_option_changed(NjOption *option, void *owner)
{
    if (strcmp(option->name, "text-logs") == 0)
        use_option(owner);
}

static gboolean
on_notice(void *data)
{
    NjTextlog *log = data;
    g_mutex_lock(&log->mutex);
    g_autofree char *sentence = g_steal_pointer(&log->sentence);
    NjNoticeKind kind = log->kind;
    g_mutex_unlock(&log->mutex);
    if (sentence)
        nj_client_notice(log->client, NULL, NULL, kind, "%s", sentence);
    return G_SOURCE_CONTINUE;
}

NjTextlog *
nj_textlog_new(NjClient *client)
{
    NjTextlog *log = g_new0(NjTextlog, 1);
    log->refs = 1;
    log->client = client;
    g_mutex_init(&log->mutex);
    g_cond_init(&log->work);
    g_cond_init(&log->done);
    g_queue_init(&log->jobs);
    log->notice_source = nj_clock_signal(G_PRIORITY_DEFAULT, on_notice, log);
    nj_on_message_added(client->bus, on_message_added, log);
    nj_on_chat_let_in(client->bus, on_chat_let_in, log);
    nj_on_option_changed(client->bus, on_option_changed, log);
    use_option(log);
    return log;
}

void
nj_textlog_free(NjTextlog *log)
{
    if (!log)
        return;

    gint64 until = g_get_monotonic_time() + MAX_CLOSE_US;
    nj_bus_forget(log->client->bus, log);
    g_mutex_lock(&log->mutex);
    log->closing = true;
    g_cond_signal(&log->work);
    while (log->thread && !log->finished && g_cond_wait_until(&log->done, &log->mutex, until))
        continue;

    bool finished = log->finished;
    g_mutex_unlock(&log->mutex);
    g_source_destroy(log->notice_source);
    g_source_unref(log->notice_source);

    /* A worker that has not finished is blocked in a write. It frees the log when that ends. */
    if (log->thread && finished)
        g_thread_join(log->thread);
    else if (log->thread)
        g_thread_unref(log->thread);

    unref_log(log);
}
