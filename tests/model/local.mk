# Accounts, chats, messages, options, the store.
model_tests = \
	tests/model/test-chat \
	tests/model/test-client \
	tests/model/test-idle \
	tests/model/test-import \
	tests/model/test-jid \
	tests/model/test-options \
	tests/model/test-room \
	tests/model/test-roster \
	tests/model/test-store \
	tests/model/test-store-close \
	tests/model/test-store-commit \
	tests/model/test-store-disk \
	tests/model/test-store-formats \
	tests/model/test-store-id-index \
	tests/model/test-store-search \
	tests/model/test-textlog
tests_model_test_store_disk_SOURCES = \
	tests/model/test-store-disk.c \
	tests/shim/disk.c tests/shim/disk.h
tests_model_libfixture_a_SOURCES = \
	tests/model/fixture.c tests/model/fixture.h \
	tests/model/store-fixture.c tests/model/store-fixture.h
$(model_tests): LDADD = tests/model/libfixture.a $(MODEL_STACK) $(CMOCKA_LIBS)
$(model_tests): tests/model/libfixture.a src/model/libmodel.a src/base/libbase.a
if HAVE_CMOCKA
check_LIBRARIES += tests/model/libfixture.a
check_PROGRAMS += $(model_tests)
TESTS += $(model_tests)
endif
