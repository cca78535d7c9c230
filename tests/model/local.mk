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

# Store and history, roster, rooms, chats: append to model_tests with += above these two lines.

if HAVE_CMOCKA
check_PROGRAMS += $(model_tests)
TESTS += $(model_tests)
endif
