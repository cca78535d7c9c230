/* mcabber's logs: a file for each address, a message as
 *
 *     MR 20240101T00:00:00Z 000 text
 *
 * with M for a message, R or S for received or sent, the time in UTC, and how many more lines
 * belong to the text.  Lines that begin with S tell of presence and take more lines in the same
 * way; MI are notes.  In the log of a room the text begins with "<nick> ", or "*nick " where
 * somebody does something. */
#include <string.h>

#include "base/clock.h"
#include "model/import.h"

#define MAX_LINE (1024 * 1024) /* of a text; what is longer is cut off */
#define HEAD 26                /* "MR 20240101T00:00:00Z 000 " */

typedef struct {
    const NjImportSink *sink;
    GString *line; /* without its newline */
    GString *text; /* of the message that is being read */
    gint64 time;
    /* open: it has begun; wanted: it is a message, and not empty */
    bool out, open, wanted;
    bool begun; /* a line was understood */
    guint more; /* lines still to come */
} Reader;

static void *
begin(const NjImportSink *sink)
{
    Reader *reader = g_new0(Reader, 1);
    reader->sink = sink;
    reader->line = g_string_new(NULL);
    reader->text = g_string_new(NULL);
    return reader;
}

static void
finish_message(Reader *reader)
{
    const NjImportText text = { reader->time, reader->out, reader->text->str, reader->text->len };
    if (reader->open && reader->wanted && text.length)
        reader->sink->take(&text, reader->sink->owner);
    reader->open = false;
    reader->more = 0;
}

/* The head of a message or of a status; false: it is neither. */
static bool
read_head(Reader *reader, const char *line, gsize length)
{
    static const char form[HEAD + 1] = "?? ddddddddTdd:dd:ddZ ddd ";
    if (length < HEAD - 1)
        return false;

    for (guint i = 0; i < HEAD && i < length; i++)
        if (form[i] == 'd' ? !g_ascii_isdigit(line[i]) : form[i] != '?' && form[i] != line[i])
            return false;
    if (line[0] != 'M' && line[0] != 'S')
        return false;

    char stamp[18];
    memcpy(stamp, line + 3, 17);
    stamp[17] = '\0';
    if (!nj_clock_parse(stamp, &reader->time))
        return false;

    reader->out = line[1] == 'S';
    reader->wanted = line[0] == 'M' && (line[1] == 'R' || line[1] == 'S');
    reader->more = (line[22] - '0') * 100 + (line[23] - '0') * 10 + (line[24] - '0');
    return true;
}

static void
add_text(Reader *reader, const char *text, gsize length)
{
    gsize room = MAX_LINE - reader->text->len;
    if (reader->wanted)
        g_string_append_len(reader->text, text, MIN(length, room));
}

/* False: the first line is none of a log. */
static bool
take_line(Reader *reader)
{
    const char *line = reader->line->str;
    gsize length = reader->line->len;

    if (length && line[length - 1] == '\r')
        length--;
    if (reader->open && reader->more) {
        add_text(reader, "\n", 1);
        add_text(reader, line, length);
        reader->more--;
    } else {
        finish_message(reader);
        if (read_head(reader, line, length)) {
            reader->open = reader->begun = true;
            g_string_truncate(reader->text, 0);
            add_text(reader, line + MIN(HEAD, length), length - MIN(HEAD, length));
        } else if (length) {
            reader->sink->skip(1, reader->sink->owner);
            if (!reader->begun)
                return false;
        }
    }

    g_string_truncate(reader->line, 0);
    if (reader->open && !reader->more)
        finish_message(reader);
    return true;
}

static bool
feed(void *data, const char *bytes, gsize length)
{
    Reader *reader = data;
    for (const char *end = bytes + length; bytes < end;) {
        const char *newline = memchr(bytes, '\n', end - bytes);
        gsize part = (newline ? newline : end) - bytes, room = MAX_LINE + HEAD - reader->line->len;
        g_string_append_len(reader->line, bytes, MIN(part, room));
        bytes += part + (newline != NULL);
        /* What begins otherwise and never ends is no log. */
        char first = reader->line->str[0];
        if (newline ? !take_line(reader)
                    : !reader->begun && reader->line->len > HEAD && first != 'M' && first != 'S')
            return false;
    }

    return true;
}

static void
end(void *data)
{
    Reader *reader = data;
    if (reader->line->len)
        take_line(reader);
    finish_message(reader);
    g_string_free(reader->line, TRUE);
    g_string_free(reader->text, TRUE);
    g_free(reader);
}

static char *
nick(char **body)
{
    char *text = *body, *close = NULL, *name = NULL;
    if (text[0] == '<' && (close = strstr(text, "> ")) && close > text + 1
        && !memchr(text, '\n', close - text)) {
        name = g_strndup(text + 1, close - text - 1);
        *body = g_strdup(close + 2);
    } else if (text[0] == '*' && (close = strchr(text, ' ')) && close > text + 1
               && !memchr(text, '\n', close - text)) {
        name = g_strndup(text + 1, close - text - 1);
        *body = g_strconcat("/me ", close + 1, NULL);
    }

    if (name)
        g_free(text);
    return name;
}

const NjImportFormat nj_import_mcabber = {
    .name = "mcabber",
    .summary = N_("mcabber's directory of logs, one file for each address"),
    .begin = begin,
    .feed = feed,
    .end = end,
    .nick = nick,
};
