# A test is one cmocka program, tests/base/NAME.c, and one line here.
base_tests = \
	tests/base/test-bus \
	tests/base/test-clock \
	tests/base/test-color \
	tests/base/test-files \
	tests/base/test-log \
	tests/base/test-random \
	tests/base/test-record \
	tests/base/test-table \
	tests/base/test-text \
	tests/base/test-wake
$(base_tests): LDADD = $(BASE_STACK) $(CMOCKA_LIBS) -lm
$(base_tests): src/base/libbase.a
if HAVE_CMOCKA
check_PROGRAMS += $(base_tests)
TESTS += $(base_tests)
endif
