/* The syntax of command lines. Every line from the prompt, the FIFO and -x is parsed here first, so
 * the input is not trusted. A raw text keeps every byte; if it begins with -e, its \n, \t and
 * \\ are replaced. */
#include "cmd/parse.h"

#include <string.h>

#include "cmd/call.h"

struct NjArgs {
    const NjCommand *command;
    char *values[G_N_ELEMENTS(((NjCommand *) NULL)->params)];
    GPtrArray *list; /* the words of the REPEAT parameter, NULL-ended */
    int repeat;      /* the index of that parameter; -1 without one */
};

static bool
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

static const char *
skip_space(const char *text)
{
    while (is_space(*text))
        text++;
    return text;
}

static const char *
skip_word(const char *text)
{
    while (*text && !is_space(*text))
        text++;
    return text;
}

bool
nj_parse_line(const char *line, NjLine *out, GError **error)
{
    memset(out, 0, sizeof *out);
    if (line[0] != '/') {
        out->rest = line;
        return true;
    }

    if (line[1] == '/') {
        out->rest = line + 1;
        return true;
    }

    const char *end = skip_word(line);
    g_autofree char *word = g_strndup(line + 1, end - line - 1);
    char *colon = strrchr(word, ':');
    const char *name = colon ? colon + 1 : word;
    if (!*name || colon == word) {
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("usage"),
                    _("A command must follow the slash, as in /help. To send text that starts with "
                      "/, type //."));
        return false;
    }

    out->command = true;
    out->account = colon ? g_strndup(word, colon - word) : NULL;
    out->name = g_strdup(name);
    out->rest = skip_space(end);

    return true;
}

void
nj_line_clear(NjLine *line)
{
    g_clear_pointer(&line->account, g_free);
    g_clear_pointer(&line->name, g_free);
}

/* text is at an opening quotation mark: returns the position behind the closing one, or NULL. */
static const char *
end_of_quote(const char *text)
{
    for (text++; *text && *text != '"'; text++)
        if (text[0] == '\\' && text[1])
            text++;
    return *text ? text + 1 : NULL;
}

/* Reads a word that begins with a quotation mark; \", \\ and \n are replaced in it. */
static char *
read_quoted(const char **cursor, GError **error)
{
    const char *end = end_of_quote(*cursor);
    if (!end) {
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("usage"),
                    _("A quotation mark is not closed; close it, or write \\\" for the mark "
                      "itself."));
        return NULL;
    }

    if (*end && !is_space(*end)) {
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("usage"),
                    _("A space must follow the closing quotation mark."));
        return NULL;
    }

    GString *word = g_string_new(NULL);
    for (const char *p = *cursor + 1; p < end - 1; p++) {
        if (p[0] == '\\' && strchr("\"\\n", p[1])) {
            p++;
            g_string_append_c(word, *p == 'n' ? '\n' : *p);
        } else {
            g_string_append_c(word, *p);
        }
    }

    *cursor = end;
    return g_string_free(word, FALSE);
}

char *
nj_parse_word(const char **cursor, GError **error)
{
    *cursor = skip_space(*cursor);
    const char *start = *cursor;
    if (!*start)
        return NULL;
    if (*start == '"')
        return read_quoted(cursor, error);
    *cursor = skip_word(start);
    return g_strndup(start, *cursor - start);
}

char *
nj_parse_raw_word(const char **cursor)
{
    const char *start = skip_space(*cursor);
    if (!*start)
        return NULL;
    const char *end = *start == '"' ? end_of_quote(start) : NULL;
    *cursor = end ? end : skip_word(start);
    return g_strndup(start, *cursor - start);
}

static char
unescaped_char(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    default:
        return c;
    }
}

/* Replaces \n, \t and \\; keeps any other backslash. */
static char *
unescape_text(const char *text)
{
    GString *out = g_string_sized_new(strlen(text));
    for (; *text; text++) {
        if (text[0] != '\\' || !text[1] || !strchr("nt\\", text[1])) {
            g_string_append_c(out, *text);
            continue;
        }
        text++;
        g_string_append_c(out, unescaped_char(*text));
    }

    return g_string_free(out, FALSE);
}

/* The value of a raw text, for which \n, \t and \\ are replaced only behind -e. */
static char *
read_raw(const char *text)
{
    if (g_str_has_prefix(text, "-e") && is_space(text[2]))
        return unescape_text(skip_space(text + 2));
    return g_strdup(text);
}

static int
param_count(const NjCommand *command)
{
    int count = 0;
    while (count < (int) G_N_ELEMENTS(command->params) && command->params[count].name)
        count++;
    return count;
}

/* The index of the keyword that text begins with ("wait=…"); -1 without one. */
static int
keyword_at(const NjCommand *command, const char *text)
{
    const char *end = text + strcspn(text, "= \t\n\"");
    if (*end != '=' || end == text)
        return -1;

    for (int i = 0; i < param_count(command); i++) {
        const NjParam *param = &command->params[i];
        if ((param->flags & NJ_KEYWORD) && strlen(param->name) == (gsize) (end - text)
            && strncmp(param->name, text, end - text) == 0)
            return i;
    }

    return -1;
}

/* The index of the first parameter from index `from` on that is not a keyword; -1 without one. */
static int
next_positional(const NjCommand *command, int from)
{
    for (int i = from; i < param_count(command); i++)
        if (!(command->params[i].flags & NJ_KEYWORD))
            return i;
    return -1;
}

/* Whether the parameter takes the rest of the line as it is. */
static bool
is_raw(const NjCommand *command, int index)
{
    const NjParam *param = &command->params[index];
    return param->kind == NJ_PARAM_TEXT && !(param->flags & (NJ_REPEAT | NJ_KEYWORD))
           && next_positional(command, index + 1) < 0;
}

/* "ROOM", "[NICK]", "[wait=sent]", "[WORD…]": a parameter in a usage line; the caller frees it. */
static char *
format_param(const NjParam *param)
{
    g_autofree char *value = param->kind == NJ_PARAM_CHOICE && !param->list
                                 ? g_strjoinv("|", (char **) param->choices)
                                 : g_ascii_strup(param->name, -1);
    GString *shown = g_string_new(NULL);

    if (param->flags & NJ_KEYWORD)
        g_string_append_printf(shown, "%s=", param->name);
    g_string_append(shown, value);
    if (param->flags & NJ_REPEAT)
        g_string_append(shown, "…");
    if (param->flags & NJ_OPTIONAL) {
        g_string_prepend_c(shown, '[');
        g_string_append_c(shown, ']');
    }

    return g_string_free(shown, FALSE);
}

char *
nj_parse_full_name(const NjCommand *command)
{
    return command->parent ? g_strdup_printf("%s %s", command->parent, command->name)
                           : g_strdup(command->name);
}

char *
nj_parse_usage(const NjCommand *command)
{
    g_autofree char *name = nj_parse_full_name(command);
    GString *usage = g_string_new("/");
    g_string_append(usage, name);

    for (int i = 0; i < param_count(command); i++) {
        if (command->params[i].flags & NJ_INSTEAD)
            continue;
        g_autofree char *shown = format_param(&command->params[i]);
        g_string_append_printf(usage, " %s", shown);
    }

    return g_string_free(usage, FALSE);
}

char *
nj_parse_alternatives(const char *const *words)
{
    guint count = g_strv_length((char **) words);
    if (count < 2)
        return g_strdup(count ? words[0] : "");

    g_autoptr(GString) first = g_string_new(words[0]);
    for (guint i = 1; i < count - 1; i++)
        g_string_append_printf(first, ", %s", words[i]);
    /* Translators: words of which one must be typed, then the last of these words. */
    return g_strdup_printf(_("%s or %s"), first->str, words[count - 1]);
}

void
nj_parse_fail(GError **error, const char *sentence, const char *usage)
{
    /* Translators: a sentence about what is wrong, then how the command is written. */
    g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("usage"), _("%s Usage: %s"), sentence, usage);
}

static void
fail_usage(GError **error, const NjCommand *command, const char *sentence)
{
    g_autofree char *usage = nj_parse_usage(command);
    nj_parse_fail(error, sentence, usage);
}

/* Sets a usage error and returns false if the parameter does not take this value. */
static bool
check_value(const NjCommand *command, const NjParam *param, const char *value, GError **error)
{
    g_autofree char *sentence = NULL;
    if (param->kind == NJ_PARAM_CHOICE && param->list) {
        if (!g_strv_contains(param->list, value))
            sentence = g_strdup_printf(
                _("Expected one of the words that the Tab key lists, not “%s”."), value);
    } else if (param->kind == NJ_PARAM_CHOICE
               && !g_strv_contains((const char *const *) param->choices, value)) {
        g_autofree char *choices = nj_parse_alternatives(param->choices);
        /* Translators: "Expected ask, allow or deny, not “x”." */
        sentence = g_strdup_printf(_("Expected %s, not “%s”."), choices, value);
    } else if (param->kind == NJ_PARAM_NUMBER
               && !g_ascii_string_to_signed(value, 10, G_MININT32, G_MAXINT32, NULL, NULL)) {
        sentence = g_strdup_printf(_("“%s” is not a number."), value);
    }

    if (sentence)
        fail_usage(error, command, sentence);
    return !sentence;
}

static void
wipe_string(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    g_free(secret);
}

/* Checks and stores the value of a parameter; takes ownership of value. */
static bool
add_value(NjArgs *args, int index, char *value, GError **error)
{
    const NjParam *param = &args->command->params[index];
    if (!check_value(args->command, param, value, error)) {
        wipe_string(value);
        return false;
    }

    if (index == args->repeat) {
        g_ptr_array_insert(args->list, args->list->len - 1, value);
    } else {
        wipe_string(args->values[index]);
        args->values[index] = value;
    }

    return true;
}

static NjArgs *
new_args(const NjCommand *command)
{
    NjArgs *args = g_new0(NjArgs, 1);
    args->command = command;
    args->repeat = -1;
    args->list = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(args->list, NULL);
    for (int i = 0; i < param_count(command); i++)
        if (command->params[i].flags & NJ_REPEAT)
            args->repeat = i;

    return args;
}

static bool
is_given(const NjArgs *args, int index)
{
    return index == args->repeat ? args->list->len > 1 : args->values[index] != NULL;
}

/* Sets a usage error and returns false if a required parameter is not given. */
static bool
check_required(const NjArgs *args, GError **error)
{
    const NjCommand *command = args->command;
    bool replaced = false;

    for (int i = 0; i < param_count(command); i++) {
        const NjParam *param = &command->params[i];
        if (is_given(args, i)) {
            replaced |= (param->flags & NJ_INSTEAD) != 0;
            continue;
        }

        if (!replaced && !(param->flags & NJ_OPTIONAL)) {
            g_autofree char *shown = g_ascii_strup(param->name, -1);
            g_autofree char *sentence = g_strdup_printf(_("Missing %s."), shown);
            fail_usage(error, command, sentence);
            return false;
        }
    }

    return true;
}

NjArgs *
nj_parse_args(const NjCommand *command, const char *rest, GError **error)
{
    g_autoptr(NjArgs) args = new_args(command);
    int at = next_positional(command, 0);

    for (rest = skip_space(rest); *rest; rest = skip_space(rest)) {
        int index = keyword_at(command, rest);
        if (index >= 0) {
            rest += strlen(command->params[index].name) + 1;
            char *value = is_space(*rest) || !*rest ? g_strdup("") : nj_parse_word(&rest, error);
            if (!value || !add_value(args, index, value, error))
                return NULL;
            continue;
        }
        if (at < 0) {
            fail_usage(error, command,
                       _("Too many words; put quotation marks around words that belong together."));
            return NULL;
        }
        if (is_raw(command, at)) {
            args->values[at] = read_raw(rest);
            break;
        }
        char *value = nj_parse_word(&rest, error);
        if (!value || !add_value(args, at, value, error))
            return NULL;
        if (at != args->repeat)
            at = next_positional(command, at + 1);
    }

    if (!check_required(args, error))
        return NULL;

    return g_steal_pointer(&args);
}

void
nj_args_free(NjArgs *args)
{
    if (!args)
        return;
    for (guint i = 0; i < G_N_ELEMENTS(args->values); i++)
        wipe_string(args->values[i]);
    g_ptr_array_unref(args->list);
    g_free(args);
}

static int
find_param(const NjArgs *args, const char *param)
{
    for (int i = 0; i < param_count(args->command); i++)
        if (strcmp(args->command->params[i].name, param) == 0)
            return i;
    return -1;
}

const char *
nj_args_get(const NjArgs *args, const char *param)
{
    int index = find_param(args, param);
    return index < 0 ? NULL : args->values[index];
}

const char *const *
nj_args_list(const NjArgs *args, const char *param)
{
    static const char *const none[] = { NULL };
    int index = find_param(args, param);
    return index >= 0 && index == args->repeat ? (const char *const *) args->list->pdata : none;
}

bool
nj_args_set(NjArgs *args, const char *param, char *value)
{
    int index = find_param(args, param);
    if (index < 0 || index == args->repeat) {
        g_free(value);
        return false;
    }
    wipe_string(args->values[index]);
    args->values[index] = value;
    return true;
}

bool
nj_args_secret(const NjArgs *args)
{
    for (int i = 0; i < param_count(args->command); i++)
        if (args->command->params[i].kind == NJ_PARAM_SECRET && args->values[i])
            return true;
    return false;
}

const NjParam *
nj_parse_param_at(const NjCommand *command, const char *text, const char **word, bool *keyword)
{
    int at = next_positional(command, 0);
    for (;;) {
        text = skip_space(text);
        int index = keyword_at(command, text);
        *keyword = index >= 0;
        if (*keyword)
            text += strlen(command->params[index].name) + 1;
        *word = text;
        if (!*keyword && at >= 0 && is_raw(command, at))
            return &command->params[at];

        /* An open quotation mark makes the rest of the text one word. */
        const char *end = *text == '"' ? end_of_quote(text) : skip_word(text);
        if (!end || !*end) {
            int found = *keyword ? index : at;
            return found >= 0 ? &command->params[found] : NULL;
        }

        text = end;
        if (!*keyword && at >= 0 && !(command->params[at].flags & NJ_REPEAT))
            at = next_positional(command, at + 1);
    }
}

char *
nj_parse_quote(const char *word)
{
    if (*word && !strpbrk(word, " \t\n\"\\=") && strcmp(word, "-e") != 0)
        return g_strdup(word);

    GString *out = g_string_new("\"");
    for (; *word; word++) {
        if (*word == '\n') {
            g_string_append(out, "\\n");
            continue;
        }
        if (*word == '"' || *word == '\\')
            g_string_append_c(out, '\\');
        g_string_append_c(out, *word);
    }

    g_string_append_c(out, '"');
    return g_string_free(out, FALSE);
}
