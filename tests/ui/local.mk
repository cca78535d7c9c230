
# The terminal, the cells, the keys.
terminal_tests = \
	tests/ui/test-surface
if HAVE_CMOCKA
check_PROGRAMS += $(terminal_tests)
TESTS += $(terminal_tests)
endif

tests_ui_test_surface_SOURCES = tests/ui/test-surface.c
tests_ui_test_surface_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(CMOCKA_CFLAGS)
tests_ui_test_surface_LDADD = $(UI_STACK) $(CMOCKA_LIBS)
