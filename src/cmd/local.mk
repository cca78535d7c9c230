noinst_LIBRARIES += src/cmd/libcmd.a
src_cmd_libcmd_a_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(XMPP_CFLAGS) $(CMD_CFLAGS)
src_cmd_libcmd_a_SOURCES = \
	$(engine_sources) \
	$(topic_sources)

# From a line to a result, whoever wrote it.
engine_sources = \
	src/cmd/alias.c \
	src/cmd/away.c src/cmd/away.h \
	src/cmd/call.c src/cmd/call.h \
	src/cmd/commands.c src/cmd/commands.h \
	src/cmd/complete.c \
	src/cmd/feed.c src/cmd/feed.h \
	src/cmd/fifo.c src/cmd/fifo.h \
	src/cmd/help.c src/cmd/help.h \
	src/cmd/json.c src/cmd/json.h \
	src/cmd/parse.c src/cmd/parse.h \
	src/cmd/password.c src/cmd/password.h \
	src/cmd/script.c src/cmd/script.h \
	src/cmd/subprocess.c src/cmd/subprocess.h

# What can be said: a file a topic.
topic_sources = \
	src/cmd/account.c src/cmd/account.h \
	src/cmd/certificate.c \
	src/cmd/chat.c \
	src/cmd/history.c src/cmd/history.h \
	src/cmd/info.c \
	src/cmd/option.c \
	src/cmd/outbox.c src/cmd/outbox.h \
	src/cmd/presence.c \
	src/cmd/program.c \
	src/cmd/room.c \
	src/cmd/roster.c \
	src/cmd/topic.c src/cmd/topic.h \
	src/cmd/when.c src/cmd/when.h \
	src/cmd/window.c
