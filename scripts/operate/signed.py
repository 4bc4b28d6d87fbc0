#!/usr/bin/env python3
"""Asks a URL of an HTTP trigger whose authentication is "function".

    python3 signed.py 'https://….fcapp.run/v1/status'

The key is taken from ALIBABA_CLOUD_ACCESS_KEY_ID,
ALIBABA_CLOUD_ACCESS_KEY_SECRET and, of a temporary one,
ALIBABA_CLOUD_SECURITY_TOKEN; it needs fc:InvokeFunction on the function.
Nothing but the standard library is needed.
"""
import hashlib
import hmac
import os
import sys
import urllib.error
import urllib.request
from datetime import datetime, timezone
from urllib.parse import parse_qsl, quote, urlsplit


def signed(url, key_id, secret, token=""):
    """The headers with which a GET of url passes the gateway."""
    parts = urlsplit(url)
    headers = {"x-acs-date": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")}
    if token:
        headers["x-acs-security-token"] = token
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = "&".join(quote(k, safe="-_.~") + "=" + quote(v, safe="-_.~") for k, v in sorted(pairs))
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    # The last line is the hash of the body, which the gateway does not check.
    canonical = "\n".join(["GET", parts.path or "/", query, lines, names, ""])
    to_sign = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    signature = hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    headers["Authorization"] = f"ACS3-HMAC-SHA256 Credential={key_id},SignedHeaders={names},Signature={signature}"
    return headers


def main():
    if len(sys.argv) != 2 or not sys.argv[1].startswith(("http://", "https://")):
        print("usage: signed.py URL", file=sys.stderr)
        sys.exit(2)
    env = os.environ.get
    for name in ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"):
        if not env(name):
            print(f"signed.py: {name} is not set", file=sys.stderr)
            sys.exit(2)
    headers = signed(sys.argv[1], env("ALIBABA_CLOUD_ACCESS_KEY_ID"), env("ALIBABA_CLOUD_ACCESS_KEY_SECRET"), env("ALIBABA_CLOUD_SECURITY_TOKEN", ""))
    try:
        with urllib.request.urlopen(urllib.request.Request(sys.argv[1], headers=headers), timeout=60) as answer:
            sys.stdout.buffer.write(answer.read())
    except urllib.error.HTTPError as fault:
        sys.stdout.buffer.write(fault.read())
        sys.exit(f"signed.py: status {fault.code}")
    except OSError as fault:
        sys.exit(f"signed.py: {fault}")


if __name__ == "__main__":
    main()
