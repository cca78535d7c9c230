/* Where an account's password comes from when natterjackrc has none that works: what was given in
 * this run, a password-command, or the person. */
#ifndef NJ_CMD_PASSWORD_H
#define NJ_CMD_PASSWORD_H

#include "cmd/commands.h"

typedef struct NjPasswords NjPasswords;

NjPasswords *nj_passwords_new(NjCmd *cmd);

/* wiped; open questions end without an answer */
void nj_passwords_free(NjPasswords *passwords);

/* the screen goes: open questions end without an answer */
void nj_passwords_withdraw(NjPasswords *passwords);

/* The answer to client->hooks.ask_password (model/client.h): done is called exactly once, now or
 * later. */
void nj_password_ask(NjCmd *cmd, NjAccount *account,
                     void (*done)(const char *password, const char *why, void *data), void *data);

/* Uses password for this account in this run; NULL forgets it. */
void nj_password_remember(NjCmd *cmd, NjAccount *account, const char *password);

/* Once the account is online with a password of this run's memory, asks whether to keep it in
 * natterjackrc. */
void nj_password_offer(NjCmd *cmd, NjAccount *account);

/* Ends password-commands that run; false: there was none. */
bool nj_password_cancel(NjCmd *cmd);

#endif
