noinst_LIBRARIES += src/ui/libui.a
src_ui_libui_a_CFLAGS = $(AM_CFLAGS) $(MODEL_CFLAGS) $(UI_CFLAGS) $(READLINE_CFLAGS)
src_ui_libui_a_SOURCES = \
	$(terminal_sources) \
	$(pane_sources)

# The terminal, the cells, the keys.
terminal_sources = \
	src/ui/keys.c src/ui/keys.h \
	src/ui/paint.c src/ui/paint.h \
	src/ui/prompt.c src/ui/prompt.h src/ui/prompt-private.h \
	src/ui/prompt-ask.c \
	src/ui/prompt-draw.c \
	src/ui/surface.c src/ui/surface.h \
	src/ui/term.c src/ui/term.h \
	src/ui/theme.c src/ui/theme.h

# What is shown.
pane_sources = \
	src/ui/layout.c src/ui/layout.h \
	src/ui/lines.c src/ui/lines-draw.c src/ui/lines.h src/ui/lines-private.h \
	src/ui/notify.c src/ui/notify.h \
	src/ui/pane.c src/ui/pane.h \
	src/ui/pane-chat.c \
	src/ui/pane-console.c \
	src/ui/pane-room.c \
	src/ui/pane-roster.c \
	src/ui/screen.c src/ui/screen.h src/ui/screen-private.h \
	src/ui/screen-events.c \
	src/ui/screen-input.c \
	src/ui/status.c src/ui/status.h \
	src/ui/talk.c src/ui/talk.h \
	src/ui/window.h \
	src/ui/windows.c
