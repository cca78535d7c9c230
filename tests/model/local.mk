# A test is one cmocka program and one line here, in the block of its topic.

# Addresses and options
model_tests = \
	tests/model/test-jid \
	tests/model/test-options

tests_model_test_jid_SOURCES = tests/model/test-jid.c
tests_model_test_jid_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(CMOCKA_CFLAGS)
tests_model_test_jid_LDADD = $(MODEL_STACK) $(CMOCKA_LIBS)

tests_model_test_options_SOURCES = tests/model/test-options.c
tests_model_test_options_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(CMOCKA_CFLAGS)
tests_model_test_options_LDADD = $(MODEL_STACK) $(CMOCKA_LIBS)

# Store, roster, chats, rooms, client
model_tests += \
	tests/model/test-store \
	tests/model/test-store-close \
	tests/model/test-store-commit \
	tests/model/test-store-formats \
	tests/model/test-store-id-index \
	tests/model/test-store-disk \
	tests/model/test-store-search \
	tests/model/test-import \
	tests/model/test-roster \
	tests/model/test-chat \
	tests/model/test-room \
	tests/model/test-textlog \
	tests/model/test-client \
	tests/model/test-idle

tests_model_test_store_SOURCES = tests/model/test-store.c tests/model/store-fixture.h tests/model/fixture.h
tests_model_test_store_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(CMOCKA_CFLAGS)
tests_model_test_store_LDADD = $(MODEL_STACK) $(CMOCKA_LIBS)

tests_model_test_store_commit_SOURCES = tests/model/test-store-commit.c tests/model/store-fixture.h tests/model/fixture.h
tests_model_test_store_commit_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(CMOCKA_CFLAGS)
tests_model_test_store_commit_LDADD = $(MODEL_STACK) $(CMOCKA_LIBS)

tests_model_test_store_formats_SOURCES = tests/model/test-store-formats.c tests/model/store-fixture.h tests/model/fixture.h
tests_model_test_store_formats_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(CMOCKA_CFLAGS)
tests_model_test_store_formats_LDADD = $(MODEL_STACK) $(CMOCKA_LIBS)

tests_model_test_store_search_SOURCES = tests/model/test-store-search.c tests/model/store-fixture.h tests/model/fixture.h
tests_model_test_store_search_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(CMOCKA_CFLAGS)
tests_model_test_store_search_LDADD = $(MODEL_STACK) $(CMOCKA_LIBS)

tests_model_test_import_SOURCES = tests/model/test-import.c tests/model/fixture.h
tests_model_test_import_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(CMOCKA_CFLAGS)
tests_model_test_import_LDADD = $(MODEL_STACK) $(CMOCKA_LIBS)

tests_model_test_store_close_SOURCES = tests/model/test-store-close.c tests/model/fixture.h
tests_model_test_store_close_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(CMOCKA_CFLAGS)
tests_model_test_store_close_LDADD = $(MODEL_STACK) $(CMOCKA_LIBS)

tests_model_test_store_id_index_SOURCES = tests/model/test-store-id-index.c tests/model/store-fixture.h tests/model/fixture.h
tests_model_test_store_id_index_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(CMOCKA_CFLAGS)
tests_model_test_store_id_index_LDADD = $(MODEL_STACK) $(CMOCKA_LIBS)

tests_model_test_store_disk_SOURCES = tests/model/test-store-disk.c tests/model/store-fixture.h tests/model/fixture.h tests/shim/disk.c tests/shim/disk.h
tests_model_test_store_disk_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(CMOCKA_CFLAGS)
tests_model_test_store_disk_LDADD = $(MODEL_STACK) $(CMOCKA_LIBS)

tests_model_test_roster_SOURCES = tests/model/test-roster.c tests/model/fixture.h
tests_model_test_roster_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(CMOCKA_CFLAGS)
tests_model_test_roster_LDADD = $(MODEL_STACK) $(CMOCKA_LIBS)

tests_model_test_chat_SOURCES = tests/model/test-chat.c tests/model/fixture.h
tests_model_test_chat_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(CMOCKA_CFLAGS)
tests_model_test_chat_LDADD = $(MODEL_STACK) $(CMOCKA_LIBS)

tests_model_test_room_SOURCES = tests/model/test-room.c tests/model/fixture.h
tests_model_test_room_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(CMOCKA_CFLAGS)
tests_model_test_room_LDADD = $(MODEL_STACK) $(CMOCKA_LIBS)

tests_model_test_textlog_SOURCES = tests/model/test-textlog.c tests/model/fixture.h
tests_model_test_textlog_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(CMOCKA_CFLAGS)
tests_model_test_textlog_LDADD = $(MODEL_STACK) $(CMOCKA_LIBS)

tests_model_test_client_SOURCES = tests/model/test-client.c tests/model/fixture.h
tests_model_test_client_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(CMOCKA_CFLAGS)
tests_model_test_client_LDADD = $(MODEL_STACK) $(CMOCKA_LIBS)

tests_model_test_idle_SOURCES = tests/model/test-idle.c tests/model/fixture.h
tests_model_test_idle_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(CMOCKA_CFLAGS)
tests_model_test_idle_LDADD = $(MODEL_STACK) $(CMOCKA_LIBS)

if HAVE_CMOCKA
check_PROGRAMS += $(model_tests)
TESTS += $(model_tests)
endif
