noinst_LIBRARIES += src/model/libmodel.a
src_model_libmodel_a_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS)
src_model_libmodel_a_SOURCES = \
	src/model/account.c src/model/account.h \
	src/model/chat.c src/model/chat.h \
	src/model/client.c src/model/client.h \
	src/model/events.h \
	src/model/idle.c src/model/idle.h \
	src/model/import.c src/model/import.h src/model/import-mcabber.c \
	src/model/jid.c src/model/jid.h \
	src/model/message.c src/model/message.h \
	src/model/options.c src/model/options.h src/model/options-table.c \
	src/model/outbox.c src/model/outbox.h \
	src/model/precis.c src/model/precis.h \
	src/model/rc.c src/model/rc.h \
	src/model/room.c src/model/room.h \
	src/model/roster.c src/model/roster.h \
	src/model/textlog.c src/model/textlog.h \
	src/model/store.c src/model/store.h src/model/store-private.h \
	src/model/store-access.c src/model/store-schema.c \
	src/model/store-chats.c src/model/store-roster.c \
	src/model/store-commit.c src/model/store-outbox.c src/model/store-streams.c \
	src/model/store-id-index.c \
	src/model/store-index.c src/model/store-index.h \
	src/model/store-queue.c src/model/store-writer.c \
	src/model/store-read.c \
	src/model/store-search.c src/model/store-query.c
