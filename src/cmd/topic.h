/* The built-in topics, one file each, and functions that several of them use. */
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

/* Checks an optional parameter that is required in this situation. Returns false if it is missing:
 * the call has failed with a usage error. */
bool nj_call_needs(NjCall *call, const char *param);

/* Returns false if the call's account is not online: the call has failed. */
bool nj_call_needs_online(NjCall *call);

/* The account's session; NULL if it has none: the call has failed. */
NjSession *nj_call_session(NjCall *call, NjAccount *account);

/* Adds account and chat to the result. Shows the chat on the screen, unless a script calls. */
void nj_call_show_chat(NjCall *call, NjChat *chat);

/* Ends a call with its result if done is true, else with the error. */
void nj_call_done_if(NjCall *call, bool done, const GError *error);

#endif
