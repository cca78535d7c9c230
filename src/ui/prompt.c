/* The door to readline, which is used as an editing engine: it gets bytes, it has a buffer, and it
 * draws nothing.
 *
 * What it would do otherwise, and why each setting below stands:
 * - it reads through our function from a queue and is called only while that holds something; its
 * stream is a pipe that never can be read and its "is there more" hook looks at the queue, else it
 * polls a descriptor, finds nothing and clears the line;
 * - it never sees the terminal, signals or the environment;
 * - blink-matching-paren and keyseq-timeout would wait for half a second with everything else
 * waiting too;
 * - a finished line is only noted in its callback: what follows from it (switching places,
 * questions) must not happen inside readline.
 *
 * Its buffer, undo list and history are global.  A place that is left takes its text, cursor and
 * history with it; its undo list is dropped. A lone ESC is kept back from emacs keys until the key
 * behind it comes: a second one, or anything that ends typing here, takes it back. */
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
#define MIDST                                                                      \
    (RL_STATE_ISEARCH | RL_STATE_NSEARCH | RL_STATE_NUMERICARG | RL_STATE_MULTIKEY \
     | RL_STATE_VIMOTION | RL_STATE_CHARSEARCH)

struct NjPlace {
    gint64 id;
    char *text;
    gsize point;
    HISTORY_STATE *history; /* while another place has readline */
};

static NjPrompt *current; /* readline's functions get no owner */

/* --- What readline calls. */

static int
get_byte(FILE *stream)
{
    (void) stream;
    if (current == NULL || current->queue_at >= current->queue->len)
        return EOF;
    return (guchar) current->queue->str[current->queue_at++];
}

static int
bytes_wait(void)
{
    return current != NULL && current->queue_at < current->queue->len;
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
    if (line == NULL || current == NULL)
        return; /* Ctrl-d: nothing ends here */
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

static gsize
line_start(gsize at)
{
    while (at > 0 && rl_line_buffer[at - 1] != '\n')
        at--;
    return at;
}

/* To the same column of the line above or below; false at the first and the last line. */
static bool
move_line(int step)
{
    gsize start = line_start((gsize) rl_point), to;
    if (step < 0) {
        if (start == 0)
            return false;
        to = line_start(start - 1);
    } else {
        const char *next = strchr(rl_line_buffer + rl_point, '\n');
        if (next == NULL)
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

/* --- TAB. */

void
nj_prompt_drop_choices(NjPrompt *prompt)
{
    g_strfreev(prompt->choices.texts);
    g_free(prompt->choices.word);
    prompt->choices = (NjChoices){ .chosen = -1 };
}

/* Puts text in the place of the word that is completed. */
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
common_start(char *const *texts)
{
    gsize length = strlen(texts[0]);
    for (guint i = 1; texts[i] != NULL; i++) {
        gsize same = 0;
        while (same < length && texts[i][same] == texts[0][same])
            same++;
        length = same;
    }

    while (length > 0 && ((guchar) texts[0][length] & 0xc0) == 0x80)
        length--;
    return length;
}

static void
begin_completion(NjPrompt *prompt)
{
    gsize start = 0, end = 0;
    if (prompt->hooks.on_complete == NULL)
        return;

    char **texts = prompt->hooks.on_complete(prompt, rl_line_buffer, (gsize) rl_point, &start, &end,
                                             prompt->owner);
    NjChoices *choices = &prompt->choices;
    nj_prompt_drop_choices(prompt);

    if (texts == NULL || texts[0] == NULL || start > end || end > (gsize) rl_end) {
        g_strfreev(texts);
        return;
    }

    choices->texts = texts;
    choices->count = g_strv_length(texts);
    choices->start = start;
    choices->end = end;
    choices->word = g_strndup(rl_line_buffer + start, end - start);

    if (choices->count == 1) {
        bool open = texts[0][0] == '\0' || strchr(" =/:", texts[0][strlen(texts[0]) - 1]) != NULL
                    || rl_line_buffer[end] == ' ';
        g_autofree char *text = g_strconcat(texts[0], open ? "" : " ", NULL);
        replace_word(choices, text);
        nj_prompt_drop_choices(prompt);
        return;
    }

    g_autofree char *common = g_strndup(texts[0], common_start(texts));
    if (strlen(common) < end - start)
        return;

    replace_word(choices, common);
    g_free(choices->word);
    choices->word = g_steal_pointer(&common);
}

static int
complete(NjPrompt *prompt, int step)
{
    NjChoices *choices = &prompt->choices;
    prompt->completing = true;
    if (choices->texts == NULL) {
        begin_completion(prompt);
        return 0;
    }

    int count = (int) choices->count;
    choices->chosen =
        choices->chosen < 0 ? (step > 0 ? 0 : count - 1) : (choices->chosen + step + count) % count;
    replace_word(choices, choices->texts[choices->chosen]);

    return 0;
}

static int
complete_next(int count, int key)
{
    (void) count;
    (void) key;
    return complete(current, 1);
}

static int
complete_previous(int count, int key)
{
    (void) count;
    (void) key;
    return complete(current, -1);
}

/* --- Setting up. */

static void
replace_binding(const char *keys, rl_command_func_t *old, rl_command_func_t *func, Keymap map)
{
    if (rl_function_of_keyseq(keys, map, NULL) == old)
        rl_bind_keyseq_in_map(keys, func, map);
}

/* What a person bound in the inputrc stays. */
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

    /* In vi's insert mode, and in readline's defaults, Alt-Enter has another meaning than on every
     * other screen. */
    replace_binding("\033\r", rl_vi_editing_mode, insert_newline, map);
    replace_binding("\t", rl_complete, complete_next, map);
    replace_binding("\t", rl_insert, complete_next, map);

    static const char *const ups[] = { "\033[A", "\033OA" }, *const downs[] = { "\033[B",
                                                                                "\033OB" };
    for (guint i = 0; i < 2; i++) {
        replace_binding(ups[i], rl_get_previous_history, go_up, map);
        replace_binding(downs[i], rl_get_next_history, go_down, map);
    }

    /* The rest of a sequence nobody bound is not text. */
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
    rl_getc_function = get_byte;
    rl_input_available_hook = bytes_wait;
    rl_redisplay_function = draw_nothing;
    rl_prep_term_function = prepare_nothing;
    rl_deprep_term_function = draw_nothing;
    rl_catch_signals = 0;
    rl_catch_sigwinch = 0;

    rl_change_environment = 0;
    rl_initialize(); /* reads the inputrc, which may say otherwise on what follows */
    for (guint i = 0; i < G_N_ELEMENTS(settings); i++)
        rl_variable_bind(settings[i][0], settings[i][1]);

    bind_keys(rl_get_keymap_by_name("emacs"));
    bind_keys(rl_get_keymap_by_name("vi-insert"));

    /* vi's own completion is of files. */
    static const char *const completions[] = { "=", "*", "\\\\" };
    for (guint i = 0; i < G_N_ELEMENTS(completions); i++)
        rl_bind_keyseq_in_map(completions[i], NULL, rl_get_keymap_by_name("vi-command"));

    prompt->inputrc_vi = rl_editing_mode == 0;
    stifle_history(MAX_HISTORY);
    rl_callback_handler_install("", on_entered);
}

/* readline lets an edited line of the history, the line it keeps aside and the buffer own one undo
 * list together, and can free it twice. After each key the lines of the history own none: what was
 * edited stays edited, and the list is lost, a few bytes, rather than freed under somebody's
 * feet. */
static void
part_from_undo(void)
{
    HIST_ENTRY **lines = history_list();
    for (int i = 0; lines != NULL && lines[i] != NULL; i++)
        lines[i]->data = NULL;
}

static void
free_place(void *data)
{
    NjPlace *place = data;
    for (int i = 0; place->history != NULL && i < place->history->length; i++)
        free_history_entry(place->history->entries[i]);
    if (place->history != NULL)
        free(place->history->entries);
    free(place->history);
    g_free(place->text);
    g_free(place);
}

static NjPlace *
add_place(NjPrompt *prompt, gint64 id)
{
    NjPlace *place = g_new0(NjPlace, 1);
    place->id = id;
    g_hash_table_insert(prompt->places, &place->id, place);
    return place;
}

NjPrompt *
nj_prompt_new(const NjPromptHooks *hooks, void *owner)
{
    g_return_val_if_fail(current == NULL, NULL);
    NjPrompt *prompt = g_new0(NjPrompt, 1);
    int silent[2] = { -1, -1 };
    prompt->hooks = *hooks;
    prompt->owner = owner;
    prompt->queue = g_string_new(NULL);
    prompt->choices.chosen = -1;
    prompt->rows = g_array_new(FALSE, FALSE, sizeof(NjTextRow));
    prompt->places = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_place);

    if (pipe2(silent, O_CLOEXEC) != 0)
        g_error("no pipe for readline: %s", g_strerror(errno));
    prompt->in = fdopen(silent[0], "r");
    prompt->in_write = silent[1];
    prompt->out = fopen("/dev/null", "we");
    current = prompt;
    prompt->place = add_place(prompt, 0);
    set_up_readline(prompt);

    return prompt;
}

/* Gives readline one key that nobody typed, before those that wait. */
static void
press(NjPrompt *prompt, char key)
{
    GString *waiting = g_steal_pointer(&prompt->queue);
    gsize at = prompt->queue_at;

    prompt->queue = g_string_new_len(&key, 1);
    prompt->queue_at = 0;
    rl_callback_read_char();
    part_from_undo();
    g_string_free(prompt->queue, TRUE);
    prompt->queue = waiting;
    prompt->queue_at = at;
}

/* Ends what readline is in the midst of: a search, an argument, a sequence of keys, a character to
 * be quoted.  It forgets only half of a sequence when it is told to, so it hears Ctrl-g first. */
static void
end_midst(NjPrompt *prompt)
{
    prompt->esc = false;
    for (int i = 0; i < 3 && RL_ISSTATE(MIDST); i++)
        press(prompt, '\007');
    rl_callback_sigcleanup();
}

/* Takes what is readline's out of it: text, cursor, history. */
static void
leave_place(NjPrompt *prompt)
{
    NjPlace *place = prompt->place;
    end_midst(prompt);
    g_free(place->text);
    place->text = g_strdup(rl_line_buffer);
    place->point = (gsize) rl_point;
    part_from_undo();
    rl_replace_line("", 1);
    rl_callback_handler_remove();
    free(place->history);

    place->history = history_get_history_state();
    prompt->place = NULL;
}

static void
enter_place(NjPrompt *prompt, NjPlace *place)
{
    HISTORY_STATE empty = { 0 };
    history_set_history_state(place->history != NULL ? place->history : &empty);
    rl_callback_handler_install("", on_entered);
    rl_insert_text(place->text != NULL ? place->text : "");
    rl_free_undo_list();
    rl_point = (int) MIN(place->point, (gsize) rl_end);
    g_clear_pointer(&place->text, g_free);
    prompt->place = place;
}

void
nj_prompt_free(NjPrompt *prompt)
{
    if (prompt == NULL)
        return;

    leave_place(prompt);
    HISTORY_STATE empty = { 0 };
    history_set_history_state(&empty);
    rl_instream = rl_outstream = NULL;
    current = NULL;
    nj_prompt_drop_choices(prompt);
    nj_prompt_drop_asks(prompt);
    g_hash_table_unref(prompt->places);
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
    end_midst(prompt);
    rl_variable_bind("editing-mode", vi ? "vi" : "emacs");
    return vi;
}

/* --- Bytes. */

void
nj_prompt_tell(NjPrompt *prompt)
{
    if (prompt->hooks.on_changed != NULL)
        prompt->hooks.on_changed(prompt, prompt->owner);
}

/* Typed history: not twice the same, not what begins with a space, not what the owner says is
 * secret. */
static void
remember(NjPrompt *prompt, const char *line)
{
    HIST_ENTRY *last = history_length > 0 ? history_get(history_base + history_length - 1) : NULL;
    if (line[0] == '\0' || line[0] == ' ' || (last != NULL && strcmp(last->line, line) == 0))
        return;
    if (prompt->hooks.may_keep == NULL || prompt->hooks.may_keep(prompt, line, prompt->owner))
        add_history(line);
}

/* One byte of the queue, or as many as readline takes at once. */
static void
run_readline(NjPrompt *prompt)
{
    char byte = prompt->queue->str[prompt->queue_at];
    bool between = !RL_ISSTATE(RL_STATE_MULTIKEY | RL_STATE_METANEXT | RL_STATE_MOREINPUT);

    if (between && byte == '\003') {
        prompt->queue_at++;
        nj_prompt_clear(prompt);
        return;
    }

    if (between && byte == '\004' && rl_end == 0
        && !RL_ISSTATE(RL_STATE_ISEARCH | RL_STATE_NSEARCH)) {
        prompt->queue_at++; /* would be the end of the input */
        return;
    }

    /* A search ends before a sequence of keys: readline ends it in the midst of one, and loses its
     * way (8.2). */
    if (RL_ISSTATE(RL_STATE_ISEARCH) && (byte == '\030' || byte == '\033'))
        press(prompt, '\n');

    prompt->completing = false;
    rl_callback_read_char();
    part_from_undo();
    if (!prompt->completing && !RL_ISSTATE(RL_STATE_MULTIKEY))
        nj_prompt_drop_choices(prompt);
    if (prompt->entered == NULL)
        return;

    g_autofree char *line = g_strdup(prompt->entered);
    g_clear_pointer(&prompt->entered, free);
    remember(prompt, line);
    using_history();
    prompt->top = 0;
    prompt->hooks.on_line(prompt, line, prompt->owner);
}

/* Runs a key of the context NJ_KEYS_CHOICES. Returns false if this is another key. */
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

/* Takes an ESC without bytes behind it. Returns false if it is a key of readline's vi mode. */
static bool
take_esc(NjPrompt *prompt)
{
    if (RL_ISSTATE(RL_STATE_ISEARCH)) {
        press(prompt, '\n');
        return true;
    }

    if (rl_editing_mode == 0)
        return false;

    prompt->esc = !prompt->esc;
    return true;
}

/* Into the queue, whole characters only: the beginning of one waits, what is no UTF-8 is dropped.
 * Some of vi's motions never end on it. */
static void
take_whole(NjPrompt *prompt, const char *bytes, gsize length)
{
    for (gsize i = 0; i < length; i++) {
        if ((guchar) bytes[i] < 0x80)
            prompt->half_length = 0;
        prompt->half[prompt->half_length++] = bytes[i];
        gunichar c = prompt->half[0] != '\0'
                         ? g_utf8_get_char_validated(prompt->half, (gssize) prompt->half_length)
                         : 0;
        if (c == (gunichar) -2 && prompt->half_length < sizeof prompt->half)
            continue;
        if (c < 0x110000)
            g_string_append_len(prompt->queue, prompt->half, (gssize) prompt->half_length);
        prompt->half_length = 0;
    }
}

void
nj_prompt_feed(NjPrompt *prompt, const char *bytes, gsize length)
{
    bool idle = prompt->queue_at == prompt->queue->len && !nj_prompt_asking(prompt);
    bool choosing = idle && prompt->choices.texts != NULL;
    bool lone_esc = idle && length == 1 && *bytes == '\033';
    if ((choosing && take_choices_key(prompt, bytes, length)) || (lone_esc && take_esc(prompt))) {
        nj_prompt_tell(prompt);
        return;
    }

    if (prompt->esc)
        g_string_append_c(prompt->queue, '\033');
    prompt->esc = false;
    take_whole(prompt, bytes, length);

    /* the byte is no answer but typed text: no other question gets it either */
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
    nj_prompt_tell(prompt);
}

void
nj_prompt_paste(NjPrompt *prompt, const char *text, gsize length)
{
    GString *plain = g_string_sized_new(MIN(length, MAX_PASTE) + 1);
    for (gsize i = 0; i < length && plain->len < MAX_PASTE; i++) {
        guchar c = (guchar) text[i];
        if ((c >= ' ' && c != 0x7f) || c == '\n' || c == '\t' || c == '\r')
            g_string_append_c(plain, (char) c);
    }

    char *clean = nj_text_body(plain->str, (gssize) plain->len);
    explicit_bzero(plain->str, plain->len);
    g_string_free(plain, TRUE);
    prompt->esc = false;

    if (nj_prompt_asking(prompt)) {
        nj_prompt_paste_answer(prompt, clean);
    } else {
        end_midst(prompt);
        nj_prompt_drop_choices(prompt);
        rl_begin_undo_group();
        rl_insert_text(clean);
        rl_end_undo_group();
    }

    explicit_bzero(clean, strlen(clean));
    g_free(clean);
    nj_prompt_tell(prompt);
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
nj_prompt_sign(NjPrompt *prompt)
{
    if (prompt->esc)
        return "ESC ";
    return rl_display_prompt != NULL && rl_display_prompt[0] != '\0' ? rl_display_prompt : NULL;
}

void
nj_prompt_set_text(NjPrompt *prompt, const char *text)
{
    end_midst(prompt);
    nj_prompt_drop_choices(prompt);
    rl_begin_undo_group();
    rl_delete_text(0, rl_end);
    rl_point = 0;
    rl_insert_text(text);
    rl_end_undo_group();
    nj_prompt_tell(prompt);
}

void
nj_prompt_clear(NjPrompt *prompt)
{
    prompt->esc = false;
    if (nj_prompt_asking(prompt)) {
        nj_prompt_take_answer(prompt, "\003", 1);
    } else {
        end_midst(prompt);
        nj_prompt_drop_choices(prompt);
        bool kept = prompt->hooks.may_keep == NULL
                    || prompt->hooks.may_keep(prompt, rl_line_buffer, prompt->owner);
        if (kept && rl_end > 0)
            rl_kill_text(0, rl_end);
        else
            rl_replace_line("", 1); /* with its undo list */
        rl_point = 0;
        using_history();
    }

    nj_prompt_tell(prompt);
}

/* --- Places. */

void
nj_prompt_set_label(NjPrompt *prompt, const char *label)
{
    char *line = label != NULL ? nj_text_line(label, -1, 256) : NULL;
    bool same = g_strcmp0(line, prompt->label) == 0;
    g_free(prompt->label);
    prompt->label = line;
    if (!same)
        nj_prompt_tell(prompt);
}

void
nj_prompt_switch(NjPrompt *prompt, gint64 id, const char *label, const char *draft)
{
    nj_prompt_set_label(prompt, label);
    if (prompt->place->id != id) {
        NjPlace *place = g_hash_table_lookup(prompt->places, &id);
        if (place == NULL) {
            place = add_place(prompt, id);
            place->text = g_strdup(draft);
            place->point = draft != NULL ? strlen(draft) : 0;
        }
        prompt->esc = false;
        prompt->top = 0;
        nj_prompt_drop_choices(prompt);
        leave_place(prompt);
        enter_place(prompt, place);
    }

    nj_prompt_tell(prompt);
}

void
nj_prompt_forget(NjPrompt *prompt, gint64 id)
{
    if (prompt->place->id == id) {
        leave_place(prompt);
        g_hash_table_remove(prompt->places, &id);
        enter_place(prompt, add_place(prompt, id));
        nj_prompt_tell(prompt);
    } else {
        g_hash_table_remove(prompt->places, &id);
    }
}
