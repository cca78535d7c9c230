/* natterjackrc: accounts, options, keys, aliases.  The file is read once; a change is saved at
 * once: read again, one value changed, replaced atomically, comments and unknown keys kept.  Nobody
 * else reads or writes it. */
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

/* A row.  The name is how it stands in [options] and in /set. */
typedef struct {
    const char *name;
    NjOptionKind kind;
    const char *default_value; /* as it would stand in the file */
    gint64 low, high;          /* INT */
    const char *choices[12];   /* CHOICE */
    const char *summary;       /* N_() */
} NjOption;

extern const NjOption nj_options_core[]; /* model/options-table.c; ends with a NULL name */

/* One [account NAME] block as it stands in the file; every text may be NULL but name and
 * address. */
typedef struct {
    char *name, *address, *password, *password_command, *host, *ca_file, *resource, *nick;
    /* "sha256:" and hex of the certificate's SubjectPublicKeyInfo… as /certificate pin writes it */
    char *pin;
    char *client_cert, *client_key;
    int port; /* 0: the service's */
    enum { NJ_TLS_STARTTLS, NJ_TLS_DIRECT, NJ_TLS_NONE } tls;
    bool autoconnect; /* true unless said otherwise */
    bool allow_plain; /* PLAIN again although SCRAM was seen */
    /* strongest mechanism seen from this server, 0 none: see xmpp/sasl.h */
    int scram_seen;
} NjAccountSettings;

/* One fault of the file: text is a sentence; who shows it says file and line ("natterjackrc, line
 * 7: …").  Line 0: the whole file. */
typedef struct {
    int line;
    char *text;
} NjFault;

typedef struct NjOptions NjOptions;

/* has the core's rows; nothing is read yet; NULL path: memory only (tests) */
NjOptions *nj_options_new(const char *path);
void nj_options_free(NjOptions *options);

/* a plugin's; before load, or later */
void nj_options_add_rows(NjOptions *options, const NjOption *rows);

/* Reads the file; a missing one is no fault.  What is wrong is in faults; the rest counts.  False
 * only if the file can not be read. */
bool nj_options_load(NjOptions *options, GError **error);

/* Without a path: what stands for the file. */
void nj_options_set_memory(NjOptions *options, const char *text, gsize length);
const GString *nj_options_memory(const NjOptions *options);

/* of NjFault */
const GPtrArray *nj_options_faults(const NjOptions *options);

/* of NjOption */
const NjTable *nj_options_table(const NjOptions *options);

/* Values.  A name that is no row is a programmer's mistake.  A text of kind path has its "~"
 * expanded. */
bool nj_options_bool(const NjOptions *options, const char *name);
gint64 nj_options_int(const NjOptions *options, const char *name);

/* borrowed until it changes */
const char *nj_options_text(const NjOptions *options, const char *name);

/* Checks, sets and saves; value NULL goes back to the default_value.  The caller emits
 * option_changed.  The error says what the option takes. */
bool nj_options_set(NjOptions *options, const char *name, const char *value, GError **error);

/* For this run only, without saving (command line, tests). */
bool nj_options_override(NjOptions *options, const char *name, const char *value, GError **error);

/* Accounts, in the file's order. */
/* of NjAccountSettings, borrowed */
const GPtrArray *nj_options_accounts(const NjOptions *options);
bool nj_options_account_set(NjOptions *options, const char *account, const char *key,
                            const char *value, GError **error);

/* makes the block if it is new; NULL value takes the key out */
bool nj_options_account_remove(NjOptions *options, const char *account, GError **error);
bool nj_options_account_rename(NjOptions *options, const char *account, const char *name,
                               GError **error);

/* NULL: none of that name */
const NjAccountSettings *nj_options_account(const NjOptions *options, const char *name);
NjAccountSettings *nj_account_settings_copy(const NjAccountSettings *settings);
void nj_account_settings_free(NjAccountSettings *settings);

/* The keys an account block knows, for help, completion and man; ends with a NULL name.  A choice's
 * values stand in values with "|" between; offset is the member of NjAccountSettings. */
typedef enum { NJ_FROM_CONNECTION, NJ_FROM_ROOM, NJ_FROM_START } NjKeyFrom;
typedef struct NjAccountKey {
    const char *name, *values, *summary;
    NjOptionKind kind;
    gsize offset;
    gint64 low, high;
    NjKeyFrom from; /* a change counts from the next one on */
} NjAccountKey;

extern const NjAccountKey nj_account_keys[];

/* NULL: none of that name */
const NjAccountKey *nj_account_key(const char *name);

/* Sections of free pairs: [keys] KEY = command line; [aliases] NAME = command line.  The file's
 * order. */
typedef void (*NjPairFunc)(const char *key, const char *value, void *owner);
void nj_options_pairs(const NjOptions *options, const char *section, NjPairFunc func, void *owner);
bool nj_options_set_pair(NjOptions *options, const char *section, const char *key,
                         const char *value, GError **error);

#endif
