noinst_LIBRARIES += src/ui/libui.a
src_ui_libui_a_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(UI_CFLAGS) $(READLINE_CFLAGS)
src_ui_libui_a_SOURCES = \
	$(terminal_sources) \
	$(pane_sources)

# Terminal, cells, keys and prompt.
terminal_sources = \
	src/ui/keys.c src/ui/keys.h \
	src/ui/keys-rows.c \
	src/ui/paint.c src/ui/paint.h \
	src/ui/prompt.c src/ui/prompt.h src/ui/prompt-private.h \
	src/ui/prompt-ask.c \
	src/ui/prompt-draw.c \
	src/ui/rescue.c src/ui/rescue.h \
	src/ui/surface.c src/ui/surface.h \
	src/ui/term.c src/ui/term.h src/ui/term-private.h \
	src/ui/term-input.c \
	src/ui/theme.c src/ui/theme.h

# The shipped themes as an array of C strings.
src/ui/themes.inc: $(dist_theme_DATA) $(srcdir)/src/ui/local.mk
	@$(MKDIR_P) src/ui
	$(AM_V_GEN)for theme in $(dist_theme_DATA); do \
		name=`basename $$theme .theme`; \
		echo "{ \"$$name\","; sed -e 's/[\\"]/\\&/g' -e 's/.*/  "&\\n"/' $(srcdir)/$$theme; echo "},"; \
	done >$@.new && mv $@.new $@
src/ui/libui_a-theme.$(OBJEXT): src/ui/themes.inc
CLEANFILES += src/ui/themes.inc

# Screen, windows and panes.
pane_sources = \
	src/ui/found.c src/ui/found.h \
	src/ui/layout.c src/ui/layout.h \
	src/ui/lines.h src/ui/lines-private.h \
	src/ui/lines-compose.c \
	src/ui/lines-draw.c \
	src/ui/lines-history.c \
	src/ui/lines-view.c \
	src/ui/notify.c src/ui/notify.h \
	src/ui/pane.c src/ui/pane.h \
	src/ui/pane-chat.c \
	src/ui/pane-console.c \
	src/ui/pane-room.c \
	src/ui/pane-roster.c src/ui/pane-roster-private.h \
	src/ui/pane-roster-rows.c \
	src/ui/pane-search.c \
	src/ui/screen.c src/ui/screen.h src/ui/screen-private.h \
	src/ui/screen-events.c \
	src/ui/screen-input.c \
	src/ui/status.c src/ui/status.h \
	src/ui/talk.c src/ui/talk.h \
	src/ui/window.h \
	src/ui/windows.c
