/* The only file that uses readline. readline is an editing engine here: it gets bytes from a queue,
 * edits a buffer and draws nothing. These settings keep it from doing more:
 *
 * - It reads with read_queued_byte() and is called only while the queue holds bytes. Its input
 *   stream is a pipe that never has data, and its "input available" hook looks at the queue.
 *   Otherwise readline would poll a descriptor, find no input and clear the line.
 * - It does not touch the terminal, signals or the environment.
 * - blink-matching-paren and keyseq-timeout are off: they would block the main loop for half a
 *   second.
 * - Its callback for a finished line only stores the line. on_line runs after readline has
 *   returned, because it may switch buffers or ask questions, which must not happen inside
 *   readline.
 *
 * readline's line buffer, undo list and history are global. When the prompt switches buffers, it
 * saves the text, the cursor and the history of the old one; the undo list is dropped.
 *
 * In emacs mode a lone ESC is not passed to readline until the next key arrives: a second ESC, a
 * paste or a switch of the buffer cancels the first. */
#include "ui/prompt-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "base/text.h"
#include "ui/keys.h"

#define MAX_HISTORY 500
#define MAX_PASTE (4 * 1024 * 1024)
/* States in which readline waits for more keys. */
#define UNFINISHED                                                                 \
    (RL_STATE_ISEARCH | RL_STATE_NSEARCH | RL_STATE_NUMERICARG | RL_STATE_MULTIKEY \
     | RL_STATE_VIMOTION | RL_STATE_CHARSEARCH)

/* While the buffer is the current one, readline has its text, cursor and history. */
struct NjPromptBuffer {
    gint64 id;
    char *text;
    gsize point; /* byte offset of the cursor */
    HISTORY_STATE *history;
};

static NjPrompt *current; /* readline passes no owner to the functions it calls */

/* --- functions that readline calls --- */

static int
read_queued_byte(FILE *stream)
{
    (void) stream;
    if (!current || current->queue_at >= current->queue->len)
        return EOF;
    return (guchar) current->queue->str[current->queue_at++];
}

static int
has_queued_bytes(void)
{
    return current && current->queue_at < current->queue->len;
}

static void
draw_nothing(void)
{
}

static void
prepare_nothing(int meta)
{
    (void) meta;
}

static void
on_entered(char *line)
{
    if (!line || !current)
        return; /* Ctrl-d must not end the input */
    free(current->entered);
    current->entered = line;
}

static int
insert_newline(int count, int key)
{
    (void) count;
    (void) key;
    rl_insert_text("\n");
    return 0;
}

/* Returns the byte offset at which the line that contains the offset `at` begins. */
static gsize
find_line_start(gsize at)
{
    while (at > 0 && rl_line_buffer[at - 1] != '\n')
        at--;
    return at;
}

/* Moves the cursor to the same column of the line above (step -1) or below (step 1). Returns false
 * if there is no such line. */
static bool
move_line(int step)
{
    gsize start = find_line_start((gsize) rl_point), to;
    if (step < 0) {
        if (start == 0)
            return false;
        to = find_line_start(start - 1);
    } else {
        const char *next = strchr(rl_line_buffer + rl_point, '\n');
        if (!next)
            return false;
        to = (gsize) (next + 1 - rl_line_buffer);
    }

    int column = nj_text_width(rl_line_buffer + start, (gssize) ((gsize) rl_point - start));
    rl_point = (int) (to
                      + nj_text_fit(rl_line_buffer + to,
                                    (gssize) strcspn(rl_line_buffer + to, "\n"), column, NULL));

    return true;
}

static int
go_up(int count, int key)
{
    return move_line(-1) ? 0 : rl_get_previous_history(count, key);
}

static int
go_down(int count, int key)
{
    return move_line(1) ? 0 : rl_get_next_history(count, key);
}

/* --- completion --- */

void
nj_prompt_drop_choices(NjPrompt *prompt)
{
    g_strfreev(prompt->choices.texts);
    g_free(prompt->choices.word);
    prompt->choices = (NjChoices){ .chosen = -1 };
}

/* Replaces the completed word. */
static void
replace_word(NjChoices *choices, const char *text)
{
    rl_begin_undo_group();
    rl_delete_text((int) choices->start, (int) choices->end);
    rl_point = (int) choices->start;
    rl_insert_text(text);
    rl_end_undo_group();
    choices->end = (gsize) rl_point;
}

static gsize
common_prefix_length(char *const *texts)
{
    gsize length = strlen(texts[0]);
    for (guint i = 1; texts[i]; i++) {
        gsize same = 0;
        while (same < length && texts[i][same] == texts[0][same])
            same++;
        length = same;
    }

    /* Do not end inside a UTF-8 character. */
    while (length > 0 && ((guchar) texts[0][length] & 0xc0) == 0x80)
        length--;
    return length;
}

/* Inserts the only choice and a space. Leaves the space out if the choice is empty, if it ends in a
 * separator and can be continued, or if a space follows already. */
static void
insert_only_choice(NjChoices *choices)
{
    const char *text = choices->texts[0];
    bool no_space = text[0] == '\0' || strchr(" =/:", text[strlen(text) - 1])
                    || rl_line_buffer[choices->end] == ' ';
    g_autofree char *word = g_strconcat(text, no_space ? "" : " ", NULL);
    replace_word(choices, word);
}

/* Asks on_complete for choices. Inserts the only one, or the common prefix of several, which are
 * then shown. */
static void
begin_completion(NjPrompt *prompt)
{
    gsize start = 0, end = 0;
    if (!prompt->hooks.on_complete)
        return;

    char **texts = prompt->hooks.on_complete(prompt, rl_line_buffer, (gsize) rl_point, &start, &end,
                                             prompt->owner);
    NjChoices *choices = &prompt->choices;
    nj_prompt_drop_choices(prompt);

    bool is_range = start <= end && end <= (gsize) rl_end;
    if (!texts || !texts[0] || !is_range) {
        g_strfreev(texts);
        return;
    }

    choices->texts = texts;
    choices->count = g_strv_length(texts);
    choices->start = start;
    choices->end = end;
    choices->word = g_strndup(rl_line_buffer + start, end - start);

    if (choices->count == 1) {
        insert_only_choice(choices);
        nj_prompt_drop_choices(prompt);
        return;
    }

    g_autofree char *common = g_strndup(texts[0], common_prefix_length(texts));
    if (strlen(common) < end - start)
        return;

    replace_word(choices, common);
    g_free(choices->word);
    choices->word = g_steal_pointer(&common);
}

/* Tab (step 1) and Shift-Tab (step -1): shows the choices, then steps through them. */
static int
step_completion(NjPrompt *prompt, int step)
{
    NjChoices *choices = &prompt->choices;
    prompt->completing = true;
    if (!choices->texts) {
        begin_completion(prompt);
        return 0;
    }

    int count = (int) choices->count;
    if (choices->chosen >= 0)
        choices->chosen = (choices->chosen + step + count) % count;
    else
        choices->chosen = step > 0 ? 0 : count - 1;
    replace_word(choices, choices->texts[choices->chosen]);

    return 0;
}

static int
complete_next(int count, int key)
{
    (void) count;
    (void) key;
    return step_completion(current, 1);
}

static int
complete_previous(int count, int key)
{
    (void) count;
    (void) key;
    return step_completion(current, -1);
}

/* --- setting up readline --- */

/* Binds the keys to func if their function is `old`, the default of readline. */
static void
replace_binding(const char *keys, rl_command_func_t *old, rl_command_func_t *func, Keymap map)
{
    if (rl_function_of_keyseq(keys, map, NULL) == old)
        rl_bind_keyseq_in_map(keys, func, map);
}

/* Binds our keys in a keymap. Bindings of the inputrc are kept. */
static void
bind_keys(Keymap map)
{
    static const struct {
        const char *keys;
        rl_command_func_t *func;
    } keys[] = {
        { "\033[1~", rl_beg_of_line },    { "\033[7~", rl_beg_of_line },
        { "\033[4~", rl_end_of_line },    { "\033[8~", rl_end_of_line },
        { "\033[3~", rl_delete },         { "\033[2~", rl_overwrite_mode },
        { "\033[1;5C", rl_forward_word }, { "\033[1;5D", rl_backward_word },
        { "\033[1;3C", rl_forward_word }, { "\033[1;3D", rl_backward_word },
        { "\033[3;5~", rl_kill_word },    { "\033[3;3~", rl_kill_word },
        { "\033\r", insert_newline },     { "\033\n", insert_newline },
        { "\033[Z", complete_previous },
    };

    for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
        rl_bind_keyseq_if_unbound_in_map(keys[i].keys, keys[i].func, map);

    /* Replace defaults of readline: Alt-Enter switches to vi mode, Tab completes file names or
     * inserts a tab. */
    replace_binding("\033\r", rl_vi_editing_mode, insert_newline, map);
    replace_binding("\t", rl_complete, complete_next, map);
    replace_binding("\t", rl_insert, complete_next, map);

    static const char *const ups[] = { "\033[A", "\033OA" };
    static const char *const downs[] = { "\033[B", "\033OB" };
    for (guint i = 0; i < 2; i++) {
        replace_binding(ups[i], rl_get_previous_history, go_up, map);
        replace_binding(downs[i], rl_get_next_history, go_down, map);
    }

    /* The rest of an unbound key sequence must not become text. */
    rl_bind_keyseq_in_map("\033[", rl_skip_csi_sequence, map);
}

static void
set_up_readline(NjPrompt *prompt)
{
    static const char *const settings[][2] = {
        { "enable-bracketed-paste", "off" },
        { "keyseq-timeout", "1" },
        { "blink-matching-paren", "off" },
        { "bell-style", "none" },
        { "show-mode-in-prompt", "off" },
        { "enable-active-region", "off" },
        { "input-meta", "on" },
        { "output-meta", "on" },
        { "convert-meta", "off" },
        { "revert-all-at-newline", "off" },
        { "mark-modified-lines", "off" },
        { "disable-completion", "on" },
    };
    rl_readline_name = "Natterjack";

    rl_instream = prompt->in;
    rl_outstream = prompt->out;
    rl_getc_function = read_queued_byte;
    rl_input_available_hook = has_queued_bytes;
    rl_redisplay_function = draw_nothing;
    rl_prep_term_function = prepare_nothing;
    rl_deprep_term_function = draw_nothing;
    rl_catch_signals = 0;
    rl_catch_sigwinch = 0;

    rl_change_environment = 0;
    rl_initialize();
    /* rl_initialize() has read the inputrc; these settings override it. */
    for (guint i = 0; i < G_N_ELEMENTS(settings); i++)
        rl_variable_bind(settings[i][0], settings[i][1]);

    bind_keys(rl_get_keymap_by_name("emacs"));
    bind_keys(rl_get_keymap_by_name("vi-insert"));

    /* These keys of vi's command mode complete file names. */
    static const char *const completions[] = { "=", "*", "\\\\" };
    for (guint i = 0; i < G_N_ELEMENTS(completions); i++)
        rl_bind_keyseq_in_map(completions[i], NULL, rl_get_keymap_by_name("vi-command"));

    prompt->inputrc_vi = rl_editing_mode == 0;
    stifle_history(MAX_HISTORY);
    rl_callback_handler_install("", on_entered);
}

/* Removes the undo lists from the lines of the history; called after each key. readline lets an
 * edited history line, the new line that it saves while the user moves through the history, and the
 * line buffer share one undo list, and can free it twice. The edited text stays. The undo list is
 * not freed, since the line buffer may still use it: a leak of a few bytes. */
static void
detach_undo_lists(void)
{
    HIST_ENTRY **lines = history_list();
    for (int i = 0; lines && lines[i]; i++)
        lines[i]->data = NULL;
}

static void
free_buffer(void *data)
{
    NjPromptBuffer *buffer = data;
    for (int i = 0; buffer->history && i < buffer->history->length; i++)
        free_history_entry(buffer->history->entries[i]);
    if (buffer->history)
        free(buffer->history->entries);
    free(buffer->history);
    g_free(buffer->text);
    g_free(buffer);
}

static NjPromptBuffer *
add_buffer(NjPrompt *prompt, gint64 id)
{
    NjPromptBuffer *buffer = g_new0(NjPromptBuffer, 1);
    buffer->id = id;
    g_hash_table_insert(prompt->buffers, &buffer->id, buffer);
    return buffer;
}

NjPrompt *
nj_prompt_new(const NjPromptHooks *hooks, void *owner)
{
    g_return_val_if_fail(!current, NULL);
    NjPrompt *prompt = g_new0(NjPrompt, 1);
    int silent[2] = { -1, -1 };
    prompt->hooks = *hooks;
    prompt->owner = owner;
    prompt->queue = g_string_new(NULL);
    prompt->choices.chosen = -1;
    prompt->rows = g_array_new(FALSE, FALSE, sizeof(NjTextRow));
    prompt->buffers = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_buffer);

    if (pipe2(silent, O_CLOEXEC) != 0)
        g_error("cannot create a pipe for readline: %s", g_strerror(errno));
    prompt->in = fdopen(silent[0], "r");
    prompt->in_write = silent[1];
    prompt->out = fopen("/dev/null", "we");
    current = prompt;
    prompt->buffer = add_buffer(prompt, 0);
    set_up_readline(prompt);

    return prompt;
}

/* Lets readline handle a key that the user has not typed, before the keys in the queue. */
static void
press_key(NjPrompt *prompt, char key)
{
    GString *waiting = g_steal_pointer(&prompt->queue);
    gsize at = prompt->queue_at;

    prompt->queue = g_string_new_len(&key, 1);
    prompt->queue_at = 0;
    rl_callback_read_char();
    detach_undo_lists();
    g_string_free(prompt->queue, TRUE);
    prompt->queue = waiting;
    prompt->queue_at = at;
}

/* Ends a search, a numeric argument, a key sequence or a quoted character that readline has not
 * finished. rl_callback_sigcleanup() alone leaves half of a key sequence behind, therefore readline
 * gets Ctrl-g first. */
static void
abort_unfinished(NjPrompt *prompt)
{
    prompt->esc = false;
    for (int i = 0; i < 3 && RL_ISSTATE(UNFINISHED); i++)
        press_key(prompt, '\007');
    rl_callback_sigcleanup();
}

/* Moves text, cursor and history from readline to the current buffer. */
static void
save_buffer(NjPrompt *prompt)
{
    NjPromptBuffer *buffer = prompt->buffer;
    abort_unfinished(prompt);
    g_free(buffer->text);
    buffer->text = g_strdup(rl_line_buffer);
    buffer->point = (gsize) rl_point;
    detach_undo_lists();
    rl_replace_line("", 1);
    rl_callback_handler_remove();
    free(buffer->history);

    buffer->history = history_get_history_state();
    prompt->buffer = NULL;
}

/* Makes the buffer the current one and gives its text, cursor and history to readline. */
static void
load_buffer(NjPrompt *prompt, NjPromptBuffer *buffer)
{
    HISTORY_STATE empty = { 0 };
    history_set_history_state(buffer->history ? buffer->history : &empty);
    rl_callback_handler_install("", on_entered);
    rl_insert_text(buffer->text ? buffer->text : "");
    rl_free_undo_list();
    rl_point = (int) MIN(buffer->point, (gsize) rl_end);
    g_clear_pointer(&buffer->text, g_free);
    prompt->buffer = buffer;
}

void
nj_prompt_free(NjPrompt *prompt)
{
    if (!prompt)
        return;

    save_buffer(prompt);
    HISTORY_STATE empty = { 0 };
    history_set_history_state(&empty);
    rl_instream = rl_outstream = NULL;
    current = NULL;
    nj_prompt_drop_choices(prompt);
    nj_prompt_drop_questions(prompt);
    g_hash_table_unref(prompt->buffers);

    fclose(prompt->in);
    fclose(prompt->out);
    close(prompt->in_write);
    free(prompt->entered);
    g_string_free(prompt->queue, TRUE);
    g_array_unref(prompt->rows);
    g_free(prompt->label);
    g_free(prompt);
}

bool
nj_prompt_set_mode(NjPrompt *prompt, const char *mode)
{
    bool vi = strcmp(mode, "vi") == 0 || (strcmp(mode, "emacs") != 0 && prompt->inputrc_vi);
    abort_unfinished(prompt);
    rl_variable_bind("editing-mode", vi ? "vi" : "emacs");
    return vi;
}

/* --- keys and pastes --- */

void
nj_prompt_emit_changed(NjPrompt *prompt)
{
    if (prompt->hooks.on_changed)
        prompt->hooks.on_changed(prompt, prompt->owner);
}

/* Whether the line enters the history: it is not empty, does not begin with a space, differs from
 * the last line of the history, and may_keep allows it. */
static bool
belongs_in_history(NjPrompt *prompt, const char *line)
{
    const HIST_ENTRY *last =
        history_length > 0 ? history_get(history_base + history_length - 1) : NULL;
    bool is_repeated = last && strcmp(last->line, line) == 0;
    if (line[0] == '\0' || line[0] == ' ' || is_repeated)
        return false;
    return !prompt->hooks.may_keep || prompt->hooks.may_keep(prompt, line, prompt->owner);
}

/* Whether readline would take the byte for the end of its input: Ctrl-d in an empty line. */
static bool
is_end_of_input(char byte)
{
    return byte == '\004' && rl_end == 0 && !RL_ISSTATE(RL_STATE_ISEARCH | RL_STATE_NSEARCH);
}

/* Lets readline handle the next byte of the queue, or as many bytes as it reads at once. */
static void
run_readline(NjPrompt *prompt)
{
    char byte = prompt->queue->str[prompt->queue_at];
    bool is_between_keys = !RL_ISSTATE(RL_STATE_MULTIKEY | RL_STATE_METANEXT | RL_STATE_MOREINPUT);

    if (is_between_keys && byte == '\003') { /* Ctrl-c, if it is not bound */
        prompt->queue_at++;
        nj_prompt_clear(prompt);
        return;
    }

    if (is_between_keys && is_end_of_input(byte)) {
        prompt->queue_at++;
        return;
    }

    /* End a search before a key sequence: readline (8.2) would end it inside the sequence and
     * misread the rest. */
    if (RL_ISSTATE(RL_STATE_ISEARCH) && (byte == '\030' || byte == '\033'))
        press_key(prompt, '\n');

    prompt->completing = false;
    rl_callback_read_char();
    detach_undo_lists();
    if (!prompt->completing && !RL_ISSTATE(RL_STATE_MULTIKEY))
        nj_prompt_drop_choices(prompt);
    if (!prompt->entered)
        return;

    g_autofree char *line = g_strdup(prompt->entered);
    g_clear_pointer(&prompt->entered, free);
    if (belongs_in_history(prompt, line))
        add_history(line);
    using_history();
    prompt->top = 0;
    prompt->hooks.on_line(prompt, line, prompt->owner);
}

/* Runs a key of the context NJ_KEYS_CHOICES. Returns false if the bytes are not such a key. */
static bool
take_choices_key(NjPrompt *prompt, const char *bytes, gsize length)
{
    gsize used;
    const NjKeyRow *row = nj_key_row_at(NJ_KEYS_CHOICES, bytes, length, &used);
    if (!row || used != length || row->action != NJ_KEY_CANCEL)
        return false;

    if (prompt->choices.chosen >= 0)
        replace_word(&prompt->choices, prompt->choices.word);
    nj_prompt_drop_choices(prompt);
    return true;
}

/* Handles an ESC without bytes behind it: it ends a search, or is Meta for the next key, or cancels
 * the Meta of the ESC before it. Returns false in vi mode, where readline handles it. */
static bool
take_esc(NjPrompt *prompt)
{
    if (RL_ISSTATE(RL_STATE_ISEARCH)) {
        press_key(prompt, '\n');
        return true;
    }

    if (rl_editing_mode == 0)
        return false;

    prompt->esc = !prompt->esc;
    return true;
}

/* Handles a key of the choices or a lone ESC, while the queue is empty. Returns false if the
 * bytes are another key. */
static bool
take_idle_key(NjPrompt *prompt, const char *bytes, gsize length)
{
    if (prompt->choices.texts && take_choices_key(prompt, bytes, length))
        return true;
    return length == 1 && *bytes == '\033' && take_esc(prompt);
}

/* Adds whole UTF-8 characters to the queue: the beginning of a character waits for its rest,
 * invalid bytes are dropped, because some of readline's vi motions never end on them. */
static void
queue_whole_characters(NjPrompt *prompt, const char *bytes, gsize length)
{
    for (gsize i = 0; i < length; i++) {
        if ((guchar) bytes[i] < 0x80)
            prompt->partial_length = 0;
        prompt->partial[prompt->partial_length++] = bytes[i];
        gunichar c =
            prompt->partial[0] != '\0'
                ? g_utf8_get_char_validated(prompt->partial, (gssize) prompt->partial_length)
                : 0;
        if (c == (gunichar) -2 && prompt->partial_length < sizeof prompt->partial)
            continue;
        if (c < 0x110000)
            g_string_append_len(prompt->queue, prompt->partial, (gssize) prompt->partial_length);
        prompt->partial_length = 0;
    }
}

void
nj_prompt_feed(NjPrompt *prompt, const char *bytes, gsize length)
{
    bool is_idle = prompt->queue_at == prompt->queue->len && !nj_prompt_asking(prompt);
    if (is_idle && take_idle_key(prompt, bytes, length)) {
        nj_prompt_emit_changed(prompt);
        return;
    }

    if (prompt->esc)
        g_string_append_c(prompt->queue, '\033');
    prompt->esc = false;
    queue_whole_characters(prompt, bytes, length);

    /* Set after a letter has cancelled a question: readline gets this letter, even if the next
     * question is already asked. */
    bool refused = false;
    while (prompt->queue_at < prompt->queue->len) {
        const char *left = prompt->queue->str + prompt->queue_at;
        if (!refused && nj_prompt_asking(prompt)) {
            gsize taken =
                nj_prompt_take_answer(prompt, left, prompt->queue->len - prompt->queue_at);
            refused = taken == 0;
            prompt->queue_at += taken;
        } else {
            run_readline(prompt);
            refused = false;
        }
    }

    explicit_bzero(prompt->queue->str, prompt->queue->len);
    g_string_truncate(prompt->queue, 0);
    prompt->queue_at = 0;
    nj_prompt_emit_changed(prompt);
}

void
nj_prompt_paste(NjPrompt *prompt, const char *text, gsize length)
{
    GString *plain = g_string_sized_new(MIN(length, MAX_PASTE) + 1);
    for (gsize i = 0; i < length && plain->len < MAX_PASTE; i++) {
        bool is_blank = text[i] == '\n' || text[i] == '\t' || text[i] == '\r';
        if (is_blank || !g_ascii_iscntrl(text[i]))
            g_string_append_c(plain, text[i]);
    }

    char *clean = nj_text_body(plain->str, (gssize) plain->len);
    explicit_bzero(plain->str, plain->len);
    g_string_free(plain, TRUE);
    prompt->esc = false;

    if (nj_prompt_asking(prompt)) {
        nj_prompt_paste_answer(prompt, clean);
    } else {
        abort_unfinished(prompt);
        nj_prompt_drop_choices(prompt);
        rl_begin_undo_group();
        rl_insert_text(clean);
        rl_end_undo_group();
    }

    explicit_bzero(clean, strlen(clean));
    g_free(clean);
    nj_prompt_emit_changed(prompt);
}

const char *
nj_prompt_text(const NjPrompt *prompt)
{
    (void) prompt;
    return rl_line_buffer;
}

gsize
nj_prompt_point(const NjPrompt *prompt)
{
    (void) prompt;
    return (gsize) rl_point;
}

const char *
nj_prompt_special_sign(NjPrompt *prompt)
{
    if (prompt->esc)
        return "ESC ";
    return rl_display_prompt && rl_display_prompt[0] != '\0' ? rl_display_prompt : NULL;
}

void
nj_prompt_set_text(NjPrompt *prompt, const char *text)
{
    abort_unfinished(prompt);
    nj_prompt_drop_choices(prompt);
    rl_begin_undo_group();
    rl_delete_text(0, rl_end);
    rl_point = 0;
    rl_insert_text(text);
    rl_end_undo_group();
    nj_prompt_emit_changed(prompt);
}

void
nj_prompt_clear(NjPrompt *prompt)
{
    prompt->esc = false;
    if (nj_prompt_asking(prompt)) {
        nj_prompt_take_answer(prompt, "\003", 1);
    } else {
        abort_unfinished(prompt);
        nj_prompt_drop_choices(prompt);
        bool kept = !prompt->hooks.may_keep
                    || prompt->hooks.may_keep(prompt, rl_line_buffer, prompt->owner);
        if (kept && rl_end > 0)
            rl_kill_text(0, rl_end);
        else
            rl_replace_line("", 1); /* also clears the undo list */
        rl_point = 0;
        using_history();
    }

    nj_prompt_emit_changed(prompt);
}

/* --- buffers --- */

void
nj_prompt_set_label(NjPrompt *prompt, const char *label)
{
    char *line = label ? nj_text_line(label, -1, 256) : NULL;
    bool same = g_strcmp0(line, prompt->label) == 0;
    g_free(prompt->label);
    prompt->label = line;
    if (!same)
        nj_prompt_emit_changed(prompt);
}

void
nj_prompt_switch(NjPrompt *prompt, gint64 id, const char *label, const char *draft)
{
    nj_prompt_set_label(prompt, label);
    if (prompt->buffer->id != id) {
        NjPromptBuffer *buffer = g_hash_table_lookup(prompt->buffers, &id);
        if (!buffer) {
            buffer = add_buffer(prompt, id);
            buffer->text = g_strdup(draft);
            buffer->point = draft ? strlen(draft) : 0;
        }
        prompt->esc = false;
        prompt->top = 0;
        nj_prompt_drop_choices(prompt);
        save_buffer(prompt);
        load_buffer(prompt, buffer);
    }

    nj_prompt_emit_changed(prompt);
}

void
nj_prompt_forget(NjPrompt *prompt, gint64 id)
{
    if (prompt->buffer->id == id) {
        save_buffer(prompt);
        g_hash_table_remove(prompt->buffers, &id);
        load_buffer(prompt, add_buffer(prompt, id));
        nj_prompt_emit_changed(prompt);
    } else {
        g_hash_table_remove(prompt->buffers, &id);
    }
}
