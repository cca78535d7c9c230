TESTS += tests/doap.test tests/format.test tests/layers.test tests/links.test tests/names.test
EXTRA_DIST += tests/README tests/long tests/doap.test tests/format.test tests/layers.test \
	tests/links.test tests/names.test tests/words.test

# The patient tests: ./check and tests/long, without a limit of time.
.PHONY: check-long
check-long:
	CHECK_LONG=1 FUZZ_SECONDS=$${FUZZ_SECONDS:-120} $(srcdir)/check

# A test program is made from the C file of its name. LDADD of GNU make's target-specific kind gives
# the programs of a folder that folder's library and those it stands on, so that a wrong dependency
# does not link; the line behind it names these libraries as prerequisites.
AM_CPPFLAGS += $(MODEL_CFLAGS) $(XMPP_CFLAGS) $(UI_CFLAGS) $(CMOCKA_CFLAGS)

include $(srcdir)/tests/base/local.mk
include $(srcdir)/tests/model/local.mk
include $(srcdir)/tests/xmpp/local.mk
include $(srcdir)/tests/ui/local.mk
include $(srcdir)/tests/cmd/local.mk
include $(srcdir)/tests/system/local.mk
include $(srcdir)/tests/fuzz/local.mk
include $(srcdir)/tests/bench/local.mk
