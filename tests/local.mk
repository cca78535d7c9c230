TESTS += tests/doap.test tests/format.test tests/layers.test tests/links.test tests/names.test
EXTRA_DIST += tests/doap.test tests/format.test tests/layers.test tests/links.test tests/names.test tests/words.test tests/long

# The patient tests: ./check and tests/long, without a limit of time.
.PHONY: check-long
check-long:
	CHECK_LONG=1 FUZZ_SECONDS=$${FUZZ_SECONDS:-120} $(srcdir)/check

include $(srcdir)/tests/base/local.mk
include $(srcdir)/tests/model/local.mk
include $(srcdir)/tests/xmpp/local.mk
include $(srcdir)/tests/ui/local.mk
include $(srcdir)/tests/cmd/local.mk
include $(srcdir)/tests/system/local.mk
include $(srcdir)/tests/fuzz/local.mk
include $(srcdir)/tests/bench/local.mk
