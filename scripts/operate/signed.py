#!/usr/bin/env python3
"""usage: signed.py URL

Sends a signed GET request to an HTTP trigger whose authentication is
"function", and prints the body of the answer:

    python3 signed.py 'https://….fcapp.run/v1/status'

The key is taken from ALIBABA_CLOUD_ACCESS_KEY_ID,
ALIBABA_CLOUD_ACCESS_KEY_SECRET and, for a temporary key,
ALIBABA_CLOUD_SECURITY_TOKEN; it needs fc:InvokeFunction on the function.
Redirects are not followed: another host must not get the signature. The exit
code is 1 unless the answer is a success, and 2 for wrong usage. Nothing but
the standard library is needed.
"""
import hashlib
import hmac
import os
import sys
import urllib.error
import urllib.request
from datetime import datetime, timezone
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

# What a URL may have as it is. "%" begins what is encoded already.
ALLOWED = "-._~:/?@!$&'()*+,;=%[]"


def normalized(url):
    """Returns the URL as it is sent: ASCII only, with a path, without the part behind #."""
    parts = urlsplit(url)
    host = parts.netloc if parts.netloc.isascii() else parts.netloc.encode("idna").decode()
    return urlunsplit((parts.scheme, host, quote(parts.path, safe=ALLOWED) or "/", quote(parts.query, safe=ALLOWED), ""))


def signed(url, key_id, secret, token=""):
    """Returns the headers with which a GET of a normalized URL passes the gateway."""
    parts = urlsplit(url)
    headers = {"x-acs-date": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")}
    if token:
        headers["x-acs-security-token"] = token
    # Latin-1 keeps every byte of what is encoded, UTF-8 or not.
    pairs = parse_qsl(parts.query, keep_blank_values=True, encoding="latin-1")
    encode = lambda text: quote(text, safe="-_.~", encoding="latin-1")
    query = "&".join(encode(name) + "=" + encode(value) for name, value in sorted(pairs))
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    # The last line is the hash of the body, which the gateway does not check.
    canonical = "\n".join(["GET", parts.path, query, lines, names, ""])
    to_sign = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    signature = hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    headers["Authorization"] = f"ACS3-HMAC-SHA256 Credential={key_id},SignedHeaders={names},Signature={signature}"
    return headers


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Makes every redirect an HTTPError."""

    def redirect_request(self, *_):
        return None


def fail(code, message):
    print("signed.py: " + message, file=sys.stderr)
    sys.exit(code)


def main():
    if sys.argv[1:] in (["-h"], ["--help"]):
        print(__doc__, end="")
        return
    if len(sys.argv) != 2 or not sys.argv[1].startswith(("http://", "https://")):
        fail(2, "want one URL that begins with http:// or https://; -h prints help")
    env = os.environ.get
    for name in ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"):
        if not env(name):
            fail(2, name + " is not set")
    try:
        url = normalized(sys.argv[1])
        headers = signed(url, env("ALIBABA_CLOUD_ACCESS_KEY_ID"), env("ALIBABA_CLOUD_ACCESS_KEY_SECRET"), env("ALIBABA_CLOUD_SECURITY_TOKEN", ""))
        with urllib.request.build_opener(NoRedirect).open(urllib.request.Request(url, headers=headers), timeout=60) as answer:
            sys.stdout.buffer.write(answer.read())
    except urllib.error.HTTPError as fault:
        sys.stdout.buffer.write(fault.read())
        sys.stdout.flush()
        fail(1, f"status {fault.code}")
    except (OSError, ValueError) as fault:  # the network, or a URL that is none
        fail(1, str(fault))


if __name__ == "__main__":
    main()
