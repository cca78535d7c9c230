noinst_LIBRARIES += src/xmpp/libxmpp.a
src_xmpp_libxmpp_a_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(XMPP_CFLAGS)
src_xmpp_libxmpp_a_SOURCES = \
	$(connection_sources) \
	$(stream_sources) \
	$(session_sources)

# From a host name to an encrypted socket, and the connection that hides all steps of a login.
connection_sources = \
	src/xmpp/dial.c src/xmpp/dial.h \
	src/xmpp/connection.c src/xmpp/connection.h \
	src/xmpp/resolve.c src/xmpp/resolve.h \
	src/xmpp/tcp.c src/xmpp/tcp.h \
	src/xmpp/tls.c src/xmpp/tls.h

# The stream: from bytes to stanzas, and the login up to a bound resource.
stream_sources = \
	src/xmpp/login.c src/xmpp/login.h \
	src/xmpp/parser.c src/xmpp/parser.h \
	src/xmpp/sasl.c src/xmpp/sasl.h \
	src/xmpp/stream.c src/xmpp/stream.h \
	src/xmpp/transport.h \
	src/xmpp/xml.c src/xmpp/xml.h

# The session: what happens to stanzas.
session_sources = \
	src/xmpp/iq.c src/xmpp/iq.h \
	src/xmpp/namespaces.h \
	src/xmpp/modules.c src/xmpp/modules.h \
	src/xmpp/pipeline.c src/xmpp/pipeline.h \
	src/xmpp/session.c src/xmpp/session.h src/xmpp/session-private.h \
	src/xmpp/session-alive.c src/xmpp/session-secrets.c src/xmpp/session-stanzas.c \
	src/xmpp/sm.c src/xmpp/sm.h \
	src/xmpp/xep/xep.h src/xmpp/xep/ask.c src/xmpp/xep/error.h \
	src/xmpp/xep/rfc6121-message-in.c \
	src/xmpp/xep/rfc6121-message-out.c src/xmpp/xep/message.h \
	src/xmpp/xep/rfc6121-presence.c src/xmpp/xep/presence.h \
	src/xmpp/xep/rfc6121-roster.c src/xmpp/xep/roster.h \
	src/xmpp/xep/0012.c \
	src/xmpp/xep/0030.c src/xmpp/xep/0030.h \
	src/xmpp/xep/0030-server.c \
	src/xmpp/xep/0045-join.c src/xmpp/xep/0045.h \
	src/xmpp/xep/0045-talk.c \
	src/xmpp/xep/0085.c src/xmpp/xep/0085.h \
	src/xmpp/xep/0092.c \
	src/xmpp/xep/0106.c \
	src/xmpp/xep/0107.c src/xmpp/xep/0107.h \
	src/xmpp/xep/0115.c src/xmpp/xep/0115.h \
	src/xmpp/xep/0163.c src/xmpp/xep/0163.h \
	src/xmpp/xep/0184.c \
	src/xmpp/xep/0191.c src/xmpp/xep/0191.h \
	src/xmpp/xep/0199.c src/xmpp/xep/0199.h \
	src/xmpp/xep/0202.c \
	src/xmpp/xep/0203.c \
	src/xmpp/xep/0245.c \
	src/xmpp/xep/0224.c src/xmpp/xep/0224.h \
	src/xmpp/xep/0280.c \
	src/xmpp/xep/0313-ask.c \
	src/xmpp/xep/0334.c \
	src/xmpp/xep/0319.c \
	src/xmpp/xep/0352.c \
	src/xmpp/xep/0359.c \
	src/xmpp/xep/0380.c
