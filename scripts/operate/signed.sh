#!/usr/bin/env bash
# Asks a URL of an HTTP trigger whose authentication is "function", with curl
# and openssl:
#
#   scripts/operate/signed.sh 'https://….fcapp.run/v1/status' [options of curl]
#
# The key is taken from ALIBABA_CLOUD_ACCESS_KEY_ID,
# ALIBABA_CLOUD_ACCESS_KEY_SECRET and, of a temporary one,
# ALIBABA_CLOUD_SECURITY_TOKEN; it needs fc:InvokeFunction on the function.
set -euo pipefail
export LC_ALL=C # a character is a byte

case ${1:-} in
  http://* | https://*) ;;
  *) echo 'usage: signed.sh URL [options of curl]' >&2; exit 2 ;;
esac
for name in ALIBABA_CLOUD_ACCESS_KEY_ID ALIBABA_CLOUD_ACCESS_KEY_SECRET; do
  [ -n "${!name:-}" ] || { echo "signed.sh: $name is not set" >&2; exit 2; }
done
url=$1
shift

# encode writes everything but A-Z a-z 0-9 - _ . ~ as %XX.
encode() {
  local text=$1 i c
  for ((i = 0; i < ${#text}; i++)); do
    c=${text:i:1}
    case $c in
      [A-Za-z0-9._~-]) printf %s "$c" ;;
      *) printf %%%02X $(($(printf %d "'$c") & 255)) ;;
    esac
  done
}

# decode undoes %XX and +.
decode() {
  local text=${1//+/ }
  text=${text//\\/\\\\}
  printf %b "${text//%/\\x}"
}

rest=${url#*://}
base=${rest%%\?*}
query=
case $rest in *\?*) query=${rest#*\?} ;; esac
path=/
case $base in */*) path=/${base#*/} ;; esac

pairs=()
while IFS= read -r -d '&' pair; do
  [ -n "$pair" ] || continue
  value=
  case $pair in *=*) value=${pair#*=} ;; esac
  pairs+=("$(encode "$(decode "${pair%%=*}")")=$(encode "$(decode "$value")")")
done <<<"$query&"
sorted=$(printf '%s\n' "${pairs[@]+"${pairs[@]}"}" | sort -t= -k1,1 -k2 | paste -sd '&' -)

date=$(date -u +%Y-%m-%dT%H:%M:%SZ)
names=x-acs-date
lines="x-acs-date:$date
"
headers=("x-acs-date: $date")
if [ -n "${ALIBABA_CLOUD_SECURITY_TOKEN:-}" ]; then
  names="$names;x-acs-security-token"
  lines="${lines}x-acs-security-token:$ALIBABA_CLOUD_SECURITY_TOKEN
"
  headers+=("x-acs-security-token: $ALIBABA_CLOUD_SECURITY_TOKEN")
fi

# The last line is the hash of the body, which the gateway does not check.
hash=$(printf 'GET\n%s\n%s\n%s\n%s\n' "$path" "$sorted" "$lines" "$names" | openssl dgst -sha256 -r)

# HMAC out of two hashes: openssl's own takes the key from its command line,
# which every user of the machine can see. Keys have fewer than 64 characters.
pad() {
  local i byte
  for ((i = 0; i < 64; i++)); do
    byte=0
    [ "$i" -ge "${#ALIBABA_CLOUD_ACCESS_KEY_SECRET}" ] || byte=$(printf %d "'${ALIBABA_CLOUD_ACCESS_KEY_SECRET:i:1}")
    printf '\\x%02x' $((byte ^ $1))
  done
}
inner=$({ printf %b "$(pad 0x36)"; printf 'ACS3-HMAC-SHA256\n%s' "${hash%% *}"; } | openssl dgst -sha256 -r)
signature=$({ printf %b "$(pad 0x5c)"; printf %b "$(printf %s "${inner%% *}" | sed 's/../\\x&/g')"; } | openssl dgst -sha256 -r)

headers+=("Authorization: ACS3-HMAC-SHA256 Credential=$ALIBABA_CLOUD_ACCESS_KEY_ID,SignedHeaders=$names,Signature=${signature%% *}")
printf 'header = "%s"\n' "${headers[@]}" | curl -sS --fail-with-body -K - "$@" "$url"
