#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Shell completions from `modulo --dump-verbs`: a line VERB, tab, brief for each verb, below it a line tab, --option[=ARG], tab, brief for each of
# its options; before these, for a group of verbs, a line tab, WORD, tab, brief for each of them.
# usage: gen-completions.sh bash|zsh|fish < DUMP
set -eu
LC_ALL=C
export LC_ALL

# What completes an argument: an option's own words, a folder, or a file.
# shellcheck disable=SC2016 # awk's own dollars
common='
function words(arg)
{
	if (arg ~ "^[a-z]+([|][a-z]+)+$") {
		gsub("[|]", " ", arg)
		return arg
	}
	return ""
}
function plain(text)
{
	gsub("[\\\\\"`$\047:\\[\\]]", "", text)
	return text
}
function group()
{
	return $1 == "" && $2 !~ "^--"
}
function option()
{
	opt = $2
	arg = ""
	if (match(opt, "=")) {
		arg = substr(opt, RSTART + 1)
		opt = substr(opt, 1, RSTART - 1)
	}
	sub("^.*, *", "", opt)
}
BEGIN { FS = "\t" }
'

case ${1:-} in
bash)
	awk "$common"'
	$1 != "" { verb = $1; verbs = verbs " " verb; options[verb] = "" }
	group() { second[verb] = second[verb] " " $2; next }
	$1 == "" {
		option()
		options[verb] = options[verb] " " opt
		if (arg == "")
			next
		takes[opt] = 1
		if (words(arg) != "")
			values[verb " " opt] = words(arg)
	}
	END {
		print "# bash completion for modulo; made by tools/gen-completions.sh"
		print "_modulo()"
		print "{"
		print "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb=${COMP_WORDS[1]}"
		print "\tlocal verbs=\"" substr(verbs, 2) "\" options=\"\" values=\"\""
		print "\tCOMPREPLY=()"
		# bash splits words at =, so `--format=j` comes as three of them
		print "\tif [[ $cur == = ]]; then"
		print "\t\tcur="
		print "\telif [[ $prev == = ]]; then"
		print "\t\tprev=${COMP_WORDS[COMP_CWORD-2]}"
		print "\tfi"
		print "\tif ((COMP_CWORD == 1)); then"
		print "\t\tmapfile -t COMPREPLY < <(compgen -W \"$verbs --help --version\" -- \"$cur\")"
		print "\t\treturn"
		print "\tfi"
		print "\tcase $verb in"
		n = split(substr(verbs, 2), list, " ")
		for (i = 1; i <= n; i++)
			print "\t" list[i] ") options=\"" substr(options[list[i]], 2) "\" ;;"
		print "\tesac"
		print "\tcase \"$COMP_CWORD $verb\" in"
		for (i = 1; i <= n; i++)
			if (list[i] in second)
				print "\t\"2 " list[i] "\") values=\"" substr(second[list[i]], 2) " --help\" ;;"
		print "\tesac"
		print "\tcase \"$verb $prev\" in"
		for (i = 1; i <= n; i++) {
			m = split(substr(options[list[i]], 2), own, " ")
			for (j = 1; j <= m; j++)
				if ((list[i] " " own[j]) in values)
					print "\t\"" list[i] " " own[j] "\") values=\"" values[list[i] " " own[j]] "\" ;;"
		}
		print "\tesac"
		print "\tif [[ $values ]]; then"
		print "\t\tmapfile -t COMPREPLY < <(compgen -W \"$values\" -- \"$cur\")"
		print "\telif [[ $cur == -* ]]; then"
		print "\t\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\")"
		print "\telse"
		print "\t\tcompopt -o filenames"
		print "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")"
		print "\tfi"
		print "}"
		print "complete -F _modulo modulo"
	}'
	;;
zsh)
	awk "$common"'
	function close_verb()
	{
		if (verb != "")
			body = body " \\\n\t\t\t\"*:file:_files\"\n\t\t;;\n"
	}
	$1 != "" {
		close_verb()
		verb = $1
		verbs = verbs "\t\t\"" verb ":" plain($2) "\"\n"
		body = body "\t" verb ")\n\t\t_arguments -S"
		second = ""
	}
	group() {
		if (second != "")
			sub("[)]\"$", "", body)
		body = body (second == "" ? " \\\n\t\t\t\"1:verb:(" : " ") $2 ")\""
		second = $2
		next
	}
	$1 == "" {
		option()
		body = body " \\\n\t\t\t\"*" opt (arg == "" ? "" : "=") "[" plain($3) "]"
		if (arg != "")
			body = body ":" tolower(plain(words(arg) == "" ? arg : "value")) ":" (words(arg) == "" ? "_files" : "(" words(arg) ")")
		body = body "\""
	}
	END {
		close_verb()
		print "#compdef modulo"
		print "# zsh completion for modulo; made by tools/gen-completions.sh"
		print "_modulo()"
		print "{"
		print "\tlocal -a verbs"
		print "\tverbs=("
		printf "%s", verbs
		print "\t)"
		print "\tif ((CURRENT == 2)); then"
		print "\t\t_describe verb verbs"
		print "\t\treturn"
		print "\tfi"
		print "\tlocal verb=$words[2]"
		print "\tshift words"
		print "\t((CURRENT--))"
		print "\tcase $verb in"
		printf "%s", body
		print "\tesac"
		print "}"
		print "_modulo \"$@\""
	}'
	;;
fish)
	awk "$common"'
	BEGIN { print "# fish completion for modulo; made by tools/gen-completions.sh" }
	$1 != "" {
		verb = $1
		print "complete -c modulo -n __fish_use_subcommand -f -a " verb " -d \047" plain($2) "\047"
	}
	group() {
		print "complete -c modulo -n \047__fish_seen_subcommand_from " verb "\047 -f -a " $2 " -d \047" plain($3) "\047"
		next
	}
	$1 == "" {
		option()
		printf "complete -c modulo -n \047__fish_seen_subcommand_from %s\047", verb
		printf opt ~ "^--" ? " -l %s" : " -s %s", substr(opt, opt ~ "^--" ? 3 : 2)
		if (arg != "")
			printf words(arg) == "" ? " -r" : " -x -a \047" words(arg) "\047"
		print " -d \047" plain($3) "\047"
	}'
	;;
*)
	echo 'usage: gen-completions.sh bash|zsh|fish < DUMP' >&2
	exit 2
	;;
esac
