#!/usr/bin/env bash
set -euo pipefail

help() {
  cat <<'END'
usage: signed.sh URL [options of curl]

Sends a signed GET request to an HTTP trigger whose authentication is
"function", with curl and openssl, and prints the body of the answer:

  scripts/operate/signed.sh 'https://….fcapp.run/v1/status' --max-time 10

The key is taken from ALIBABA_CLOUD_ACCESS_KEY_ID,
ALIBABA_CLOUD_ACCESS_KEY_SECRET and, for a temporary key,
ALIBABA_CLOUD_SECURITY_TOKEN; it needs fc:InvokeFunction on the function.
Redirects are not followed: another host must not get the signature. The exit
code is curl's, not 0 unless the answer is a success, and 2 for wrong usage.
END
}

case ${1:-} in
  -h | --help) help; exit ;;
  http://* | https://*) ;;
  *) echo 'signed.sh: want one URL that begins with http:// or https://; -h prints help' >&2; exit 2 ;;
esac
for name in ALIBABA_CLOUD_ACCESS_KEY_ID ALIBABA_CLOUD_ACCESS_KEY_SECRET; do
  [ -n "${!name:-}" ] || { echo "signed.sh: $name is not set" >&2; exit 2; }
done
# What stands behind # is for browsers and is never sent.
url=${1%%#*}
shift
locale=${LC_ALL-}
LC_ALL=C # from here on a character is a byte

# set_byte sets byte to the number of a character.
set_byte() {
  printf -v byte %d "'$1"
  byte=$((byte & 255))
}

# set_normalized sets normalized to the text with everything as %XX that must
# not stand in a URL. % stays: what is encoded already is not encoded again.
set_normalized() {
  local text=$1 i c byte
  normalized=
  for ((i = 0; i < ${#text}; i++)); do
    c=${text:i:1}
    case $c in
      [A-Za-z0-9._~:/?@!\$\&\'\(\)*+,\;=%-] | '[' | ']') ;;
      *) set_byte "$c"; printf -v c %%%02X "$byte" ;;
    esac
    normalized+=$c
  done
}

# set_canonical sets canonical to a name or value of the query with everything
# but A-Z a-z 0-9 - . _ ~ as %XX, and order to its bytes as hexadecimal digits.
set_canonical() {
  local text=$1 i c byte
  canonical= order=
  for ((i = 0; i < ${#text}; i++)); do
    c=${text:i:1}
    case ${text:i:3} in
      %[0-9A-Fa-f][0-9A-Fa-f]) byte=$((16#${text:i+1:2})); i=$((i + 2)) ;;
      +*) byte=32 ;;
      *) set_byte "$c" ;;
    esac
    printf -v c %02X "$byte"
    order+=$c
    case $c in
      2[DE] | 3[0-9] | 4[1-9A-F] | 5[0-9AF] | 6[1-9A-F] | 7[0-9AE]) printf -v c "\\x$c"; canonical+=$c ;;
      *) canonical+=%$c ;;
    esac
  done
}

rest=${url#*://}
host=${rest%%[/?]*}
set_normalized "${rest#"$host"}"
case $normalized in /*) ;; *) normalized=/$normalized ;; esac
url=${url%%://*}://$host$normalized
path=${normalized%%\?*}
query=
case $normalized in *\?*) query=${normalized#*\?} ;; esac

pairs=()
while IFS= read -r -d '&' pair; do
  [ -n "$pair" ] || continue
  value=
  case $pair in *=*) value=${pair#*=} ;; esac
  set_canonical "${pair%%=*}"
  name=$canonical key=$order
  set_canonical "$value"
  pairs+=("$key $order $name=$canonical")
done <<<"$query&"
# Sorted by the bytes of name and value, which stand in front.
sorted=$(printf '%s\n' "${pairs[@]+"${pairs[@]}"}" | LC_ALL=C sort -t ' ' -k1,1 -k2,2 |
  cut -d ' ' -f 3 | paste -sd '&' -)

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
    [ "$i" -ge "${#ALIBABA_CLOUD_ACCESS_KEY_SECRET}" ] || set_byte "${ALIBABA_CLOUD_ACCESS_KEY_SECRET:i:1}"
    printf '\\x%02x' $((byte ^ $1))
  done
}
inner=$({ printf %b "$(pad 0x36)"; printf 'ACS3-HMAC-SHA256\n%s' "${hash%% *}"; } | openssl dgst -sha256 -r)
inner=$(printf %s "${inner%% *}" | sed 's/../\\x&/g')
signature=$({ printf %b "$(pad 0x5c)"; printf %b "$inner"; } | openssl dgst -sha256 -r)
authorization="ACS3-HMAC-SHA256 Credential=$ALIBABA_CLOUD_ACCESS_KEY_ID,SignedHeaders=$names,Signature=${signature%% *}"
headers+=("Authorization: $authorization")

# curl needs the caller's locale for domains with letters outside of ASCII. It
# must send the URL as it was signed: no globs, no shortened paths. The last
# options make any redirect an error, whatever options the caller gives.
if [ -n "$locale" ]; then LC_ALL=$locale; else unset LC_ALL; fi
printf 'header = "%s"\n' "${headers[@]}" |
  curl -sS --fail-with-body --globoff --path-as-is -K - "$@" --location --max-redirs 0 "$url"
