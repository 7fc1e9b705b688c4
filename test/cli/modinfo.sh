#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What modinfo says of real modules, `inspect` says too: the fields of .modinfo, and of the signature. Only the name of the signer
# differs on purpose: modinfo prints the issuer there, `inspect` prints it as the issuer.
# usage: modinfo.sh MODULO SOURCE-ROOT
modulo=$(realpath "$1")
root=$(realpath "$2")
. "$root/test/cli/tap-cli.sh"
PATH=$PATH:/usr/sbin:/sbin
export PATH
if ! command -v modinfo >/dev/null; then
	echo '1..0 # SKIP left out: modinfo is not installed'
	exit 0
fi

# "key value" of the fields of .modinfo, white space folded; modinfo prints parm and its type in one line, so parameters are left out.
fields()
{
	sed -e 's/^ *//' -e 's/^\([a-z_]*\):* */\1 /' -e 's/ *$//' | grep -E '^(license|description|author|alias|depends|intree|retpoline|name|vermagic|srcversion|softdep|firmware|version) *' | sort
}

same()
{
	modinfo "$1" | fields >theirs
	"$modulo" inspect "$1" | sed 1d | fields >ours
	[ -s theirs ]
	diff theirs ours
	[ "$(modinfo -F signer "$1")" = "$("$modulo" inspect "$1" | sed -n 's/^ *issuer *CN=//p')" ]
	[ "$(modinfo -F sig_hashalgo "$1")" = "$("$modulo" inspect "$1" | sed -n 's/^ *sig_hashalgo *//p')" ]
	[ "$(modinfo -F sig_key "$1" | tr -d ': \n' | tr A-F a-f)" = "$("$modulo" inspect "$1" | sed -n 's/^ *sig_key *//p')" ]
	[ "$(modinfo -F signature "$1" | tr -d ': \t\n' | tr A-F a-f)" = "$("$modulo" inspect "$1" | sed -n 's/^ *value *//p')" ]
}
for f in $(find "$root/demo/vendor/signed" -name '*.ko' | sort); do
	t "$(basename "$f")" same "$f"
done
finish
