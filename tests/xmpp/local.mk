# From a name to a login: sockets, TLS, a real server.
connection_tests = \
	tests/xmpp/test-dial \
	tests/xmpp/test-connection \
	tests/xmpp/test-tcp \
	tests/xmpp/test-tls
if HAVE_CMOCKA
check_PROGRAMS += $(connection_tests)
TESTS += $(connection_tests)
endif

tests_xmpp_test_dial_SOURCES = tests/xmpp/test-dial.c
tests_xmpp_test_dial_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(XMPP_CFLAGS) $(CMOCKA_CFLAGS)
tests_xmpp_test_dial_LDADD = $(XMPP_STACK) $(CMOCKA_LIBS)
tests_xmpp_test_connection_SOURCES = tests/xmpp/test-connection.c tests/xmpp/certificates.c tests/xmpp/certificates.h tests/xmpp/hostile-server.c tests/xmpp/hostile-server.h \
	tests/xmpp/prosody.c tests/xmpp/prosody.h tests/xmpp/scram-server.c tests/xmpp/scram-server.h
tests_xmpp_test_connection_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(XMPP_CFLAGS) $(CMOCKA_CFLAGS)
tests_xmpp_test_connection_LDADD = $(XMPP_STACK) $(CMOCKA_LIBS)
tests_xmpp_test_tcp_SOURCES = tests/xmpp/test-tcp.c tests/xmpp/certificates.c tests/xmpp/certificates.h
tests_xmpp_test_tcp_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(XMPP_CFLAGS) $(CMOCKA_CFLAGS)
tests_xmpp_test_tcp_LDADD = $(XMPP_STACK) $(CMOCKA_LIBS)
tests_xmpp_test_tls_SOURCES = tests/xmpp/test-tls.c tests/xmpp/certificates.c tests/xmpp/certificates.h
tests_xmpp_test_tls_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(XMPP_CFLAGS) $(CMOCKA_CFLAGS)
tests_xmpp_test_tls_LDADD = $(XMPP_STACK) $(CMOCKA_LIBS)

# From bytes to stanzas and a bound resource.
stream_tests = \
	tests/xmpp/test-login \
	tests/xmpp/test-modules \
	tests/xmpp/test-parser \
	tests/xmpp/test-sasl \
	tests/xmpp/test-stream \
	tests/xmpp/test-xml
if HAVE_CMOCKA
check_PROGRAMS += $(stream_tests)
TESTS += $(stream_tests)
endif
string_transport = tests/xmpp/string-transport.c tests/xmpp/string-transport.h
scram_book = tests/xmpp/scram-book.c tests/xmpp/scram-book.h
stream_test_cflags = $(AM_CFLAGS) $(XMPP_CFLAGS) $(CMOCKA_CFLAGS)
stream_test_libs = $(XMPP_STACK) $(CMOCKA_LIBS)

tests_xmpp_test_login_SOURCES = tests/xmpp/test-login.c $(string_transport) $(scram_book)
tests_xmpp_test_login_CFLAGS = $(stream_test_cflags)
tests_xmpp_test_login_LDADD = $(stream_test_libs)

tests_xmpp_test_modules_SOURCES = tests/xmpp/test-modules.c
tests_xmpp_test_modules_CFLAGS = $(stream_test_cflags) $(MODEL_CFLAGS)
tests_xmpp_test_modules_LDADD = $(stream_test_libs)

tests_xmpp_test_parser_SOURCES = tests/xmpp/test-parser.c
tests_xmpp_test_parser_CFLAGS = $(stream_test_cflags)
tests_xmpp_test_parser_LDADD = $(stream_test_libs)

tests_xmpp_test_sasl_SOURCES = tests/xmpp/test-sasl.c $(string_transport) $(scram_book)
tests_xmpp_test_sasl_CFLAGS = $(stream_test_cflags)
tests_xmpp_test_sasl_LDADD = $(stream_test_libs)

tests_xmpp_test_stream_SOURCES = tests/xmpp/test-stream.c $(string_transport)
tests_xmpp_test_stream_CFLAGS = $(stream_test_cflags)
tests_xmpp_test_stream_LDADD = $(stream_test_libs)

tests_xmpp_test_xml_SOURCES = tests/xmpp/test-xml.c $(string_transport)
tests_xmpp_test_xml_CFLAGS = $(stream_test_cflags)
tests_xmpp_test_xml_LDADD = $(stream_test_libs)

# Talks: wire conversations as text, all of them in one program.
check_PROGRAMS += tests/xmpp/talk
TESTS += tests/xmpp/talk
EXTRA_DIST += tests/talks
tests_xmpp_talk_SOURCES = tests/xmpp/talk.c tests/xmpp/talk.h \
	tests/xmpp/talk-calls.c tests/xmpp/talk-client.c tests/xmpp/talk-events.c tests/xmpp/talk-features.c \
	tests/xmpp/talk-string.c
tests_xmpp_talk_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(XMPP_CFLAGS)
tests_xmpp_talk_LDADD = $(XMPP_STACK)

# The same client in bad weather.
check_PROGRAMS += tests/xmpp/sm-fuzz
TESTS += tests/xmpp/sm-fuzz
tests_xmpp_sm_fuzz_SOURCES = tests/xmpp/sm-fuzz.c tests/xmpp/talk.h tests/xmpp/talk-client.c tests/xmpp/talk-events.c tests/xmpp/talk-string.c
tests_xmpp_sm_fuzz_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(XMPP_CFLAGS)
tests_xmpp_sm_fuzz_LDADD = $(XMPP_STACK)
