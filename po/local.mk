# The catalogue is derived from the sources, the languages from LINGUAS.
translated_files = $(natterjack_SOURCES) $(src_base_libbase_a_SOURCES) $(src_model_libmodel_a_SOURCES) $(src_xmpp_libxmpp_a_SOURCES) \
	$(src_ui_libui_a_SOURCES) $(src_cmd_libcmd_a_SOURCES) $(src_plugins_libplugins_a_SOURCES)
EXTRA_DIST += po/LINGUAS

po/natterjack.pot: $(translated_files)
	@$(MKDIR_P) po
	$(AM_V_GEN)cd $(srcdir) && $(XGETTEXT) --package-name=natterjack --package-version=$(VERSION) --from-code=UTF-8 \
		--keyword=_ --keyword=N_ --keyword=ngettext:1,2 --keyword=g_dngettext:2,3 --flag=ngettext:1:c-format --add-comments=Translators: \
		-o $(abs_builddir)/$@ $(translated_files)

pot: po/natterjack.pot

update-po: po/natterjack.pot
	@for l in $(LINGUAS); do $(MSGMERGE) --update --backup=none $(srcdir)/po/$$l.po po/natterjack.pot; done

all-local:
	@$(MKDIR_P) po
	@for l in $(LINGUAS); do $(MSGFMT) -c -o po/$$l.gmo $(srcdir)/po/$$l.po || exit 1; done

install-data-local:
	@for l in $(LINGUAS); do \
		$(MKDIR_P) $(DESTDIR)$(localedir)/$$l/LC_MESSAGES && \
		$(INSTALL_DATA) po/$$l.gmo $(DESTDIR)$(localedir)/$$l/LC_MESSAGES/natterjack.mo || exit 1; \
	done

uninstall-local:
	@for l in $(LINGUAS); do rm -f $(DESTDIR)$(localedir)/$$l/LC_MESSAGES/natterjack.mo; done

CLEANFILES += po/natterjack.pot po/*.gmo
.PHONY: pot update-po
