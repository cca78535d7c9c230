# A test is one cmocka program and one line here.
base_tests = \
	tests/base/test-bus
if HAVE_CMOCKA
check_PROGRAMS += $(base_tests)
TESTS += $(base_tests)
endif

tests_base_test_bus_SOURCES = tests/base/test-bus.c
tests_base_test_bus_CFLAGS = $(AM_CFLAGS) $(BASE_CFLAGS) $(CMOCKA_CFLAGS)
tests_base_test_bus_LDADD = $(BASE_STACK) $(CMOCKA_LIBS)


base_tests += tests/base/test-text
tests_base_test_text_SOURCES = tests/base/test-text.c
tests_base_test_text_CFLAGS = $(AM_CFLAGS) $(BASE_CFLAGS) $(CMOCKA_CFLAGS)
tests_base_test_text_LDADD = $(BASE_STACK) $(CMOCKA_LIBS)
