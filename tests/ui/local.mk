# The terminal, keys, windows and panes.
ui_tests = \
	tests/ui/spike-curses \
	tests/ui/test-found \
	tests/ui/test-keys \
	tests/ui/test-layout \
	tests/ui/test-lines \
	tests/ui/test-pane-chat \
	tests/ui/test-pane-roster \
	tests/ui/test-pane-search \
	tests/ui/test-prompt \
	tests/ui/test-screen \
	tests/ui/test-status \
	tests/ui/test-surface \
	tests/ui/test-term \
	tests/ui/test-theme \
	tests/ui/test-walk
tests_ui_libfixture_a_SOURCES = tests/ui/fixture.c tests/ui/fixture.h
$(ui_tests): LDADD = tests/ui/libfixture.a tests/model/libfixture.a $(UI_STACK) $(CMOCKA_LIBS) -lutil
$(ui_tests): tests/ui/libfixture.a tests/model/libfixture.a src/ui/libui.a src/model/libmodel.a \
	src/base/libbase.a
if HAVE_CMOCKA
check_LIBRARIES += tests/ui/libfixture.a
check_PROGRAMS += $(ui_tests)
TESTS += $(ui_tests)
endif
