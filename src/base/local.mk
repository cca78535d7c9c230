noinst_LIBRARIES += src/base/libbase.a
src_base_libbase_a_CFLAGS = $(AM_CFLAGS) $(BASE_CFLAGS)
src_base_libbase_a_SOURCES = \
	src/base/base.h \
	src/base/bus.c src/base/bus.h \
	src/base/clock.c src/base/clock.h \
	src/base/color.c src/base/color.h \
	src/base/files.c src/base/files.h \
	src/base/log.c src/base/log.h \
	src/base/random.c src/base/random.h \
	src/base/record.c src/base/record.h \
	src/base/table.c src/base/table.h \
	src/base/text.c src/base/text.h \
	src/base/wake.c src/base/wake.h
