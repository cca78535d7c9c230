/* The built-in topics, a file each, and what several of them need. */
#ifndef NJ_CMD_TOPIC_H
#define NJ_CMD_TOPIC_H

#include "cmd/commands.h"
#include "xmpp/session.h"

extern const NjTopic nj_topic_account;
extern const NjTopic nj_topic_chat;
extern const NjTopic nj_topic_outbox;
extern const NjTopic nj_topic_room;
extern const NjTopic nj_topic_roster;
extern const NjTopic nj_topic_presence;
extern const NjTopic nj_topic_info;
extern const NjTopic nj_topic_history;
extern const NjTopic nj_topic_window;
extern const NjTopic nj_topic_option;
extern const NjTopic nj_topic_program;

/* A parameter that this use of the command can not do without; false: the call has failed with its
 * usage. */
bool nj_call_needs(NjCall *call, const char *param);

/* The same for an account that must be online. */
bool nj_call_needs_online(NjCall *call);

/* The account's session; NULL: the call has failed. */
NjSession *nj_call_session(NjCall *call, NjAccount *account);

/* Shows the chat where there is a screen, and notes in the result which it is. */
void nj_call_show_chat(NjCall *call, NjChat *chat);

/* Ends a call whose work either succeeded or left an error. */
void nj_call_done_if(NjCall *call, bool done, const GError *error);

#endif
