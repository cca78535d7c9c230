/* Questions of the prompt. A question gets the keys before the text does. A secret never enters
 * readline: it has its own buffer, which is wiped as soon as it is answered. */
#include "ui/prompt-private.h"

#include <string.h>

#include "ui/keys.h"

/* A question that one key answers waits until the text is empty: otherwise a letter meant for the
 * text would answer it. */
NjQuestion *
nj_prompt_current_question(const NjPrompt *prompt)
{
    NjQuestion *question = g_queue_peek_head((GQueue *) &prompt->questions);
    bool must_wait = question && question->keys && *nj_prompt_text(prompt) != '\0';
    return must_wait ? NULL : question;
}

static void
free_question(NjQuestion *question)
{
    g_free(question->question);
    g_free(question->keys);
    g_free(question);
}

static void
wipe_secret(NjPrompt *prompt)
{
    explicit_bzero(prompt->secret, sizeof prompt->secret);
    prompt->secret_length = 0;
}

static void
add_question(NjPrompt *prompt, NjQuestion question, const char *text)
{
    question.question = g_strdup(text);
    g_queue_push_tail(&prompt->questions, g_memdup2(&question, sizeof question));
    nj_prompt_drop_choices(prompt);
    nj_prompt_emit_changed(prompt);
}

void
nj_prompt_ask_secret(NjPrompt *prompt, const char *question,
                     void (*done)(const char *answer, void *data), void *data)
{
    add_question(prompt, (NjQuestion){ .on_secret = done, .data = data }, question);
}

void
nj_prompt_ask(NjPrompt *prompt, const char *question, const char *keys,
              void (*done)(int key, void *data), void *data)
{
    add_question(prompt, (NjQuestion){ .keys = g_strdup(keys), .on_key = done, .data = data },
                 question);
}

void
nj_prompt_cancel(NjPrompt *prompt, void *data)
{
    const NjQuestion *current = nj_prompt_current_question(prompt);
    bool is_current = current && current->data == data;

    for (GList *link = prompt->questions.head; link;) {
        GList *next = link->next;
        NjQuestion *question = link->data;
        if (question->data == data) {
            g_queue_delete_link(&prompt->questions, link);
            free_question(question);
        }
        link = next;
    }

    if (!is_current)
        return;

    wipe_secret(prompt);
    nj_prompt_emit_changed(prompt);
}

bool
nj_prompt_asking(const NjPrompt *prompt)
{
    return nj_prompt_current_question(prompt);
}

void
nj_prompt_drop_questions(NjPrompt *prompt)
{
    wipe_secret(prompt);
    for (NjQuestion *question; (question = g_queue_pop_head(&prompt->questions));)
        free_question(question);
}

/* Ends the first question and calls its function: with the key or the secret if it is answered,
 * else with 0 or NULL. The secret is wiped before the call, and the question has left the queue:
 * the function may ask the next one. */
static void
end_question(NjPrompt *prompt, bool answered, int key)
{
    NjQuestion *question = g_queue_pop_head(&prompt->questions);
    char secret[MAX_SECRET];

    memcpy(secret, prompt->secret, sizeof secret);
    wipe_secret(prompt);
    if (question->keys)
        question->on_key(answered ? key : 0, question->data);
    else
        question->on_secret(answered ? secret : NULL, question->data);

    explicit_bzero(secret, sizeof secret);
    free_question(question);
}

static void
add_to_secret(NjPrompt *prompt, char byte)
{
    if (prompt->secret_length < MAX_SECRET - 1)
        prompt->secret[prompt->secret_length++] = byte;
}

/* Removes the last UTF-8 character of the secret. */
static void
erase_character(NjPrompt *prompt)
{
    while (prompt->secret_length > 0) {
        guchar last = (guchar) prompt->secret[--prompt->secret_length];
        prompt->secret[prompt->secret_length] = '\0';
        if ((last & 0xc0) != 0x80)
            return;
    }
}

/* Returns the length of the key sequence that begins with this ESC. Questions ignore such keys, but
 * their bytes must not be taken for answers. */
static gsize
measure_sequence(const char *bytes, gsize length)
{
    gsize i = 1;
    while (i < length && bytes[i] == '\033')
        i++;
    if (i >= length || (bytes[i] != '[' && bytes[i] != 'O'))
        return MIN(i + 1, length);
    for (i++; i < length && bytes[i] >= 0x20 && bytes[i] < 0x40;)
        i++;
    return MIN(i + 1, length);
}

static void
run_key(NjPrompt *prompt, NjKeyAction action)
{
    switch (action) {
    case NJ_KEY_OPEN:
        end_question(prompt, true, 0);
        break;
    case NJ_KEY_CANCEL:
        end_question(prompt, false, 0);
        break;
    case NJ_KEY_ERASE:
        erase_character(prompt);
        break;
    case NJ_KEY_ERASE_ALL:
        wipe_secret(prompt);
        break;
    default:
        break;
    }
}

/* Ends the question with a letter: an answer, or else a cancellation. Returns 0 for a cancellation,
 * since the letter is then typed text. Ignores spaces and control characters. */
static gsize
take_letter(NjPrompt *prompt, const NjQuestion *question, char letter)
{
    if ((guchar) letter <= ' ')
        return 1;

    char key = strchr(question->keys, letter) ? letter : g_ascii_tolower(letter);
    bool known = strchr(question->keys, key);
    end_question(prompt, known, key);
    return known ? 1 : 0;
}

gsize
nj_prompt_take_answer(NjPrompt *prompt, const char *bytes, gsize length)
{
    const NjQuestion *question = nj_prompt_current_question(prompt);
    NjKeyContext context = question->keys ? NJ_KEYS_QUESTION : NJ_KEYS_SECRET;
    gsize used;
    const NjKeyRow *row = nj_key_row_at(context, bytes, length, &used);

    if (row) {
        run_key(prompt, row->action);
        return used;
    }

    if (*bytes == '\033')
        return measure_sequence(bytes, length);

    if (question->keys)
        return take_letter(prompt, question, *bytes);

    if ((guchar) *bytes >= ' ')
        add_to_secret(prompt, *bytes);
    return 1;
}

/* Only the first line is taken: a password that is copied from a file often has a newline after
 * it. */
void
nj_prompt_paste_answer(NjPrompt *prompt, const char *text)
{
    if (nj_prompt_current_question(prompt)->keys)
        return;
    for (; *text != '\0' && *text != '\n'; text++)
        add_to_secret(prompt, *text);
}
