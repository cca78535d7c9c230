# Commands, their parser, the FIFO, scripts.
cmd_tests = \
	tests/cmd/test-away \
	tests/cmd/test-commands \
	tests/cmd/test-fifo \
	tests/cmd/test-help \
	tests/cmd/test-history \
	tests/cmd/test-json \
	tests/cmd/test-outbox \
	tests/cmd/test-parse \
	tests/cmd/test-password \
	tests/cmd/test-script \
	tests/cmd/test-subprocess \
	tests/cmd/test-topics \
	tests/cmd/test-when
tests_cmd_libfixture_a_SOURCES = tests/cmd/fixture.c tests/cmd/fixture.h
$(cmd_tests): LDADD = tests/cmd/libfixture.a $(CMD_STACK) $(CMOCKA_LIBS)
$(cmd_tests): tests/cmd/libfixture.a src/cmd/libcmd.a src/xmpp/libxmpp.a src/ui/libui.a \
	src/model/libmodel.a src/base/libbase.a
if HAVE_CMOCKA
check_LIBRARIES += tests/cmd/libfixture.a
check_PROGRAMS += $(cmd_tests)
TESTS += $(cmd_tests)
endif
