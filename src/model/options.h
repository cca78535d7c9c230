/* natterjackrc: accounts, options, keys, aliases. The file is read when the program starts. A
 * change is saved at once: the file is read again, one value in it is changed, and the file is
 * replaced atomically; comments and unknown keys stay. Only model/options.c reads and writes the
 * file. */
#ifndef NJ_MODEL_OPTIONS_H
#define NJ_MODEL_OPTIONS_H

#include "base/base.h"
#include "base/table.h"

typedef enum {
    NJ_OPTION_BOOL,
    NJ_OPTION_INT,
    NJ_OPTION_TEXT,
    NJ_OPTION_CHOICE,
    NJ_OPTION_PATH
} NjOptionKind;

/* An option: a row of a table. */
typedef struct {
    const char *name; /* in [options] and in /set */
    NjOptionKind kind;
    const char *default_value; /* written as in the file */
    gint64 low, high;          /* INT: smallest and largest value */
    const char *choices[12];   /* CHOICE */
    const char *summary;       /* N_() */
} NjOption;

extern const NjOption nj_options_core[]; /* model/options-table.c; ends with a NULL name */

/* A section [account NAME] of the file. All texts but name and address may be NULL. */
typedef struct {
    char *name, *address, *password, *password_command, *host, *ca_file, *resource, *nick;
    char *pin; /* "sha256:" and the hex digest of the SubjectPublicKeyInfo of a certificate */
    char *client_cert, *client_key;
    int port; /* 0: the standard port */
    enum { NJ_TLS_STARTTLS, NJ_TLS_DIRECT, NJ_TLS_NONE } tls;
    bool autoconnect; /* default: true */
    bool allow_plain; /* permits PLAIN although scram_seen is not 0 */
    int scram_seen;   /* strongest mechanism that the server has offered (xmpp/sasl.h); 0: none */
} NjAccountSettings;

/* A fault in the file. */
typedef struct {
    int line;   /* 0: the whole file */
    char *text; /* a sentence without file and line, which the caller adds */
} NjFault;

typedef struct NjOptions NjOptions;

/* Creates options with the rows of nj_options_core and their default values; reads nothing. path:
 * of natterjackrc; NULL: a text in memory is used instead of the file (for tests). */
NjOptions *nj_options_new(const char *path);
void nj_options_free(NjOptions *options);

/* Adds the rows of a plugin, before or after nj_options_load(). The rows are borrowed; rows whose
 * name exists are ignored. */
void nj_options_add_rows(NjOptions *options, const NjOption *rows);

/* Reads the file; a missing file counts as empty. Lines with faults are ignored and listed by
 * nj_options_faults(). Fails only if the file cannot be read. */
bool nj_options_load(NjOptions *options, GError **error);

/* The text that is used instead of the file if path is NULL. */
void nj_options_set_memory(NjOptions *options, const char *text, gsize length);
const GString *nj_options_memory(const NjOptions *options);

/* Returns the faults of the file: of NjFault, sorted by line. */
const GPtrArray *nj_options_faults(const NjOptions *options);

/* Returns the table of all options: of NjOption. */
const NjTable *nj_options_table(const NjOptions *options);

/* Return the value of an option. If there is no option of that name, the program aborts. The
 * leading
 * "~" of a PATH is already replaced by $HOME. */
bool nj_options_bool(const NjOptions *options, const char *name);
gint64 nj_options_int(const NjOptions *options, const char *name);

/* Borrowed until the option changes. */
const char *nj_options_text(const NjOptions *options, const char *name);

/* Checks a value, saves and sets it; NULL: removes it from the file and sets the default value. The
 * caller emits option_changed. The error describes the values that the option takes. */
bool nj_options_set(NjOptions *options, const char *name, const char *value, GError **error);

/* Sets a value for this run without saving it (command line, tests). */
bool nj_options_override(NjOptions *options, const char *name, const char *value, GError **error);

/* Returns the accounts in the order of the file: of NjAccountSettings, borrowed. */
const GPtrArray *nj_options_accounts(const NjOptions *options);

/* Saves a key of an account; adds the section if it is new. value NULL removes the key. */
bool nj_options_account_set(NjOptions *options, const char *account, const char *key,
                            const char *value, GError **error);
bool nj_options_account_remove(NjOptions *options, const char *account, GError **error);
bool nj_options_account_rename(NjOptions *options, const char *account, const char *name,
                               GError **error);

/* Returns the account of a name; NULL: there is none. */
const NjAccountSettings *nj_options_account(const NjOptions *options, const char *name);
NjAccountSettings *nj_account_settings_copy(const NjAccountSettings *settings);
void nj_account_settings_free(NjAccountSettings *settings);

/* When a changed key of an account takes effect: with the next connection, the next room that is
 * joined, or the next start of the program. */
typedef enum { NJ_FROM_CONNECTION, NJ_FROM_ROOM, NJ_FROM_START } NjKeyFrom;

/* A key of the section of an account. */
typedef struct NjAccountKey {
    const char *name, *summary;
    const char *values; /* for help; CHOICE: the values, separated by "|" */
    NjOptionKind kind;
    gsize offset;     /* of its member in NjAccountSettings */
    gint64 low, high; /* INT */
    NjKeyFrom from;
} NjAccountKey;

extern const NjAccountKey nj_account_keys[]; /* model/options-table.c; ends with a NULL name */

/* Returns the key of a name; NULL: there is none. */
const NjAccountKey *nj_account_key(const char *name);

typedef void (*NjPairFunc)(const char *key, const char *value, void *owner);

/* Calls func for each pair of a section in the order of the file. The sections "keys" (KEY =
 * command line) and "aliases" (NAME = command line) are read in this way. */
void nj_options_pairs(const NjOptions *options, const char *section, NjPairFunc func, void *owner);

/* Saves one pair of such a section; value NULL removes it. */
bool nj_options_set_pair(NjOptions *options, const char *section, const char *key,
                         const char *value, GError **error);

#endif
