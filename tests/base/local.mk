# A test is one cmocka program and one line here.
base_tests = \
	tests/base/test-bus \
	tests/base/test-clock \
	tests/base/test-color \
	tests/base/test-files \
	tests/base/test-log \
	tests/base/test-random \
	tests/base/test-record \
	tests/base/test-table
if HAVE_CMOCKA
check_PROGRAMS += $(base_tests)
TESTS += $(base_tests)
endif

tests_base_test_bus_SOURCES = tests/base/test-bus.c
tests_base_test_bus_CFLAGS = $(AM_CFLAGS) $(BASE_CFLAGS) $(CMOCKA_CFLAGS)
tests_base_test_bus_LDADD = $(BASE_STACK) $(CMOCKA_LIBS)

tests_base_test_clock_SOURCES = tests/base/test-clock.c
tests_base_test_clock_CFLAGS = $(AM_CFLAGS) $(BASE_CFLAGS) $(CMOCKA_CFLAGS)
tests_base_test_clock_LDADD = $(BASE_STACK) $(CMOCKA_LIBS)

tests_base_test_color_SOURCES = tests/base/test-color.c
tests_base_test_color_CFLAGS = $(AM_CFLAGS) $(BASE_CFLAGS) $(CMOCKA_CFLAGS)
tests_base_test_color_LDADD = $(BASE_STACK) $(CMOCKA_LIBS) -lm

tests_base_test_files_SOURCES = tests/base/test-files.c
tests_base_test_files_CFLAGS = $(AM_CFLAGS) $(BASE_CFLAGS) $(CMOCKA_CFLAGS)
tests_base_test_files_LDADD = $(BASE_STACK) $(CMOCKA_LIBS)

tests_base_test_log_SOURCES = tests/base/test-log.c
tests_base_test_log_CFLAGS = $(AM_CFLAGS) $(BASE_CFLAGS) $(CMOCKA_CFLAGS)
tests_base_test_log_LDADD = $(BASE_STACK) $(CMOCKA_LIBS)

tests_base_test_random_SOURCES = tests/base/test-random.c
tests_base_test_random_CFLAGS = $(AM_CFLAGS) $(BASE_CFLAGS) $(CMOCKA_CFLAGS)
tests_base_test_random_LDADD = $(BASE_STACK) $(CMOCKA_LIBS)

tests_base_test_record_SOURCES = tests/base/test-record.c
tests_base_test_record_CFLAGS = $(AM_CFLAGS) $(BASE_CFLAGS) $(CMOCKA_CFLAGS)
tests_base_test_record_LDADD = $(BASE_STACK) $(CMOCKA_LIBS)

tests_base_test_table_SOURCES = tests/base/test-table.c
tests_base_test_table_CFLAGS = $(AM_CFLAGS) $(BASE_CFLAGS) $(CMOCKA_CFLAGS)
tests_base_test_table_LDADD = $(BASE_STACK) $(CMOCKA_LIBS)

base_tests += tests/base/test-text
tests_base_test_text_SOURCES = tests/base/test-text.c
tests_base_test_text_CFLAGS = $(AM_CFLAGS) $(BASE_CFLAGS) $(CMOCKA_CFLAGS)
tests_base_test_text_LDADD = $(BASE_STACK) $(CMOCKA_LIBS)

base_tests += tests/base/test-wake
tests_base_test_wake_SOURCES = tests/base/test-wake.c
tests_base_test_wake_CFLAGS = $(AM_CFLAGS) $(BASE_CFLAGS) $(CMOCKA_CFLAGS)
tests_base_test_wake_LDADD = $(BASE_STACK) $(CMOCKA_LIBS)
