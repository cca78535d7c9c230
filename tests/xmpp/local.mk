# From a host name to a login, and from bytes to stanzas.
xmpp_tests = \
	tests/xmpp/test-connection \
	tests/xmpp/test-dial \
	tests/xmpp/test-login \
	tests/xmpp/test-modules \
	tests/xmpp/test-parser \
	tests/xmpp/test-sasl \
	tests/xmpp/test-stream \
	tests/xmpp/test-tcp \
	tests/xmpp/test-tls \
	tests/xmpp/test-xml
tests_xmpp_libfixture_a_SOURCES = \
	tests/xmpp/certificates.c tests/xmpp/certificates.h \
	tests/xmpp/hostile-server.c tests/xmpp/hostile-server.h \
	tests/xmpp/prosody.c tests/xmpp/prosody.h \
	tests/xmpp/scram-book.c tests/xmpp/scram-book.h \
	tests/xmpp/scram-server.c tests/xmpp/scram-server.h \
	tests/xmpp/string-transport.c tests/xmpp/string-transport.h
$(xmpp_tests): LDADD = tests/xmpp/libfixture.a $(XMPP_STACK) $(CMOCKA_LIBS)
$(xmpp_tests): tests/xmpp/libfixture.a src/xmpp/libxmpp.a src/model/libmodel.a src/base/libbase.a
if HAVE_CMOCKA
check_LIBRARIES += tests/xmpp/libfixture.a
check_PROGRAMS += $(xmpp_tests)
TESTS += $(xmpp_tests)
endif

# Two programs without cmocka: talk runs the conversations in tests/talks, with the commands in them;
# sm-fuzz tests XEP-0198 with random breaks.
talk_program = tests/xmpp/talk
sm_fuzz_program = tests/xmpp/sm-fuzz
wire_tests = $(talk_program) $(sm_fuzz_program)
talk_client = tests/xmpp/talk.h \
	tests/xmpp/talk-client.c tests/xmpp/talk-events.c tests/xmpp/talk-string.c
tests_xmpp_talk_SOURCES = tests/xmpp/talk.c tests/xmpp/talk-calls.c tests/xmpp/talk-commands.c tests/xmpp/talk-features.c \
	$(talk_client)
tests_xmpp_sm_fuzz_SOURCES = tests/xmpp/sm-fuzz.c $(talk_client)
$(sm_fuzz_program): LDADD = $(XMPP_STACK)
$(sm_fuzz_program): src/xmpp/libxmpp.a src/model/libmodel.a src/base/libbase.a
$(talk_program): LDADD = $(CMD_STACK)
$(talk_program): src/cmd/libcmd.a src/xmpp/libxmpp.a src/ui/libui.a src/model/libmodel.a src/base/libbase.a
check_PROGRAMS += $(wire_tests)
TESTS += $(wire_tests)
EXTRA_DIST += tests/talks
