# A fuzzer is one C file with LLVMFuzzerTestOneInput(), one line here and a small corpus. They are built
# in a tree configured with --enable-fuzzers CC=clang; tests/fuzz/run FUZZER SECONDS runs one.
fuzzers = \
	tests/fuzz/fuzz-command \
	tests/fuzz/fuzz-import \
	tests/fuzz/fuzz-jid \
	tests/fuzz/fuzz-options \
	tests/fuzz/fuzz-parser \
	tests/fuzz/fuzz-resolve \
	tests/fuzz/fuzz-search \
	tests/fuzz/fuzz-text \
	tests/fuzz/fuzz-when
$(fuzzers): LDADD = -fsanitize=fuzzer $(CMD_STACK)
$(fuzzers): src/cmd/libcmd.a src/xmpp/libxmpp.a src/ui/libui.a src/model/libmodel.a src/base/libbase.a
if FUZZERS
noinst_PROGRAMS += $(fuzzers)
endif
.PHONY: fuzzers
fuzzers: $(fuzzers)
EXTRA_DIST += tests/fuzz/run tests/fuzz/corpus
