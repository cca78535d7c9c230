/* Fuzzes the parser of commands: every built-in row parses the line, words are quoted and parsed
 * again, completion runs at the end of the line, and JSON is read and written. No command is
 * run. */
#include <stdlib.h>
#include <string.h>

#include "cmd/json.h"
#include "cmd/parse.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static void
must(bool holds)
{
    if (!holds)
        abort();
}

/* Each parsed word must be the same word after it was quoted and parsed again. */
static void
check_words(const char *text)
{
    char *word;
    while ((word = nj_parse_word(&text, NULL))) {
        g_autofree char *quoted = nj_parse_quote(word);
        const char *cursor = quoted;
        g_autofree char *again = nj_parse_word(&cursor, NULL);
        must(again && !*cursor && strcmp(word, again) == 0);
        g_free(word);
    }
}

static void
check_row(const NjCommand *command, const char *rest)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(NjArgs) args = nj_parse_args(command, rest, &error);

    bool replaced = false;

    must(!args == !!error);
    for (guint i = 0; args && i < G_N_ELEMENTS(command->params) && command->params[i].name; i++) {
        const NjParam *param = &command->params[i];
        replaced |= (param->flags & NJ_INSTEAD) && nj_args_get(args, param->name);
        must(replaced || (param->flags & (NJ_OPTIONAL | NJ_REPEAT))
             || nj_args_get(args, param->name));
        must(nj_args_list(args, param->name) != NULL);
    }

    const char *word = NULL;
    bool keyword = false;
    if (nj_parse_param_at(command, rest, &word, &keyword))
        must(word >= rest && word <= rest + strlen(rest));
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    static NjClient *client;
    static NjCmd *cmd;

    if (!cmd) {
        client = nj_client_new(nj_paths_new("/nowhere"), nj_options_new(NULL));
        cmd = nj_cmd_new(client);
        for (const NjTopic *const *topic = nj_topics; *topic; topic++)
            nj_cmd_add_topic(cmd, *topic);
    }

    g_autofree char *text = g_strndup((const char *) data, size);
    if (!g_utf8_validate(text, -1, NULL))
        return 0; /* no source of lines passes invalid UTF-8 on */

    NjLine line;
    g_autoptr(GError) error = NULL;
    must(nj_parse_line(text, &line, &error) == !error);

    const NjTable *table = nj_cmd_table(cmd);
    for (guint i = 0; line.rest && i < nj_table_length(table); i++) {
        const GPtrArray *rows = nj_cmd_subcommands(cmd, nj_table_at(table, i));
        check_row(nj_table_at(table, i), line.rest);
        for (guint n = 0; rows && n < rows->len; n++)
            check_row(rows->pdata[n], line.rest);
    }

    nj_line_clear(&line);
    check_words(text);
    nj_cmd_is_secret(cmd, text);

    gsize start = 0, end = 0;
    char **choices = nj_cmd_complete(cmd, text, strlen(text), &start, &end, NULL);
    must(!choices || (start <= end && end <= strlen(text)));
    g_strfreev(choices);

    g_autoptr(NjRecord) record = nj_json_read(text, -1, NULL);
    if (record) {
        g_autofree char *once = nj_json_write(record);
        g_autoptr(NjRecord) again = nj_json_read(once, -1, NULL);
        g_autofree char *twice = nj_json_write(again);
        must(strcmp(once, twice) == 0);
    }

    return 0;
}
