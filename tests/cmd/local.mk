# What can be said, and by whom: the language, the table, scripts.
cmd_tests = \
	tests/cmd/test-parse \
	tests/cmd/test-json \
	tests/cmd/test-commands \
	tests/cmd/test-topics \
	tests/cmd/test-away \
	tests/cmd/test-outbox \
	tests/cmd/test-when \
	tests/cmd/test-history \
	tests/cmd/test-help \
	tests/cmd/test-fifo \
	tests/cmd/test-script \
	tests/cmd/test-password \
	tests/cmd/test-subprocess
if HAVE_CMOCKA
check_PROGRAMS += $(cmd_tests)
TESTS += $(cmd_tests)
endif
cmd_test_cflags = $(AM_CFLAGS) $(MODEL_CFLAGS) $(XMPP_CFLAGS) $(CMOCKA_CFLAGS)
cmd_test_ldadd = $(CMD_STACK) $(CMOCKA_LIBS)

tests_cmd_test_parse_SOURCES = tests/cmd/test-parse.c
tests_cmd_test_parse_CFLAGS = $(cmd_test_cflags)
tests_cmd_test_parse_LDADD = $(cmd_test_ldadd)

tests_cmd_test_json_SOURCES = tests/cmd/test-json.c
tests_cmd_test_json_CFLAGS = $(cmd_test_cflags)
tests_cmd_test_json_LDADD = $(cmd_test_ldadd)

tests_cmd_test_commands_SOURCES = tests/cmd/test-commands.c tests/cmd/fixture.h
tests_cmd_test_commands_CFLAGS = $(cmd_test_cflags)
tests_cmd_test_commands_LDADD = $(cmd_test_ldadd)

tests_cmd_test_topics_SOURCES = tests/cmd/test-topics.c tests/cmd/fixture.h
tests_cmd_test_topics_CFLAGS = $(cmd_test_cflags)
tests_cmd_test_topics_LDADD = $(cmd_test_ldadd)

tests_cmd_test_away_SOURCES = tests/cmd/test-away.c tests/cmd/fixture.h
tests_cmd_test_away_CFLAGS = $(cmd_test_cflags)
tests_cmd_test_away_LDADD = $(cmd_test_ldadd)

tests_cmd_test_outbox_SOURCES = tests/cmd/test-outbox.c tests/cmd/fixture.h
tests_cmd_test_outbox_CFLAGS = $(cmd_test_cflags)
tests_cmd_test_outbox_LDADD = $(cmd_test_ldadd)

tests_cmd_test_when_SOURCES = tests/cmd/test-when.c
tests_cmd_test_when_CFLAGS = $(cmd_test_cflags)
tests_cmd_test_when_LDADD = $(cmd_test_ldadd)

tests_cmd_test_history_SOURCES = tests/cmd/test-history.c tests/cmd/fixture.h
tests_cmd_test_history_CFLAGS = $(cmd_test_cflags)
tests_cmd_test_history_LDADD = $(cmd_test_ldadd)

tests_cmd_test_help_SOURCES = tests/cmd/test-help.c tests/cmd/fixture.h
tests_cmd_test_help_CFLAGS = $(cmd_test_cflags)
tests_cmd_test_help_LDADD = $(cmd_test_ldadd)

tests_cmd_test_fifo_SOURCES = tests/cmd/test-fifo.c tests/cmd/fixture.h
tests_cmd_test_fifo_CFLAGS = $(cmd_test_cflags)
tests_cmd_test_fifo_LDADD = $(cmd_test_ldadd)

tests_cmd_test_script_SOURCES = tests/cmd/test-script.c tests/cmd/fixture.h
tests_cmd_test_script_CFLAGS = $(cmd_test_cflags)
tests_cmd_test_script_LDADD = $(cmd_test_ldadd)

tests_cmd_test_password_SOURCES = tests/cmd/test-password.c tests/cmd/fixture.h
tests_cmd_test_password_CFLAGS = $(cmd_test_cflags)
tests_cmd_test_password_LDADD = $(cmd_test_ldadd)

tests_cmd_test_subprocess_SOURCES = tests/cmd/test-subprocess.c tests/cmd/fixture.h
tests_cmd_test_subprocess_CFLAGS = $(cmd_test_cflags)
tests_cmd_test_subprocess_LDADD = $(cmd_test_ldadd)
