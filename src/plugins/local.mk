noinst_LIBRARIES += src/plugins/libplugins.a
src_plugins_libplugins_a_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(XMPP_CFLAGS)
src_plugins_libplugins_a_SOURCES = \
	src/plugins/plugin.h \
	src/plugins/plugins.c
