# Puts the program's own tables into a manual: a line @NAME@ in it becomes `natterjack --dump name` as a list.
# awk -v program=./natterjack -v version=V -v date=D -f tables.awk NAME.in
function quote(text) { gsub(/\\/, "\\e", text); gsub(/-/, "\\-", text); sub(/^[.']/, "\\\\\\&&", text); return text }
function dump(what,    command, row, n) {
    command = "XDG_CONFIG_HOME=/nonexistent LC_ALL=C.UTF-8 LANGUAGE= " program " --dump " what
    while ((command | getline row) > 0) {
        n = split(row, field, "\t")
        print ".TP"
        print ".B \"" quote(what == "commands" ? field[2] : what == "aliases" ? "/" field[1] : field[1]) "\""
        if (what == "commands") print quote(field[4])
        else if (what == "options") print quote(field[5]) " (" quote(field[3] == "" ? field[2] : field[3]) (field[4] == "" ? "" : "; default: " quote(field[4])) ")"
        else if (what == "account-keys") print quote(field[3]) (field[2] == "" ? "" : " (" quote(field[2]) ")")
        else if (what == "keys" && field[2] == "") print quote(field[4]) ": " quote(field[3])
        else print quote(field[2]) (field[3] == "" ? "" : " \\(em " quote(field[3]))
    }
    if (close(command)) exit 1
}
/^@[A-Z_]+@$/ {
    what = tolower(substr($0, 2, length($0) - 2)); gsub(/_/, "-", what)
    dump(what)
    next
}
{ gsub(/@VERSION@/, version); gsub(/@DATE@/, date); print }
