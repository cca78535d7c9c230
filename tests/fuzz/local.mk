# A fuzzer is one file with LLVMFuzzerTestOneInput(), one block here and a small corpus.  They are built in a tree
# configured with --enable-fuzzers CC=clang; tests/fuzz/run FUZZER SECONDS runs one.
fuzzers = tests/fuzz/fuzz-options tests/fuzz/fuzz-jid
fuzz_ldflags = $(AM_LDFLAGS) -fsanitize=fuzzer
EXTRA_DIST += tests/fuzz/run tests/fuzz/corpus

# natterjackrc
tests_fuzz_fuzz_options_SOURCES = tests/fuzz/fuzz-options.c
tests_fuzz_fuzz_options_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS)
tests_fuzz_fuzz_options_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_options_LDADD = $(MODEL_STACK)

# Addresses
tests_fuzz_fuzz_jid_SOURCES = tests/fuzz/fuzz-jid.c
tests_fuzz_fuzz_jid_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS)
tests_fuzz_fuzz_jid_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_jid_LDADD = $(MODEL_STACK)

# What a stream brings
fuzzers += tests/fuzz/fuzz-parser
tests_fuzz_fuzz_parser_SOURCES = tests/fuzz/fuzz-parser.c
tests_fuzz_fuzz_parser_CFLAGS = $(AM_CFLAGS) $(XMPP_CFLAGS)
tests_fuzz_fuzz_parser_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_parser_LDADD = $(XMPP_STACK)

# What is typed, and what a script writes
fuzzers += tests/fuzz/fuzz-command
tests_fuzz_fuzz_command_SOURCES = tests/fuzz/fuzz-command.c
tests_fuzz_fuzz_command_CFLAGS = $(AM_CFLAGS) $(XMPP_CFLAGS)
tests_fuzz_fuzz_command_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_command_LDADD = $(CMD_STACK)

# Text from strangers
fuzzers += tests/fuzz/fuzz-text
tests_fuzz_fuzz_text_SOURCES = tests/fuzz/fuzz-text.c
tests_fuzz_fuzz_text_CFLAGS = $(AM_CFLAGS) $(BASE_CFLAGS)
tests_fuzz_fuzz_text_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_text_LDADD = $(BASE_STACK)

# What a name server answers
fuzzers += tests/fuzz/fuzz-resolve
tests_fuzz_fuzz_resolve_SOURCES = tests/fuzz/fuzz-resolve.c
tests_fuzz_fuzz_resolve_CFLAGS = $(AM_CFLAGS) $(XMPP_CFLAGS)
tests_fuzz_fuzz_resolve_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_resolve_LDADD = $(XMPP_STACK)

# Logs of other programs
fuzzers += tests/fuzz/fuzz-import
tests_fuzz_fuzz_import_SOURCES = tests/fuzz/fuzz-import.c
tests_fuzz_fuzz_import_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS)
tests_fuzz_fuzz_import_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_import_LDADD = $(MODEL_STACK)

# Words to look for, and texts they are looked for in
fuzzers += tests/fuzz/fuzz-search
tests_fuzz_fuzz_search_SOURCES = tests/fuzz/fuzz-search.c
tests_fuzz_fuzz_search_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS)
tests_fuzz_fuzz_search_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_search_LDADD = $(MODEL_STACK)

# Dates as they are typed
fuzzers += tests/fuzz/fuzz-when
tests_fuzz_fuzz_when_SOURCES = tests/fuzz/fuzz-when.c
tests_fuzz_fuzz_when_CFLAGS = $(AM_CFLAGS) $(XMPP_CFLAGS)
tests_fuzz_fuzz_when_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_when_LDADD = $(CMD_STACK)

# Others add themselves with fuzzers += above this line.
if FUZZERS
noinst_PROGRAMS += $(fuzzers)
endif
.PHONY: fuzzers
fuzzers: $(fuzzers)
