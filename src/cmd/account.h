/* Functions and rows that account.c and certificate.c share. */
#ifndef NJ_CMD_ACCOUNT_H
#define NJ_CMD_ACCOUNT_H

#include "cmd/commands.h"

/* Starts connecting and ends the call: at once if a person typed it, who sees the state in the
 * status line; for a script when the account is online or the attempt has failed. */
void nj_call_connect(NjCall *call, NjAccount *account);

/* Changes a setting of an account in natterjackrc and in memory; value NULL removes it. The next
 * connection uses it. Returns false if the call has failed: the account is not in natterjackrc, or
 * the setting or its value is not allowed. */
bool nj_call_set_setting(NjCall *call, NjAccount *account, const char *key, const char *value);

/* The rows of certificate.c; they belong to the topic of account.c. */
extern const NjCommand nj_cmd_certificate, nj_cmd_certificate_show, nj_cmd_certificate_trust,
    nj_cmd_certificate_pin, nj_cmd_certificate_forget;

#endif
