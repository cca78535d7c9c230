# make bench prints every figure beside its limit; it needs python3, openssl and an optimised build.
EXTRA_DIST += tests/bench/bench tests/bench/feeder.py tests/bench/lib.py tests/bench/links.py
bench: natterjack
	NATTERJACK=$(abs_top_builddir)/natterjack python3 $(srcdir)/tests/bench/bench $(METRICS)
.PHONY: bench
