/* Questions above everything else that is typed.  A secret never enters readline: it has a buffer
 * of its own, wiped as soon as it was answered. */
#include "ui/prompt-private.h"

#include <string.h>

#include "ui/keys.h"

/* One that takes a key waits while something is being typed: what was meant for a sentence would
 * answer it. */
NjAsk *
nj_prompt_first_ask(const NjPrompt *prompt)
{
    NjAsk *ask = g_queue_peek_head((GQueue *) &prompt->asks);
    return ask != NULL && ask->keys != NULL && *nj_prompt_text(prompt) != '\0' ? NULL : ask;
}

static void
free_ask(NjAsk *ask)
{
    g_free(ask->question);
    g_free(ask->keys);
    g_free(ask);
}

static void
wipe(NjPrompt *prompt)
{
    explicit_bzero(prompt->secret, sizeof prompt->secret);
    prompt->secret_length = 0;
}

static void
add(NjPrompt *prompt, NjAsk ask, const char *question)
{
    ask.question = g_strdup(question);
    g_queue_push_tail(&prompt->asks, g_memdup2(&ask, sizeof ask));
    nj_prompt_drop_choices(prompt);
    nj_prompt_tell(prompt);
}

void
nj_prompt_ask_secret(NjPrompt *prompt, const char *question,
                     void (*done)(const char *answer, void *data), void *data)
{
    add(prompt, (NjAsk){ .on_secret = done, .data = data }, question);
}

void
nj_prompt_ask(NjPrompt *prompt, const char *question, const char *keys,
              void (*done)(int key, void *data), void *data)
{
    add(prompt, (NjAsk){ .keys = g_strdup(keys), .on_key = done, .data = data }, question);
}

void
nj_prompt_cancel(NjPrompt *prompt, void *data)
{
    const NjAsk *now = nj_prompt_first_ask(prompt);
    bool asked = now != NULL && now->data == data;

    for (GList *link = prompt->asks.head; link != NULL;) {
        GList *next = link->next;
        NjAsk *ask = link->data;
        if (ask->data == data) {
            g_queue_delete_link(&prompt->asks, link);
            free_ask(ask);
        }
        link = next;
    }

    if (!asked)
        return;

    wipe(prompt);
    nj_prompt_tell(prompt);
}

bool
nj_prompt_asking(const NjPrompt *prompt)
{
    return nj_prompt_first_ask(prompt) != NULL;
}

void
nj_prompt_drop_asks(NjPrompt *prompt)
{
    wipe(prompt);
    for (NjAsk *ask; (ask = g_queue_pop_head(&prompt->asks)) != NULL;)
        free_ask(ask);
}

/* The first question is answered: key 0, and given up, is no answer.  The next one may be asked by
 * whoever hears it. */
static void
answer(NjPrompt *prompt, bool given, int key)
{
    NjAsk *ask = g_queue_pop_head(&prompt->asks);
    char secret[MAX_SECRET];

    memcpy(secret, prompt->secret, sizeof secret);
    wipe(prompt);
    if (ask->keys != NULL)
        ask->on_key(given ? key : 0, ask->data);
    else
        ask->on_secret(given ? secret : NULL, ask->data);

    explicit_bzero(secret, sizeof secret);
    free_ask(ask);
}

static void
add_to_secret(NjPrompt *prompt, char byte)
{
    if (prompt->secret_length < MAX_SECRET - 1)
        prompt->secret[prompt->secret_length++] = byte;
}

static void
rub_out(NjPrompt *prompt)
{
    while (prompt->secret_length > 0) {
        guchar last = (guchar) prompt->secret[--prompt->secret_length];
        prompt->secret[prompt->secret_length] = '\0';
        if ((last & 0xc0) != 0x80)
            return;
    }
}

/* The bytes of a key that means nothing here: what begins with ESC. */
static gsize
skip_sequence(const char *bytes, gsize length)
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
        answer(prompt, true, 0);
        break;
    case NJ_KEY_CANCEL:
        answer(prompt, false, 0);
        break;
    case NJ_KEY_ERASE:
        rub_out(prompt);
        break;
    case NJ_KEY_ERASE_ALL:
        wipe(prompt);
        break;
    default:
        break;
    }
}

gsize
nj_prompt_take_answer(NjPrompt *prompt, const char *bytes, gsize length)
{
    NjAsk *ask = nj_prompt_first_ask(prompt);
    char byte = *bytes;
    gsize used;
    const NjKeyRow *row =
        nj_key_row_at(ask->keys ? NJ_KEYS_QUESTION : NJ_KEYS_SECRET, bytes, length, &used);

    if (row) {
        run_key(prompt, row->action);
        return used;
    }

    if (byte == '\033')
        return skip_sequence(bytes, length);

    if (ask->keys != NULL) {
        char key = g_ascii_tolower(byte);
        if ((guchar) byte <= ' ')
            return 1;
        bool known = strchr(ask->keys, byte) != NULL || strchr(ask->keys, key) != NULL;
        answer(prompt, known, strchr(ask->keys, byte) != NULL ? byte : key);
        /* somebody goes on typing: the question is given up, the key is the prompt's */
        return known ? 1 : 0;
    }

    if ((guchar) byte >= ' ')
        add_to_secret(prompt, byte);

    return 1;
}

/* Only its first line: where a password is copied from, a newline often comes with it. */
void
nj_prompt_paste_answer(NjPrompt *prompt, const char *text)
{
    if (nj_prompt_first_ask(prompt)->keys != NULL)
        return;
    for (; *text != '\0' && *text != '\n'; text++)
        add_to_secret(prompt, *text);
}
