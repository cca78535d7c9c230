/* Where an account's password comes from: natterjackrc, a password-command, or the person. */
#ifndef NJ_CMD_PASSWORD_H
#define NJ_CMD_PASSWORD_H

#include "cmd/commands.h"

/* The answer to client->hooks.ask_password (model/client.h): done is called exactly once, now or later; password is wiped afterwards. */
void nj_password_ask(NjCmd *cmd, NjAccount *account, void (*done)(const char *password, const char *why, void *data), void *data);

#endif
