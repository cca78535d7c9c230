# Tests of the built program against a real Prosody; skipped if a program they need is missing.
TESTS += tests/system/system.test

# A disk that fails, for the program (LD_PRELOAD).
check_DATA = tests/shim/disk.so
CLEANFILES += tests/shim/disk.so
tests/shim/disk.so: $(srcdir)/tests/shim/disk.c $(srcdir)/tests/shim/disk.h
	$(AM_V_CC)$(MKDIR_P) tests/shim && $(CC) -std=gnu11 -D_GNU_SOURCE -g -O1 -fPIC -shared -o $@ $(srcdir)/tests/shim/disk.c -ldl
EXTRA_DIST += tests/system/system.test tests/system/run tests/system/harness.py $(system_tests) tests/system/long_peers.py tests/system/long_away.py \
	tests/system/proxy.py tests/system/loss.py tests/system/long_loss.py tests/system/long_federation.py \
	tests/server/server tests/server/server-prosody tests/server/server-ejabberd tests/server/mod_test_routes.lua tests/server/bots tests/server/install tests/server/packages
system_tests = tests/system/test_accounts.py tests/system/test_chat.py tests/system/test_copies.py tests/system/test_disk.py tests/system/test_edges.py tests/system/test_federation.py tests/system/test_first.py tests/system/test_history.py tests/system/test_loss.py tests/system/test_outbox.py tests/system/test_people.py \
	tests/system/test_rooms.py tests/system/test_screen.py tests/system/test_script.py tests/system/test_search.py tests/system/test_server.py tests/system/test_textlog.py tests/system/test_typing.py \
	tests/system/test_wake.py
