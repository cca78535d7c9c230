# The lists in the manuals are the program's own tables; the tarball ships them finished.
dist_man_MANS = man/natterjack.1 man/natterjackrc.5
EXTRA_DIST += man/natterjack.1.in man/natterjackrc.5.in man/tables.awk man/doap.awk
MAINTAINERCLEANFILES = $(dist_man_MANS)

$(dist_man_MANS): man/tables.awk natterjack
	@$(MKDIR_P) man
	$(AM_V_GEN)$(AWK) -v program=./natterjack -v version=$(VERSION) -v date="$$(LC_ALL=C date -u -d "@$${SOURCE_DATE_EPOCH:-$$(date +%s)}" +%Y-%m-%d 2>/dev/null || date +%Y-%m-%d)" -f $(srcdir)/man/tables.awk $(srcdir)/$@.in >$@.new && mv $@.new $@
man/natterjack.1: man/natterjack.1.in
man/natterjackrc.5: man/natterjackrc.5.in

# Brings the list of XEPs in natterjack.doap up to date; tests/doap.test compares it with the rows.
.PHONY: doap
doap: natterjack
	$(AM_V_GEN)$(AWK) -v program=./natterjack -f $(srcdir)/man/doap.awk $(srcdir)/natterjack.doap >natterjack.doap.new && mv natterjack.doap.new $(srcdir)/natterjack.doap
