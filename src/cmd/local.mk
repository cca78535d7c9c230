noinst_LIBRARIES += src/cmd/libcmd.a
src_cmd_libcmd_a_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(XMPP_CFLAGS) $(CMD_CFLAGS)
src_cmd_libcmd_a_SOURCES = \
	src/cmd/commands.c src/cmd/commands.h \
	src/cmd/complete.c \
	src/cmd/fifo.c src/cmd/fifo.h \
	src/cmd/help.c src/cmd/help.h \
	src/cmd/json.c src/cmd/json.h \
	src/cmd/parse.c src/cmd/parse.h \
	src/cmd/script.c src/cmd/script.h
