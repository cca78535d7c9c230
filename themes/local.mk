themedir = $(datadir)/natterjack/themes
dist_theme_DATA = \
	themes/mono.theme \
	themes/pond.theme \
	themes/reed.theme
