# Fills the list of XEPs in natterjack.doap from the rows of the program.
# awk -v program=./natterjack -f doap.awk natterjack.doap
function print_rows(    command, row, field, number) {
    command = "XDG_CONFIG_HOME=/nonexistent LC_ALL=C.UTF-8 LANGUAGE= " program " --dump modules | sort"
    while ((command | getline row) > 0) {
        split(row, field, "\t")
        if (field[1] !~ /^XEP-/ || field[3] == "")
            continue
        number = substr(field[1], 5)
        printf "    <implements><xmpp:SupportedXep><xmpp:xep rdf:resource=\"https://xmpp.org/extensions/xep-%s.html\"/>", number
        printf "<xmpp:status>%s</xmpp:status>", field[3]
        if (field[4] != "")
            printf "<xmpp:note xml:lang=\"en\">%s</xmpp:note>", field[4]
        print "</xmpp:SupportedXep></implements>"
    }
    if (close(command)) exit 1
}
/<!-- end of the rows -->/ { skipping = 0 }
!skipping { print }
/<!-- From the rows/ { print_rows(); skipping = 1 }
