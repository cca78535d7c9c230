
# The terminal, the cells, the keys.
terminal_tests = \
	tests/ui/spike-curses \
	tests/ui/test-keys \
	tests/ui/test-prompt \
	tests/ui/test-surface \
	tests/ui/test-term \
	tests/ui/test-theme
if HAVE_CMOCKA
check_PROGRAMS += $(terminal_tests)
TESTS += $(terminal_tests)
endif

tests_ui_spike_curses_SOURCES = tests/ui/spike-curses.c
tests_ui_spike_curses_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(UI_CFLAGS) $(CMOCKA_CFLAGS)
tests_ui_spike_curses_LDADD = $(UI_STACK) $(CMOCKA_LIBS)

tests_ui_test_keys_SOURCES = tests/ui/test-keys.c
tests_ui_test_keys_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(UI_CFLAGS) $(CMOCKA_CFLAGS)
tests_ui_test_keys_LDADD = $(UI_STACK) $(CMOCKA_LIBS)

tests_ui_test_prompt_SOURCES = tests/ui/test-prompt.c
tests_ui_test_prompt_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(UI_CFLAGS) $(CMOCKA_CFLAGS)
tests_ui_test_prompt_LDADD = $(UI_STACK) $(CMOCKA_LIBS)

tests_ui_test_surface_SOURCES = tests/ui/test-surface.c
tests_ui_test_surface_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(UI_CFLAGS) $(CMOCKA_CFLAGS)
tests_ui_test_surface_LDADD = $(UI_STACK) $(CMOCKA_LIBS)

tests_ui_test_term_SOURCES = tests/ui/test-term.c
tests_ui_test_term_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(UI_CFLAGS) $(CMOCKA_CFLAGS)
tests_ui_test_term_LDADD = $(UI_STACK) $(CMOCKA_LIBS) -lutil

tests_ui_test_theme_SOURCES = tests/ui/test-theme.c
tests_ui_test_theme_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(UI_CFLAGS) $(CMOCKA_CFLAGS)
tests_ui_test_theme_LDADD = $(UI_STACK) $(CMOCKA_LIBS)

# What is shown: pictures of surfaces.
pane_tests = \
	tests/ui/test-found \
	tests/ui/test-layout \
	tests/ui/test-lines \
	tests/ui/test-pane-chat \
	tests/ui/test-pane-roster \
	tests/ui/test-pane-search \
	tests/ui/test-screen \
	tests/ui/test-status \
	tests/ui/test-walk
if HAVE_CMOCKA
check_PROGRAMS += $(pane_tests)
TESTS += $(pane_tests)
endif

tests_ui_test_found_SOURCES = tests/ui/test-found.c
tests_ui_test_found_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(UI_CFLAGS) $(CMOCKA_CFLAGS)
tests_ui_test_found_LDADD = $(UI_STACK) $(CMOCKA_LIBS)

tests_ui_test_layout_SOURCES = tests/ui/test-layout.c tests/ui/fixture.h
tests_ui_test_layout_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(UI_CFLAGS) $(CMOCKA_CFLAGS)
tests_ui_test_layout_LDADD = $(UI_STACK) $(CMOCKA_LIBS)

tests_ui_test_lines_SOURCES = tests/ui/test-lines.c tests/ui/fixture.h
tests_ui_test_lines_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(UI_CFLAGS) $(CMOCKA_CFLAGS)
tests_ui_test_lines_LDADD = $(UI_STACK) $(CMOCKA_LIBS)

tests_ui_test_pane_chat_SOURCES = tests/ui/test-pane-chat.c tests/ui/fixture.h
tests_ui_test_pane_chat_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(UI_CFLAGS) $(CMOCKA_CFLAGS)
tests_ui_test_pane_chat_LDADD = $(UI_STACK) $(CMOCKA_LIBS)

tests_ui_test_pane_roster_SOURCES = tests/ui/test-pane-roster.c tests/ui/fixture.h
tests_ui_test_pane_roster_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(UI_CFLAGS) $(CMOCKA_CFLAGS)
tests_ui_test_pane_roster_LDADD = $(UI_STACK) $(CMOCKA_LIBS)

tests_ui_test_pane_search_SOURCES = tests/ui/test-pane-search.c tests/ui/fixture.h
tests_ui_test_pane_search_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(UI_CFLAGS) $(CMOCKA_CFLAGS)
tests_ui_test_pane_search_LDADD = $(UI_STACK) $(CMOCKA_LIBS)

tests_ui_test_screen_SOURCES = tests/ui/test-screen.c tests/ui/fixture.h
tests_ui_test_screen_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(UI_CFLAGS) $(CMOCKA_CFLAGS)
tests_ui_test_screen_LDADD = $(UI_STACK) $(CMOCKA_LIBS)

tests_ui_test_walk_SOURCES = tests/ui/test-walk.c tests/ui/fixture.h
tests_ui_test_walk_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(UI_CFLAGS) $(CMOCKA_CFLAGS)
tests_ui_test_walk_LDADD = $(UI_STACK) $(CMOCKA_LIBS)

tests_ui_test_status_SOURCES = tests/ui/test-status.c tests/ui/fixture.h
tests_ui_test_status_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(UI_CFLAGS) $(CMOCKA_CFLAGS)
tests_ui_test_status_LDADD = $(UI_STACK) $(CMOCKA_LIBS)
