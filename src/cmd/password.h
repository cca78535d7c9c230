/* Supplies an account's password when natterjackrc has none that works: the one given earlier in
 * this run, the output of password-command, or one the user types. */
#ifndef NJ_CMD_PASSWORD_H
#define NJ_CMD_PASSWORD_H

#include "cmd/commands.h"

typedef struct NjPasswords NjPasswords;

NjPasswords *nj_passwords_new(NjCmd *cmd);

/* Wipes the passwords. Open requests end without an answer. */
void nj_passwords_free(NjPasswords *passwords);

/* Ends open requests without an answer, before the screen is closed. */
void nj_passwords_cancel_requests(NjPasswords *passwords);

/* Implements client->hooks.ask_password (model/client.h). done is called exactly once, now or
 * later; password is NULL if there is none, then why is a sentence or NULL. */
void nj_password_ask(NjCmd *cmd, NjAccount *account,
                     void (*done)(const char *password, const char *why, void *data), void *data);

/* Uses password for this account in this run; NULL forgets it. */
void nj_password_remember(NjCmd *cmd, NjAccount *account, const char *password);

/* Once the account is online with a password of this run's memory, asks whether to keep it in
 * natterjackrc. */
void nj_password_offer(NjCmd *cmd, NjAccount *account);

/* Cancels the running password-commands. Returns false if there was none. */
bool nj_password_cancel(NjCmd *cmd);

#endif
